//! Accepts answers: those that the guards accept, and those that they hold back no longer.

use std::sync::Arc;
use std::time::Instant;

use super::Answers;
use crate::daemon::event::Moment;
use crate::daemon::renderer::answer_change::{AnswerChange, log_change};
use crate::daemon::renderer::guard_log;
use crate::daemon::renderer::requirements::Requirements;
use crate::daemon::renderer::retained_names::GRACE;
use crate::daemon::renderer::template_state::TemplateState;
use answer_guard::View;
use consul_watch::answer::Answer;
use consul_watch::query::Query;

impl Answers {
    /// Accepts an answer, with the names that have to stay in it. Returns the changes.
    pub(super) fn accept(
        &mut self,
        query: &Arc<Query>,
        latest: &Arc<Answer>,
        templates: &[TemplateState],
        now: Instant,
    ) -> Vec<AnswerChange> {
        self.restoration.answered(query);
        if self.snapshot.earlier(query).is_some() || self.sizes.is_inherited(query) {
            // The answer may be the same, but its size may be unknown, also for another server.
            Arc::make_mut(&mut self.sizes).accept(query, latest);
        }
        // Not all calls have seen an answer that is only for calls that use stale answers.
        let is_seen = !self.snapshot.is_for_stale_calls(View::Accepted, query);
        let before = self.snapshot.answer(query).filter(|_| is_seen).cloned();
        let keeps_name = |service: &Arc<Query>, since| {
            let accepted = self.snapshot.answer(service);
            let is_undecided = self.guards.held_of(service).is_some()
                || self.failure_of(service).is_some()
                || now < since + GRACE;
            is_undecided
                && accepted.is_some_and(|answer| !answer.is_empty())
                && Requirements::of(templates, service).rules.is_some()
        };
        let lists = (before.as_deref(), &**latest);
        let followed = self.followed.iter();
        let was_completed = self.retained.latest(query).is_some();
        let retained = &self.retained;
        let completed = retained.complete(query, lists, followed, keeps_name, now);
        self.retained.set(query, latest, completed.as_ref(), now);
        let after = completed.as_ref().map_or(latest, |it| &it.answer);
        let mut seen = self.snapshot.answer_in(View::Latest, query).cloned();
        let was_held = self.snapshot.held(query).is_some();
        let has_other = was_held || was_completed;
        self.unwritten.confirmed(query, after);
        let mut changes = Vec::new();
        // A read gives the same answer again.
        let is_news = before.as_ref() != Some(after);
        if is_news || was_held || (was_completed && completed.is_none()) {
            changes.push(if let Some(other) = seen.take().filter(|_| has_other) {
                AnswerChange::released(query, before, other, after)
            } else {
                log_change(query, after);
                AnswerChange::accepted(query, before, after)
            });
            seen = Some(Arc::clone(after));
        } else {
            self.snapshot.confirm(query);
        }
        if completed.is_some() && seen.as_ref() != Some(latest) {
            changes.push(AnswerChange::uncompleted(query, seen, latest));
        }
        changes
    }

    /// The answer with which the next one is compared. What a completed list has in addition is no part of it.
    pub(super) fn baseline(&self, query: &Query) -> Option<Arc<Answer>> {
        let list = self.retained.latest(query);
        list.or_else(|| self.snapshot.answer(query)).cloned()
    }

    /// Accepts the answers that are held back, but not by what the templates require now.
    pub(in crate::daemon::renderer) fn reconsider(
        &mut self,
        templates: &[TemplateState],
        now: Moment,
    ) -> Vec<AnswerChange> {
        let held: Vec<_> = self
            .guards
            .held()
            .map(|(query, _)| Arc::clone(query))
            .collect();
        let mut changes = Vec::new();
        for query in held {
            let baseline = self.baseline(&query);
            let requirements = Requirements::of(templates, &query);
            let ended =
                self.guards
                    .reconsider(&query, &requirements, baseline.as_ref(), now.instant);
            if let Some((answer, ended)) = ended {
                guard_log::ended(&query, &ended, &answer);
                let accepted = self.accept(&query, &answer, templates, now.instant);
                changes.extend(accepted.into_iter().map(|it| self.damp(it, templates, now)));
            }
        }
        for (query, latest) in self.retained.take_outdated(now.instant) {
            if self.guards.held_of(&query).is_none() {
                let accepted = self.accept(&query, &latest, templates, now.instant);
                changes.extend(accepted.into_iter().map(|it| self.damp(it, templates, now)));
            }
        }
        changes
    }
}
