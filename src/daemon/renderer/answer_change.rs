//! A change of the answer to a query, in the views in which it is a change, without and with flap damping.

use std::sync::Arc;

use answer_guard::{Earlier, View, applies_to};
use consul_watch::answer::Answer;
use consul_watch::query::Query;

/// A new answer, and what it changes.
pub(super) struct AnswerChange {
    pub(super) query: Arc<Query>,
    pub(super) after: Arc<Answer>,
    pub(super) status: AnswerStatus,
    pub(super) changes: Changes,
    /// The answer as templates with flap damping see it; `None`: they see what others see.
    pub(super) damped: Option<Arc<Answer>>,
}

/// What an answer becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerStatus {
    /// The accepted answer.
    Accepted,
    /// The one that is held back.
    Held,
    /// The latest one, beside an accepted one that was completed.
    Uncompleted,
    /// The accepted answer, which an earlier process has accepted. An answer may be held back beside it.
    Restored(Earlier),
}

/// What templates see of a change.
pub(super) struct Changes {
    /// The changes without flap damping; none if only the holding back has ended.
    pub(super) raw: Vec<ViewChange>,
    /// The changes that templates with flap damping see; `None`: the same.
    pub(super) damped: Option<Vec<ViewChange>>,
}

/// A change in one view, or in both.
pub(super) struct ViewChange {
    /// `None`: both.
    pub(super) view: Option<View>,
    pub(super) before: Option<Arc<Answer>>,
    pub(super) after: Arc<Answer>,
}

impl AnswerChange {
    /// An answer that is accepted, and no other was held back.
    pub(super) fn accepted(
        query: &Arc<Query>,
        before: Option<Arc<Answer>>,
        after: &Arc<Answer>,
    ) -> Self {
        Self {
            query: Arc::clone(query),
            after: Arc::clone(after),
            status: AnswerStatus::Accepted,
            changes: Changes::raw(vec![ViewChange {
                view: None,
                before,
                after: Arc::clone(after),
            }]),
            damped: None,
        }
    }

    /// An answer that is accepted after another was held back.
    pub(super) fn released(
        query: &Arc<Query>,
        before: Option<Arc<Answer>>,
        held: Arc<Answer>,
        after: &Arc<Answer>,
    ) -> Self {
        let change = |view, before| ViewChange {
            view: Some(view),
            before,
            after: Arc::clone(after),
        };
        let mut changes = Vec::new();
        if before.as_ref() != Some(after) {
            changes.push(change(View::Accepted, before));
        }
        if held != *after {
            changes.push(change(View::Latest, Some(held)));
        }
        Self {
            query: Arc::clone(query),
            after: Arc::clone(after),
            status: AnswerStatus::Accepted,
            changes: Changes::raw(changes),
            damped: None,
        }
    }

    /// An answer that an earlier process has accepted, for calls that have seen none. This process has accepted none.
    pub(super) fn restored(
        query: &Arc<Query>,
        after: &Arc<Answer>,
        earlier: Earlier,
        is_held: bool,
    ) -> Self {
        let mut change = Self::accepted(query, None, after);
        change.status = AnswerStatus::Restored(earlier);
        if is_held {
            let seen = change.changes.raw.iter_mut();
            seen.for_each(|change| change.view = Some(View::Accepted));
        }
        change
    }

    /// An answer that is held back. `before` is the one before it, held back or accepted.
    pub(super) fn held(
        query: &Arc<Query>,
        before: Option<Arc<Answer>>,
        after: &Arc<Answer>,
    ) -> Self {
        let view = Some(View::Latest);
        Self {
            query: Arc::clone(query),
            after: Arc::clone(after),
            status: AnswerStatus::Held,
            changes: Changes::raw(vec![ViewChange {
                view,
                before,
                after: Arc::clone(after),
            }]),
            damped: None,
        }
    }

    /// The latest answer, beside an accepted one that was completed. `before` is the latest one before it.
    pub(super) fn uncompleted(
        query: &Arc<Query>,
        before: Option<Arc<Answer>>,
        after: &Arc<Answer>,
    ) -> Self {
        Self {
            status: AnswerStatus::Uncompleted,
            ..Self::held(query, before, after)
        }
    }
}

impl Changes {
    fn raw(raw: Vec<ViewChange>) -> Self {
        Self { raw, damped: None }
    }

    /// The changes that a template sees, with or without flap damping.
    pub(super) fn seen(&self, is_damped: bool) -> &[ViewChange] {
        let damped = self.damped.as_ref().filter(|_| is_damped);
        damped.unwrap_or(&self.raw)
    }
}

impl ViewChange {
    /// The views of a query that the change concerns. A query without a guard has only one.
    pub(super) fn views(&self, query: &Query) -> &'static [View] {
        match self.view {
            None if applies_to(query) => &[View::Accepted, View::Latest],
            None | Some(View::Accepted) => &[View::Accepted],
            Some(View::Latest) => &[View::Latest],
        }
    }
}

/// Logs that an answer is accepted.
pub(super) fn log_change(query: &Query, after: &Answer) {
    let news = match after {
        Answer::Key(None) => "is answered: the key does not exist",
        _ => "has a new answer",
    };
    tracing::debug!(name: "query.changed", %query, "{query} {news}");
}
