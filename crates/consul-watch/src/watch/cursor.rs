//! The rules of a blocking query, without I/O.
//!
//! Input: the replies to one query, in order. Output: the next poll ([`Cursor::poll`]), and whether
//! a reply is a new answer ([`Verdict`]).
//!
//! The rules follow Consul's documentation of blocking queries (API, "Implementation details") and
//! the observed behaviour of Consul 1.8.7. Bodies are compared, not indexes, because the same index
//! occurs with different bodies.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::answer::{Answer, Pair};
use crate::source::{Circumstances, Poll, Reply};

/// The meaning of a reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The answer differs from the previous one, or is the first.
    Changed(Arc<Answer>),
    /// The answer equals the previous one.
    Unchanged,
    /// The server has had no contact with its leader for too long: poll again, without `stale`.
    TooStale,
}

/// The position of one query: the index to wait for, the server, and the last answer.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    server: usize,
    index: u64,
    wait: Duration,
    /// The maximum age of a stale answer; `None`: do not request stale answers.
    max_stale: Option<Duration>,
    /// `true` if the leader has to answer the next poll.
    needs_leader: bool,
    last: Option<Arc<Answer>>,
    /// The circumstances of the last answer.
    circumstances: Circumstances,
}

impl Cursor {
    /// Creates a cursor whose first poll does not block.
    #[must_use]
    pub(super) fn new(server: usize, wait: Duration, max_stale: Option<Duration>) -> Self {
        Self {
            server,
            index: 0,
            wait,
            max_stale,
            needs_leader: false,
            last: None,
            circumstances: Circumstances::default(),
        }
    }

    /// Returns the next poll.
    #[must_use]
    pub(super) fn poll(&self) -> Poll {
        Poll {
            server: self.server,
            index: self.index,
            wait: self.wait,
            stale: self.max_stale.is_some() && !self.needs_leader,
        }
    }

    /// The last answer, as long as it is in use.
    #[must_use]
    pub(super) fn known(&self) -> Weak<Answer> {
        self.last.as_ref().map_or_else(Weak::new, Arc::downgrade)
    }

    /// Returns `true` before the first answer.
    #[must_use]
    pub(super) fn is_at_the_beginning(&self) -> bool {
        self.last.is_none()
    }

    /// Switches to another server and resets the index.
    pub(super) fn move_to(&mut self, server: usize) {
        if server != self.server {
            self.server = server;
            self.index = 0;
        }
    }

    /// Resets the index after a failure. If the server has lost its state, its index is lower, and a poll
    /// with the old index would block for the whole wait. A poll without an index is answered at once.
    pub(super) fn start_over(&mut self) {
        self.index = 0;
    }

    /// The last answer.
    #[must_use]
    pub(super) fn last(&self) -> Option<&Arc<Answer>> {
        self.last.as_ref()
    }

    /// The circumstances of the last reply.
    #[must_use]
    pub(super) fn last_circumstances(&self) -> Circumstances {
        self.circumstances
    }

    /// Records the entry of a key from the answer about its prefix. Returns the answer if it is new.
    pub(super) fn record_entry(
        &mut self,
        pair: &Pair,
        circumstances: Circumstances,
    ) -> Option<Arc<Answer>> {
        self.circumstances = circumstances;
        if let Some(Answer::Key(Some(last))) = self.last.as_deref()
            && is_same_entry(last, pair)
        {
            return None;
        }
        let own = Pair {
            key: String::new(),
            ..pair.clone()
        };
        let answer = Arc::new(Answer::Key(Some(Arc::new(own))));
        self.last = Some(Arc::clone(&answer));
        Some(answer)
    }

    /// Handles a reply to a poll. `stale`: any server was allowed to answer.
    pub(super) fn accept(&mut self, reply: Reply, stale: bool) -> Verdict {
        let Reply {
            answer,
            index,
            last_contact,
            is_filtered,
            bytes: _,
        } = reply;
        if stale && self.max_stale.is_some_and(|most| last_contact > most) {
            self.needs_leader = true;
            return Verdict::TooStale;
        }
        self.needs_leader = false;
        self.circumstances = Circumstances {
            is_fresh: !stale,
            is_filtered,
        };
        // A missing, invalid or zero index counts as 1, the lowest index that blocks.
        let index = index.unwrap_or(0).max(1);
        // If the index decreases, the server was restored or replaced; waiting for any index might
        // miss a change.
        self.index = if index < self.index { 0 } else { index };
        if self.last.as_deref() == Some(&answer) {
            return Verdict::Unchanged;
        }
        let answer = Arc::new(answer);
        self.last = Some(Arc::clone(&answer));
        Verdict::Changed(answer)
    }
}

/// Compares two forms of an entry; the part of the key below a prefix does not matter.
fn is_same_entry(a: &Pair, b: &Pair) -> bool {
    // The modify index rises with each write, but not if the store was replaced.
    a.modify_index == b.modify_index
        && (&a.path, &a.value, &a.bytes) == (&b.path, &b.value, &b.bytes)
        && (a.create_index, a.lock_index, a.flags) == (b.create_index, b.lock_index, b.flags)
        && a.session == b.session
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WAIT: Duration = Duration::from_secs(60);

    fn reply(names: &[&str], index: impl Into<Option<u64>>) -> Reply {
        let answer = Answer::Datacenters(names.iter().map(|&name| name.to_owned()).collect());
        Reply {
            answer,
            index: index.into(),
            last_contact: Duration::ZERO,
            is_filtered: false,
            bytes: 0,
        }
    }

    fn is_changed(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Changed(_))
    }

    #[test]
    fn the_first_poll_does_not_block_and_the_next_waits_for_a_higher_index() {
        let mut cursor = Cursor::new(0, WAIT, None);
        assert_eq!(
            cursor.poll(),
            Poll {
                server: 0,
                index: 0,
                wait: WAIT,
                stale: false
            }
        );
        assert!(is_changed(&cursor.accept(reply(&["a"], 7), true)));
        assert_eq!(cursor.poll().index, 7);
    }

    #[test]
    fn an_index_that_goes_back_starts_over_and_its_data_is_accepted() {
        let mut cursor = Cursor::new(0, WAIT, None);
        cursor.accept(reply(&["a"], 20), true);
        assert!(is_changed(&cursor.accept(reply(&[], 9), true)));
        assert_eq!(cursor.poll().index, 0);
        assert!(is_changed(&cursor.accept(reply(&["a"], 10), true)));
        assert_eq!(cursor.poll().index, 10);
    }

    #[test]
    fn a_missing_or_zero_index_counts_as_one() {
        for index in [None, Some(0)] {
            let mut cursor = Cursor::new(0, WAIT, None);
            assert!(is_changed(&cursor.accept(reply(&["a"], index), true)));
            assert_eq!(cursor.poll().index, 1);
        }
    }

    #[test]
    fn the_same_value_is_unchanged_and_the_same_index_with_another_value_is_a_change() {
        let mut cursor = Cursor::new(0, WAIT, None);
        cursor.accept(reply(&["a"], 7), true);
        assert_eq!(cursor.accept(reply(&["a"], 8), true), Verdict::Unchanged);
        assert_eq!(cursor.poll().index, 8);
        assert!(is_changed(&cursor.accept(reply(&[], 8), true)));
    }

    #[test]
    fn an_answer_that_is_too_stale_is_requested_once_more_without_stale() {
        let mut cursor = Cursor::new(0, WAIT, Some(Duration::from_secs(2)));
        assert!(cursor.poll().stale);
        let old = Reply {
            last_contact: Duration::from_secs(3),
            ..reply(&["a"], 7)
        };
        assert_eq!(cursor.accept(old, true), Verdict::TooStale);
        assert_eq!((cursor.poll().stale, cursor.poll().index), (false, 0));
        assert!(is_changed(&cursor.accept(reply(&["a"], 7), false)));
        assert!(cursor.poll().stale);
    }

    #[test]
    fn another_server_has_another_index() {
        let mut cursor = Cursor::new(0, WAIT, None);
        cursor.accept(reply(&["a"], 7), true);
        cursor.move_to(0);
        assert_eq!(cursor.poll().index, 7);
        cursor.move_to(1);
        assert_eq!((cursor.poll().index, cursor.poll().server), (0, 1));
        assert_eq!(cursor.accept(reply(&["a"], 3), true), Verdict::Unchanged);
    }

    proptest! {
        #[test]
        fn the_last_accepted_value_is_the_last_that_was_not_too_stale(
            replies in prop::collection::vec((0u8..4, prop::option::of(0u64..6), 0u64..4), 1..40),
        ) {
            let mut cursor = Cursor::new(0, WAIT, Some(Duration::from_secs(2)));
            let mut reported = None;
            let mut before = 0;
            for (value, index, age) in replies {
                let stale = cursor.poll().stale;
                let name = value.to_string();
                let mut reply = reply(&[&name], index);
                reply.last_contact = Duration::from_secs(age);
                match cursor.accept(reply.clone(), stale) {
                    Verdict::Changed(answer) => {
                        prop_assert_ne!(reported.as_ref(), Some(&*answer));
                        reported = Some((*answer).clone());
                    }
                    Verdict::Unchanged => prop_assert_eq!(reported.as_ref(), Some(&reply.answer)),
                    Verdict::TooStale => {
                        prop_assert!(stale && age > 2);
                        prop_assert!(!cursor.poll().stale);
                        continue;
                    }
                }
                prop_assert_eq!(reported.as_ref(), Some(&reply.answer));
                let now = cursor.poll().index;
                let got = index.unwrap_or(0).max(1);
                prop_assert_eq!(now, if got < before { 0 } else { got });
                before = now;
            }
        }
    }
}
