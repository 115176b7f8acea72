//! Holds answers back.

use std::sync::Arc;

use super::Answers;
use crate::daemon::event::Moment;
use crate::daemon::renderer::answer_change::AnswerChange;
use answer_guard::{Origin, View};
use consul_watch::answer::Answer;
use consul_watch::query::Query;

impl Answers {
    /// Holds an answer back. Returns the change.
    pub(super) fn hold(
        &mut self,
        query: &Arc<Query>,
        after: &Arc<Answer>,
        now: Moment,
    ) -> Option<AnswerChange> {
        if self.snapshot.origin(query) != Some(Origin::Own) {
            self.restoration.schedule();
        }
        self.unwritten.stale_since(query, now.time.into());
        let latest = self.snapshot.answer_in(View::Latest, query);
        // Not all calls have seen an answer that is only for calls that use stale answers.
        let is_seen = !self.snapshot.is_for_stale_calls(View::Latest, query);
        let latest = latest.filter(|_| is_seen).cloned();
        let is_first = self.snapshot.held(query).is_none();
        let is_change = is_first || latest.as_ref() != Some(after);
        is_change.then(|| AnswerChange::held(query, latest, after))
    }
}
