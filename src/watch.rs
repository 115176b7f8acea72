//! Follows exactly the wanted queries, and tells what is new.
//!
//! in:  the set of queries that templates ask
//! out: [`WatchEvent`]s: answers that differ from the ones before, errors, recoveries
//!
//! # Recovery
//! - A server that cannot be reached, or has no leader: every query keeps asking with growing pauses of up to a
//!   minute, but one of them (whichever failed first) asks at least once a second (or as the operator says), and its success wakes all others.
//!   With several servers, the next one is tried at once, and its index starts over; so it is for one that throttles
//!   or gives answers that are not Consul's.
//! - A server whose answers are not Consul's (a login page of a proxy, half of an answer): the same.
//! - A server that throttles: the same, but those who are woken come back spread over a second.
//! - A question that fails by itself (no rights, no such datacenter): asked again with growing pauses, for good.
//!   Those who lack rights ask together about once in five seconds, and all at once when one of them gets an answer or
//!   the token changes.
//! - A poll that runs into its time limit is no error: it is asked again at once.

mod backoff;
mod cursor;
mod files;
mod follow;
mod outage;

pub use cursor::{Cursor, Verdict};
pub use files::{FileEvent, Files};
pub use follow::Rules;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::answer::Answer;
use crate::consul::{Ask, AskError};
use crate::query::Query;
use follow::Follower;

/// How many events may wait to be taken; a full channel makes the followers wait.
const EVENTS: usize = 2048;

/// What a followed query has to tell.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// It was answered, and the answer differs from the one before; also the first answer.
    News(Arc<Query>, Arc<Answer>),
    /// It failed; told for every failure, so that the listener decides what to say.
    Failed(Arc<Query>, Arc<AskError>),
    /// It was answered again after a failure.
    Recovered(Arc<Query>),
}

/// Owns one task for each query that is followed; dropping it ends them all.
pub struct Watcher<A> {
    follower: Follower<A>,
    followed: HashMap<Arc<Query>, AbortHandle>,
    tasks: JoinSet<()>,
}

impl<A: Ask> Watcher<A> {
    /// A watcher that follows nothing yet, and where its events come out.
    pub fn new(ask: A, rules: Rules) -> (Self, mpsc::Receiver<WatchEvent>) {
        let (events, receiver) = mpsc::channel(EVENTS);
        (
            Self {
                follower: Follower::new(ask, rules, events),
                followed: HashMap::new(),
                tasks: JoinSet::new(),
            },
            receiver,
        )
    }

    /// Asks somebody else from now on, or by other rules: every query begins anew.
    pub fn ask_with(&mut self, ask: A, rules: Rules) {
        self.tasks.abort_all();
        self.follower = self.follower.with(ask, rules);
        let wanted = self.followed.drain().map(|(query, _)| query).collect();
        self.follow_exactly(&wanted);
    }

    /// Says whether somebody acts on news just now. Meanwhile those who had news do not ask on: whatever they hear
    /// could not be acted upon yet, and one question less competes for the processor.
    pub fn set_busy(&self, busy: bool) {
        self.follower.set_busy(busy);
    }

    /// The right to ask has changed: those who were denied it ask again now.
    pub fn ask_denied_again(&self) {
        self.follower.ask_denied_again();
    }

    /// Follows these queries and no others. A query that was followed before goes on undisturbed.
    pub fn follow_exactly(&mut self, wanted: &BTreeSet<Arc<Query>>) {
        self.followed.retain(|query, task| {
            let keep = wanted.contains(query);
            if !keep {
                task.abort();
            }
            keep
        });
        for query in wanted {
            if !self.followed.contains_key(query) {
                let task = self
                    .tasks
                    .spawn(self.follower.clone().follow(Arc::clone(query)));
                self.followed.insert(Arc::clone(query), task);
            }
        }
        // What has ended is let go.
        while self.tasks.try_join_next().is_some() {}
    }
}
