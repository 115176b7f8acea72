//! The accepted answers and their sizes, which outlive the process.

use std::sync::Arc;
use std::time::SystemTime;

use super::restoration::RestorePolicy;
use super::{Action, Renderer};
use crate::daemon::event::{LoadedAnswer, Moment};
use answer_guard::{SavedAnswers, Unwritten};
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

    /// Records the changes of accepted answers, to be written, and uses earlier answers of these queries.
    pub(in crate::daemon) fn keep_answers(&mut self, policy: RestorePolicy) {
        self.answers.keep(policy);
    }

    /// Returns `true` if changes of accepted answers are not written yet.
    pub(in crate::daemon) fn has_unwritten(&self) -> bool {
        self.answers.has_unwritten()
    }

    /// Removes these changes, to write them. The answers to other queries were current until the second value.
    pub(in crate::daemon) fn take_unwritten(
        &mut self,
        now: Moment,
    ) -> (Vec<(Arc<Query>, Unwritten)>, SystemTime) {
        (
            self.answers.take_unwritten(),
            self.answers.current_until(now),
        )
    }

    /// The number of queries of which the answer of an earlier process is in use.
    pub(in crate::daemon) fn restored(&self) -> usize {
        self.answers.restored()
    }

    /// Loads the earlier answers that are needed now.
    pub(super) fn load_answers(&mut self, now: Moment) -> Option<Action> {
        let templates = self.templates.all();
        let queries = self.answers.take_restorable(templates, now.instant);
        (!queries.is_empty()).then_some(Action::LoadAnswers(queries))
    }

    /// Uses the earlier answers that were loaded.
    pub(super) fn answers_loaded(
        &mut self,
        all: &[(Arc<Query>, Option<LoadedAnswer>)],
        now: Moment,
    ) {
        let mut used = Vec::new();
        for (query, loaded) in all {
            if let Some(change) = self.answers.on_loaded(query, loaded.as_ref(), now) {
                used.push(&**query);
                self.accept(change);
            }
            self.note_failure(query);
        }
        if !used.is_empty() {
            warn_of_restored(&used);
        }
    }
}

fn warn_of_restored(queries: &[&Query]) {
    let count = queries.len();
    let first = queries.iter().take(NAMED_QUERIES);
    let mut texts: Vec<_> = first.map(ToString::to_string).collect();
    if count > NAMED_QUERIES {
        texts.push(format!("{} more", count - NAMED_QUERIES));
    }
    let queries = texts.join(", ");
    tracing::warn!(
        name: "answers.restored", count, queries,
        "the templates use the answers that the process before has accepted, until Consul's are accepted: {queries}"
    );
}
