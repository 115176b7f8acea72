//! The changes of accepted answers that are not on the disk yet.
//!
//! Input: accepted answers, failures and recoveries of queries. Output: the changes since the last write, one per query.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use answer_store::Update;

use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Query};

/// The changes, by query.
#[derive(Clone, Debug, Default)]
pub struct UnwrittenAnswers {
    is_on: bool,
    changes: BTreeMap<Arc<Query>, Unwritten>,
}

/// The change of one answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unwritten {
    /// The new answer; `None`: the one on the disk stays.
    answer: Option<Arc<Answer>>,
    currency: Currency,
}

/// Whether an answer is the present one of Consul.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Currency {
    /// It is.
    #[default]
    Current,
    /// The query has failed since this time.
    StaleSince(SystemTime),
    /// No reader requests it any more.
    NotRequested,
}

/// Returns `true` if the answers to this query are kept on the disk: it is for Consul, and not for a private key.
#[must_use]
pub fn is_kept(query: &Query) -> bool {
    matches!(query, Query::Consul(query) if !matches!(query, ConsulQuery::CaLeaf(_)))
}

impl UnwrittenAnswers {
    /// Records changes from now on.
    pub fn begin(&mut self) {
        self.is_on = true;
    }

    /// Returns `true` if changes are recorded.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Returns `true` if everything is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Records an accepted answer.
    pub fn accepted(&mut self, query: &Arc<Query>, answer: &Arc<Answer>) {
        self.change(query, |change| {
            *change = Unwritten {
                answer: Some(Arc::clone(answer)),
                currency: Currency::Current,
            };
        });
    }

    /// Records that a query is answered again, with the accepted answer.
    pub fn current(&mut self, query: &Arc<Query>) {
        self.change(query, |change| change.currency = Currency::Current);
    }

    /// Records that a query has failed since this time. Its accepted answer is kept.
    pub fn failed(&mut self, query: &Arc<Query>, since: SystemTime) {
        let currency = Currency::StaleSince(since);
        self.change(query, |change| change.currency = currency);
    }

    /// Records that no reader requests this query any more.
    pub fn not_requested(&mut self, query: &Arc<Query>) {
        self.change(query, |change| {
            *change = Unwritten {
                answer: None,
                currency: Currency::NotRequested,
            };
        });
    }

    fn change(&mut self, query: &Arc<Query>, change: impl FnOnce(&mut Unwritten)) {
        if self.is_on && is_kept(query) {
            change(self.changes.entry(Arc::clone(query)).or_default());
        }
    }

    /// Removes the changes, to write them.
    pub fn take(&mut self) -> Vec<(Arc<Query>, Unwritten)> {
        std::mem::take(&mut self.changes).into_iter().collect()
    }

    /// Takes back changes that could not be written. Later ones stay.
    pub fn take_back(&mut self, changes: &[(Arc<Query>, Unwritten)]) {
        for (query, earlier) in changes {
            let change = self.changes.entry(Arc::clone(query));
            let change = change.or_insert_with(|| earlier.clone());
            if change.currency != Currency::NotRequested && change.answer.is_none() {
                change.answer.clone_from(&earlier.answer);
            }
        }
    }
}

impl Unwritten {
    /// The updates of the file.
    pub fn updates(&self) -> impl Iterator<Item = Update> {
        let first = match (&self.currency, &self.answer) {
            (Currency::NotRequested, _) => Some(Update::Remove),
            (_, Some(answer)) => answer.encode().map(Update::Answer),
            (Currency::Current, None) => Some(Update::Current),
            (Currency::StaleSince(_), None) => None,
        };
        let stale = match self.currency {
            Currency::StaleSince(since) => Some(Update::StaleSince(since)),
            Currency::Current | Currency::NotRequested => None,
        };
        first.into_iter().chain(stale)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

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
    fn the_last_answer_is_written_with_its_currency() {
        let (mut unwritten, query) = (on(), key("a"));
        let stored = |name| Update::Answer(names(name).encode().unwrap());
        unwritten.accepted(&query, &names("a"));
        unwritten.accepted(&query, &names("b"));
        assert_eq!(updates(&mut unwritten), [stored("b")]);
        assert!(unwritten.is_empty());
        unwritten.accepted(&query, &names("c"));
        unwritten.failed(&query, UNIX_EPOCH);
        let stale = Update::StaleSince(UNIX_EPOCH);
        assert_eq!(updates(&mut unwritten), [stored("c"), stale.clone()]);
        unwritten.failed(&query, UNIX_EPOCH);
        assert_eq!(updates(&mut unwritten), [stale]);
        unwritten.failed(&query, UNIX_EPOCH);
        unwritten.current(&query);
        assert_eq!(updates(&mut unwritten), [Update::Current]);
        unwritten.accepted(&query, &names("d"));
        unwritten.not_requested(&query);
        assert_eq!(updates(&mut unwritten), [Update::Remove]);
    }

    #[test]
    fn what_could_not_be_written_is_written_later() {
        let (mut unwritten, [a, b, c]) = (on(), ["a", "b", "c"].map(key));
        let stored = |name| Update::Answer(names(name).encode().unwrap());
        for query in [&a, &b, &c] {
            unwritten.accepted(query, &names("old"));
        }
        let changes = unwritten.take();
        unwritten.failed(&a, UNIX_EPOCH);
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
