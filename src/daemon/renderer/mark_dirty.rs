//! Marks the templates that see a new answer, so that they are rendered again.
//!
//! Input: an answer that replaces another one. Output: the templates that see a difference are marked, and their plugins run
//! again. The answer is the newest one in any case: the next pass uses it, unless it is held back.

use std::sync::Arc;

use super::Renderer;
use super::answer_change::{AnswerChange, AnswerStatus, Changes};
use super::plugins::{is_plugin, plugins_of};
use crate::daemon::event::Moment;
use consul_watch::query::Query;
use consul_watch::watch::WatchEvent;

impl Renderer {
    /// Handles an event of a query.
    pub(super) fn watched(&mut self, event: &WatchEvent, now: Moment) {
        let templates = self.templates.all();
        self.answers.on_failure(event, templates, now);
        if let WatchEvent::Answered(query, answer, circumstances) = event {
            let changes = self
                .answers
                .on_answer(query, answer, *circumstances, templates, now);
            self.note_failure(event.query());
            for change in changes {
                self.accept(change);
            }
        } else {
            self.note_failure(event.query());
        }
    }

    /// Records an answer, and marks the templates that see a difference.
    pub(super) fn accept(&mut self, change: AnswerChange) {
        let AnswerChange {
            query,
            status,
            changes,
            ..
        } = &change;
        let is_useful = self.mark(query, changes);
        // An answer that is not accepted is not unread.
        if is_useful || (*status == AnswerStatus::Accepted && !changes.raw.is_empty()) {
            self.wake_ups.count(query, is_useful);
        }
        let templates = self.templates.all().iter();
        let spans = templates.map(|template| template.passing_span(query));
        let longest = spans.max().unwrap_or_default();
        let query = Arc::clone(query);
        let was_earlier = self.answers.snapshot().earlier(&query).is_some();
        self.answers.record(change, longest);
        if was_earlier {
            // The age of an earlier answer counts as the time for which its query has failed.
            self.note_failure(&query);
        }
    }

    /// Marks the templates that see a difference. Returns `true` if one does.
    pub(super) fn mark(&mut self, query: &Arc<Query>, changes: &Changes) -> bool {
        let mut stale = Vec::new();
        let mut is_useful = false;
        for template in self.templates.all_mut() {
            for change in changes.seen(template.is_damped()) {
                if template.on_answer(query, change) {
                    is_useful = true;
                    if !is_plugin(query) {
                        stale.extend(plugins_of(template));
                    }
                }
            }
        }
        for plugin in stale {
            self.run_again(&plugin);
        }
        is_useful
    }

    /// Discards the output of this plugin, also if it is still running.
    pub(super) fn run_again(&mut self, plugin: &Arc<Query>) {
        let before = self.answers.snapshot().answer(plugin).cloned();
        self.answers.forget(plugin);
        self.plugins.mark_stale(plugin);
        for template in self.templates.all_mut() {
            template.on_answer_lost(plugin, before.as_ref());
        }
    }

    /// Marks the templates that depend on whether a query fails, if that has changed.
    pub(super) fn note_failure(&mut self, query: &Arc<Query>) {
        if self.answers.update_failing(query, self.templates.all()) {
            for template in self.templates.all_mut() {
                template.on_failure_change(query);
            }
        }
    }
}
