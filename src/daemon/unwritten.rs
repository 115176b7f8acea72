//! The changes of accepted answers that are not on the disk yet.
//!
//! Input: accepted answers, failures and recoveries of queries. Output: the changes since the last write, one per query.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use answer_store::Update;

use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Query};

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

/// Returns `true` if the answers to this query are kept on the disk: it is for Consul, and not for a private key.
pub(super) fn is_kept(query: &Query) -> bool {
    matches!(query, Query::Consul(query) if !matches!(query, ConsulQuery::CaLeaf(_)))
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
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn key(name: &str) -> Arc<Query> {
        Arc::new(Query::key(name).unwrap())
    }

    fn names(name: &str) -> Arc<Answer> {
        Arc::new(Answer::Datacenters(vec![name.to_owned()]))
    }

    fn on() -> UnwrittenAnswers {
        let mut unwritten = UnwrittenAnswers::default();
        unwritten.begin();
        unwritten
    }

    fn updates(unwritten: &mut UnwrittenAnswers) -> Vec<Update> {
        let changes = unwritten.take();
        let updates = changes.iter().flat_map(|(_, change)| change.updates());
        updates.collect()
    }

    #[test]
    fn the_last_answer_is_written_with_its_freshness() {
        let (mut unwritten, query) = (on(), key("a"));
        let stored = |name| Update::Answer(names(name).encode().unwrap());
        unwritten.accepted(&query, &names("a"));
        unwritten.accepted(&query, &names("b"));
        assert_eq!(updates(&mut unwritten), [stored("b")]);
        assert!(unwritten.is_empty());
        unwritten.accepted(&query, &names("c"));
        unwritten.stale_since(&query, UNIX_EPOCH);
        let stale = Update::StaleSince(UNIX_EPOCH);
        assert_eq!(updates(&mut unwritten), [stored("c"), stale]);
        unwritten.current(&query);
        assert_eq!(updates(&mut unwritten), [Update::Current]);
        unwritten.accepted(&query, &names("d"));
        unwritten.not_requested(&query);
        assert_eq!(updates(&mut unwritten), [Update::Remove]);
    }

    #[test]
    fn only_what_was_stale_becomes_current() {
        let (mut unwritten, query) = (on(), key("a"));
        unwritten.accepted(&query, &names("a"));
        unwritten.take();
        unwritten.current(&query);
        unwritten.confirmed(&query, &names("a"));
        assert!(unwritten.is_empty());
        unwritten.stale_since(&query, UNIX_EPOCH);
        unwritten.stale_since(&query, UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(updates(&mut unwritten), [Update::StaleSince(UNIX_EPOCH)]);
        unwritten.confirmed(&query, &names("a"));
        assert_eq!(updates(&mut unwritten), [Update::Current]);
    }

    /// The row kept the time of the first failure, so that `stale_for` ended too early after a restart.
    #[test]
    fn an_answer_that_was_current_between_two_failures_is_stale_since_the_second() {
        let (mut unwritten, query) = (on(), key("a"));
        let [first, second, third] =
            [1, 2, 3].map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        unwritten.stale_since(&query, first);
        assert_eq!(updates(&mut unwritten), [Update::StaleSince(first)]);
        unwritten.current(&query);
        unwritten.stale_since(&query, second);
        let changes = unwritten.take();
        let stale_again = [Update::Current, Update::StaleSince(second)];
        assert_eq!(changes[0].1.updates().collect::<Vec<_>>(), stale_again);
        // That write fails.
        unwritten.current(&query);
        unwritten.stale_since(&query, third);
        unwritten.take_back(&changes);
        let stale_again = [Update::Current, Update::StaleSince(third)];
        assert_eq!(updates(&mut unwritten), stale_again);
    }

    /// The same, if the write of the recovery fails.
    #[test]
    fn a_recovery_that_could_not_be_written_counts_later() {
        let (mut unwritten, query) = (on(), key("a"));
        unwritten.stale_since(&query, UNIX_EPOCH);
        unwritten.take();
        unwritten.current(&query);
        let changes = unwritten.take();
        let second = UNIX_EPOCH + Duration::from_secs(1);
        unwritten.stale_since(&query, second);
        unwritten.take_back(&changes);
        assert_eq!(
            updates(&mut unwritten),
            [Update::Current, Update::StaleSince(second)]
        );
    }

    #[test]
    fn an_answer_is_recorded_for_another_server_when_that_one_has_confirmed_it() {
        let (mut unwritten, [a, b]) = (on(), ["a", "b"].map(key));
        unwritten.accepted(&a, &names("old"));
        unwritten.accepted(&b, &names("old"));
        unwritten.server_changed();
        assert!(
            unwritten.is_empty(),
            "changes of the other server are dropped"
        );
        unwritten.confirmed(&a, &names("old"));
        let stored = Update::Answer(names("old").encode().unwrap());
        assert_eq!(updates(&mut unwritten), [stored]);
        unwritten.confirmed(&a, &names("old"));
        assert!(unwritten.is_empty());
    }

    /// The new server got no row for it, because the answer was the same.
    #[test]
    fn an_earlier_answer_is_recorded_for_another_server_that_confirms_it() {
        let (mut unwritten, query) = (on(), key("a"));
        unwritten.restored(&query, UNIX_EPOCH);
        unwritten.server_changed();
        unwritten.confirmed(&query, &names("a"));
        let stored = Update::Answer(names("a").encode().unwrap());
        assert_eq!(updates(&mut unwritten), [stored]);
    }

    #[test]
    fn what_is_recorded_again_is_as_stale_as_before_and_of_the_present_server() {
        let (mut unwritten, [a, b, earlier]) = (on(), ["a", "b", "c"].map(key));
        unwritten.accepted(&b, &names("b"));
        unwritten.server_changed();
        unwritten.accepted(&a, &names("a"));
        unwritten.stale_since(&a, UNIX_EPOCH);
        unwritten.restored(&earlier, UNIX_EPOCH);
        unwritten.take();
        let own = [(a, names("a")), (b, names("b"))];
        unwritten.record_again(&own);
        let stored = |name| Update::Answer(names(name).encode().unwrap());
        let stale = Update::StaleSince(UNIX_EPOCH);
        assert_eq!(updates(&mut unwritten), [stored("a"), stale]);
        // Its row is lost.
        unwritten.confirmed(&earlier, &names("c"));
        assert_eq!(updates(&mut unwritten), [stored("c")]);
    }

    #[test]
    fn a_file_that_is_new_after_the_first_write_has_lost_something() {
        let mut unwritten = on();
        assert!(!unwritten.written(true));
        assert!(!unwritten.written(false));
        assert!(unwritten.written(true));
    }

    #[test]
    fn what_could_not_be_written_is_written_later() {
        let (mut unwritten, [a, b, c]) = (on(), ["a", "b", "c"].map(key));
        let stored = |name| Update::Answer(names(name).encode().unwrap());
        for query in [&a, &b, &c] {
            unwritten.accepted(query, &names("old"));
        }
        let changes = unwritten.take();
        unwritten.stale_since(&a, UNIX_EPOCH);
        unwritten.not_requested(&b);
        unwritten.take_back(&changes);
        let expected = [
            stored("old"),
            Update::StaleSince(UNIX_EPOCH),
            Update::Remove,
            stored("old"),
        ];
        assert_eq!(updates(&mut unwritten), expected);
    }

    #[test]
    fn secret_answers_and_files_are_not_recorded() {
        let mut unwritten = on();
        for query in [
            Query::ca_leaf("web").unwrap(),
            Query::File(consul_watch::query::FileQuery {
                path: "/a".into(),
                sandbox: None,
            }),
        ] {
            unwritten.accepted(&Arc::new(query), &names("a"));
        }
        assert!(unwritten.is_empty());
        let mut off = UnwrittenAnswers::default();
        off.accepted(&key("a"), &names("a"));
        assert!(off.is_empty());
    }
}
