//! The changes of accepted answers that are not on the disk yet.
//!
//! Input: accepted answers, failures and recoveries of queries. Output: the changes since the last write, one per query.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use answer_store::Update;

use consul_watch::answer::Answer;
use consul_watch::query::Query;
use consul_watch::source::SourceQuery as _;

/// The changes, by query.
#[derive(Clone, Debug, Default)]
pub(super) struct UnwrittenAnswers {
    is_on: bool,
    changes: BTreeMap<Arc<Query>, UnwrittenAnswer>,
    /// `true` after the first write that has succeeded.
    has_written: bool,
    /// The queries of which the accepted answer is recorded as stale, with the time since when it is.
    stale: BTreeMap<Arc<Query>, SystemTime>,
    /// The queries of which the accepted answer is recorded for the present server.
    recorded: BTreeSet<Arc<Query>>,
}

/// The change of one answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct UnwrittenAnswer {
    /// The new answer; `None`: the one on the disk stays.
    answer: Option<Arc<Answer>>,
    freshness: Freshness,
}

/// Whether an answer is the present one of Consul.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Freshness {
    /// It is.
    #[default]
    Current,
    /// The query has failed since this time.
    StaleSince(SystemTime),
    /// The same, after the answer on the disk was the present one again for a moment.
    StaleAgainSince(SystemTime),
    /// No reader requests it any more.
    NotRequested,
}

/// Returns `true` if the answers to this query are kept on the disk: it is for Consul, and they are not secret as a whole.
pub(super) fn is_kept(query: &Query) -> bool {
    matches!(query, Query::Consul(query) if !query.is_secret())
}

impl UnwrittenAnswers {
    /// Records changes from now on.
    pub(super) fn begin(&mut self) {
        self.is_on = true;
    }

    /// Returns `true` if everything is written.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Records an accepted answer.
    pub(super) fn accepted(&mut self, query: &Arc<Query>, answer: &Arc<Answer>) {
        self.stale.remove(query);
        self.recorded.insert(Arc::clone(query));
        self.change(query, |change| {
            *change = UnwrittenAnswer {
                answer: Some(Arc::clone(answer)),
                freshness: Freshness::Current,
            };
        });
    }

    /// Records that the accepted answer is the present one: the server has answered it again.
    pub(super) fn confirmed(&mut self, query: &Arc<Query>, answer: &Arc<Answer>) {
        if self.recorded.contains(query) {
            self.current(query);
        } else {
            self.accepted(query, answer);
        }
    }

    /// Records that a query does not fail any more, and that its accepted answer is the present one.
    pub(super) fn current(&mut self, query: &Arc<Query>) {
        if self.stale.remove(query).is_none() {
            return;
        }
        self.change(query, |change| change.freshness = Freshness::Current);
    }

    /// Records that the accepted answer to a query has not been the present one since this time: the query fails, or
    /// another answer is held back.
    pub(super) fn stale_since(&mut self, query: &Arc<Query>, since: SystemTime) {
        if !self.is_on || self.stale.contains_key(query) {
            return;
        }
        self.stale.insert(Arc::clone(query), since);
        let unwritten = self.changes.get(query);
        let is_again = unwritten.is_some_and(|change| change.freshness.is_current_on_disk());
        self.change(query, |change| {
            change.freshness = if is_again {
                Freshness::StaleAgainSince(since)
            } else {
                Freshness::StaleSince(since)
            };
        });
    }

    /// Records that no reader requests this query any more.
    pub(super) fn not_requested(&mut self, query: &Arc<Query>) {
        self.stale.remove(query);
        self.recorded.remove(query);
        self.change(query, |change| {
            *change = UnwrittenAnswer {
                answer: None,
                freshness: Freshness::NotRequested,
            };
        });
    }

    fn change(&mut self, query: &Arc<Query>, change: impl FnOnce(&mut UnwrittenAnswer)) {
        if self.is_on && is_kept(query) {
            change(self.changes.entry(Arc::clone(query)).or_default());
        }
    }

    /// Uses the recorded answer of an earlier process, which was current until this time.
    pub(super) fn restored(&mut self, query: &Arc<Query>, current_until: SystemTime) {
        self.recorded.insert(Arc::clone(query));
        self.stale_since(query, current_until);
    }

    /// What was recorded is lost: records these accepted answers again, if the present server has confirmed them.
    pub(super) fn record_again(&mut self, accepted: &[(Arc<Query>, Arc<Answer>)]) {
        let before = std::mem::take(&mut self.recorded);
        for (query, answer) in accepted {
            if before.contains(query) {
                self.recorded.insert(Arc::clone(query));
                let stale = self.stale.get(query).copied();
                self.change(query, |change| {
                    *change = UnwrittenAnswer {
                        answer: Some(Arc::clone(answer)),
                        freshness: stale.map_or(Freshness::Current, Freshness::StaleSince),
                    };
                });
            }
        }
    }

    /// Another server answers from now on. The accepted answers are recorded when it has confirmed them.
    pub(super) fn server_changed(&mut self) {
        if self.is_on {
            self.changes.clear();
            self.stale.clear();
            self.recorded.clear();
        }
    }

    /// Removes the changes, to write them.
    pub(super) fn take(&mut self) -> Vec<(Arc<Query>, UnwrittenAnswer)> {
        std::mem::take(&mut self.changes).into_iter().collect()
    }

    /// Records the end of a write. `is_new`: it has created the file. Returns `true` if the file has lost what was written
    /// before, so that all accepted answers have to be recorded again.
    pub(super) fn written(&mut self, is_new: bool) -> bool {
        std::mem::replace(&mut self.has_written, true) && is_new
    }

    /// Takes back changes that could not be written. Later ones stay.
    pub(super) fn take_back(&mut self, changes: &[(Arc<Query>, UnwrittenAnswer)]) {
        for (query, earlier) in changes {
            let change = self.changes.entry(Arc::clone(query));
            let change = change.or_insert_with(|| earlier.clone());
            if change.freshness != Freshness::NotRequested && change.answer.is_none() {
                change.answer.clone_from(&earlier.answer);
            }
            if let Freshness::StaleSince(since) = change.freshness
                && earlier.freshness.is_current_on_disk()
            {
                change.freshness = Freshness::StaleAgainSince(since);
            }
        }
    }
}

impl Freshness {
    /// Returns `true` if the answer on the disk is the present one, or was it again for a moment.
    fn is_current_on_disk(self) -> bool {
        matches!(self, Self::Current | Self::StaleAgainSince(_))
    }
}

impl UnwrittenAnswer {
    /// The updates of the file.
    pub(super) fn updates(&self) -> impl Iterator<Item = Update> {
        let first = match (&self.freshness, &self.answer) {
            (Freshness::NotRequested, _) => Some(Update::Remove),
            (_, Some(answer)) => answer.encode().map(Update::Answer),
            (Freshness::Current | Freshness::StaleAgainSince(_), None) => Some(Update::Current),
            (Freshness::StaleSince(_), None) => None,
        };
        let stale = match self.freshness {
            Freshness::StaleSince(since) | Freshness::StaleAgainSince(since) => {
                Some(Update::StaleSince(since))
            }
            Freshness::Current | Freshness::NotRequested => None,
        };
        first.into_iter().chain(stale)
    }
}

#[cfg(test)]
mod tests;
