//! The accepted answers, and the queries that fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::daemon::event::Moment;
use crate::daemon::query_failures::QueryFailures;
use crate::query::{FileQuery, Query};
use crate::store::{Judgement, SavedAnswers, Snapshot, judge};
use crate::watch::WatchEvent;

/// The followed queries with their latest answers and failures.
#[derive(Debug)]
pub(super) struct Answers {
    followed: BTreeSet<Arc<Query>>,
    snapshot: Snapshot,
    failures: QueryFailures,
    /// The sizes of the accepted answers, of this process and of the one before.
    saved: Arc<SavedAnswers>,
}

/// An accepted answer, and the one before it.
pub(super) struct AnswerChange {
    pub(super) query: Arc<Query>,
    pub(super) before: Option<Arc<Answer>>,
    pub(super) after: Arc<Answer>,
}

impl Answers {
    /// Creates a store that follows no query.
    pub(super) fn new(failures: QueryFailures) -> Self {
        Self {
            followed: BTreeSet::new(),
            snapshot: Snapshot::default(),
            failures,
            saved: Arc::default(),
        }
    }

    /// The latest answers.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The queries that are failing.
    pub(super) fn failures(&self) -> &QueryFailures {
        &self.failures
    }

    /// Adopts the sizes of the answers that an earlier process has accepted.
    pub(super) fn expect(&mut self, saved: SavedAnswers) {
        self.saved = Arc::new(saved);
    }

    /// The sizes of the accepted answers.
    pub(super) fn saved(&self) -> &Arc<SavedAnswers> {
        &self.saved
    }

    /// The queries that are followed.
    pub(super) fn followed(&self) -> &BTreeSet<Arc<Query>> {
        &self.followed
    }

    /// Sets the time at which the snapshot is evaluated.
    pub(super) fn turn_to(&mut self, now: Instant) {
        self.snapshot.turn_to(now);
    }

    /// Handles an event of a query. Returns the change if there is a new answer.
    pub(super) fn on_event(&mut self, event: &WatchEvent, now: Moment) -> Option<AnswerChange> {
        let query = event.query();
        // Drop late answers of queries no longer followed; caching them would make stale data look fresh.
        if !self.followed.contains(query) {
            return None;
        }
        match event {
            WatchEvent::Failed(query, error) => {
                let (query, error) = (Arc::clone(query), Arc::clone(error));
                self.failures.failed(query, error, now.instant);
                None
            }
            WatchEvent::Recovered(query) => {
                self.failures.recovered(query, now.instant);
                None
            }
            WatchEvent::Answered(query, answer, _) => {
                self.failures.recovered(query, now.instant);
                // A file is also read when its watch starts.
                let is_same_file = matches!(**query, Query::File(_))
                    && self.snapshot.answer(query) == Some(answer);
                (!is_same_file).then(|| self.judge(query, answer))
            }
        }
    }

    /// Shows templates whether a query fails. Returns `true` if that has changed.
    pub(super) fn update_failing(&mut self, query: &Arc<Query>) -> bool {
        let failing = self.failures.failing(query);
        self.snapshot.failing_mut().set(query, failing)
    }

    /// Handles the output of a plugin.
    pub(super) fn on_plugin(
        &mut self,
        query: &Arc<Query>,
        answer: &Arc<Answer>,
    ) -> Option<AnswerChange> {
        let wanted = self.followed.contains(query);
        wanted.then(|| self.judge(query, answer))
    }

    fn judge(&self, query: &Arc<Query>, after: &Arc<Answer>) -> AnswerChange {
        let before = self.snapshot.answer(query).cloned();
        if let Judgement::AcceptedLoss { before } = judge(before.as_deref(), after) {
            tracing::warn!(name: "query.emptied", %query, %before, "{query}: the answer is now empty (before: {before})");
        } else {
            let news = match **after {
                Answer::Key(None) => "is answered: the key does not exist",
                _ => "has a new answer",
            };
            tracing::debug!(name: "query.changed", %query, "{query} {news}");
        }
        AnswerChange {
            query: Arc::clone(query),
            before,
            after: Arc::clone(after),
        }
    }

    /// Records an answer. `passing_span` is the longest `passing_for` of its templates.
    pub(super) fn record(&mut self, change: AnswerChange, passing_span: Duration) {
        let AnswerChange { query, after, .. } = change;
        Arc::make_mut(&mut self.saved).accept(&query, &after);
        self.snapshot.record_timed(query, after, passing_span);
    }

    /// Forgets the answer to a query.
    pub(super) fn forget(&mut self, query: &Query) {
        self.snapshot.forget(query);
    }

    /// Follows these queries and no others. Returns the files among them that are new.
    pub(super) fn follow(&mut self, queries: BTreeSet<Arc<Query>>) -> Vec<FileQuery> {
        let is_new = |file: &&FileQuery| !self.followed.contains(&Query::File((*file).clone()));
        let new = files(&queries).filter(is_new).cloned().collect();
        for query in self.followed.difference(&queries) {
            Arc::make_mut(&mut self.saved).forget(query);
        }
        self.snapshot.retain(|query| queries.contains(query));
        self.failures.retain(|query| queries.contains(query));
        self.followed = queries;
        new
    }
}

/// The files among these queries.
pub(super) fn files(queries: &BTreeSet<Arc<Query>>) -> impl Iterator<Item = &FileQuery> {
    queries.iter().filter_map(|query| match &**query {
        Query::File(file) => Some(file),
        _ => None,
    })
}
