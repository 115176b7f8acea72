//! The accepted answers and their sizes, which outlive the process.

use std::sync::Arc;

use super::restoration::{Restorable, RestorePolicy};
use super::{Action, Renderer};
use crate::daemon::event::{AnswerWrite, LoadedAnswer, Moment};
use answer_guard::{SavedAnswers, Users};
use consul_watch::query::Query;

/// The maximum number of queries that a message names.
const NAMED_QUERIES: usize = 3;

impl Renderer {
    /// Compares the first answers with those that an earlier process has accepted.
    pub(in crate::daemon) fn expect(&mut self, saved: SavedAnswers) {
        self.answers.expect(saved);
    }

    /// The sizes of the accepted answers.
    pub(in crate::daemon) fn saved(&self) -> &Arc<SavedAnswers> {
        self.answers.saved()
    }

    /// Records the changes of accepted answers, to be written, and uses earlier answers.
    pub(in crate::daemon) fn keep_answers(&mut self, policy: RestorePolicy) {
        self.answers.keep(policy);
    }

    /// Returns `true` if changes of accepted answers are not written yet.
    pub(in crate::daemon) fn has_unwritten(&self) -> bool {
        !self.answers.unwritten.is_empty()
    }

    /// Removes these changes, to write them.
    pub(in crate::daemon) fn take_unwritten(&mut self, now: Moment) -> AnswerWrite {
        AnswerWrite {
            server: Arc::clone(&self.answers.server),
            changes: self.answers.unwritten.take(),
            current_until: self.answers.current_until(now),
        }
    }

    /// The number of queries of which the answer of an earlier process is in use.
    pub(in crate::daemon) fn restored(&self) -> usize {
        self.answers.snapshot().earlier_answers()
    }

    /// Uses the earlier answers that are needed now, or loads them.
    pub(super) fn restore_answers(&mut self, now: Moment) -> Vec<Action> {
        let templates = self.templates.all();
        let Restorable { load, widen } = self.answers.take_restorable(templates, now.instant);
        let mut actions = Vec::new();
        if !load.is_empty() {
            let server = Arc::clone(&self.answers.server);
            actions.push(Action::LoadAnswers(server, load));
        }
        let (mut used, mut missing) = (Vec::new(), Vec::new());
        for query in &widen {
            match self.answers.widen(query, self.templates.all(), now) {
                Some(change) => {
                    used.push(&**query);
                    self.accept(change);
                }
                None => missing.push(&**query),
            }
        }
        log_restored(&used);
        log_missing(&missing);
        if !used.is_empty() {
            actions.extend(self.begin_passes(now));
        }
        actions
    }

    /// Uses the earlier answers of a server that were loaded, unless another one answers now.
    pub(super) fn answers_loaded(
        &mut self,
        server: &str,
        all: &[(Arc<Query>, Option<LoadedAnswer>)],
        now: Moment,
    ) {
        if *self.answers.server != *server {
            return;
        }
        let (mut used, mut missing) = (Vec::new(), Vec::new());
        for (query, loaded) in all {
            let templates = self.templates.all();
            let loaded = self
                .answers
                .on_loaded(query, loaded.as_ref(), templates, now);
            match loaded {
                Some((_, Some(change))) => {
                    used.push(&**query);
                    self.accept(change);
                }
                Some((Users::All, None)) => missing.push(&**query),
                Some((Users::StaleCalls, None)) | None => {}
            }
            self.note_failure(query);
        }
        log_restored(&used);
        log_missing(&missing);
    }
}

/// Logs that templates use the earlier answers to these queries.
fn log_restored(queries: &[&Query]) {
    if !queries.is_empty() {
        let (count, queries) = (queries.len(), names(queries));
        tracing::warn!(
            name: "answers.restored", count, queries,
            "the templates use the answers that the process before has accepted, until Consul's are accepted: {queries}"
        );
    }
}

/// Logs that there are no earlier answers to these queries.
fn log_missing(queries: &[&Query]) {
    if !queries.is_empty() {
        let (count, queries) = (queries.len(), names(queries));
        tracing::warn!(
            name: "answers.missing", count, queries,
            "the process before has left no answer, so the templates wait for Consul: {queries}"
        );
    }
}

/// The first of these queries, and the number of the others.
fn names(queries: &[&Query]) -> String {
    let first = queries.iter().take(NAMED_QUERIES);
    let mut texts: Vec<_> = first.map(ToString::to_string).collect();
    if queries.len() > NAMED_QUERIES {
        texts.push(format!("{} more", queries.len() - NAMED_QUERIES));
    }
    texts.join(", ")
}
