//! Follows exactly the wanted queries, and reports what is new.
//!
//! Input: the set of queries that templates request. Output: [`WatchEvent`]s: answers that differ from the ones before,
//! errors, recoveries.
//!
//! # Recovery
//! - A server that cannot be reached, or has no leader: every query retries with growing pauses of up to a minute, but one
//!   of them, the prober, retries at least once a second (or as configured), and its success wakes all others. With
//!   several servers, the next one is tried at once, and the index starts over; likewise for a server that throttles or
//!   whose answers are not Consul's.
//! - A server whose answers are not Consul's (a login page of a proxy, half of an answer): the same.
//! - A server that throttles: the same, but the queries that are woken come back spread over a second.
//! - A query that fails by itself (no rights, no such datacenter): retried with growing pauses, for good. Queries that lack
//!   rights are polled together about once in five seconds, and all at once when one of them is answered or the token
//!   changes.
//! - A blocking query that runs into its time limit is no error: it is sent again at once.

mod count;
mod cursor;
mod event;
mod files;
mod follow;
mod outage;
mod trouble;
mod turns;

pub use cursor::{Cursor, Verdict};
pub use event::WatchEvent;
pub use files::{FileEvent, Files};
pub use follow::Rules;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::query::Query;
use crate::source::Source;
use follow::Follower;

/// How many events may wait to be received; a full channel makes the followers wait.
const EVENTS: usize = 2048;

/// Owns one task for each query that is followed; dropping it ends them all.
pub struct Watcher<S> {
    follower: Follower<S>,
    followed: HashMap<Arc<Query>, AbortHandle>,
    tasks: JoinSet<()>,
}

impl<S: Source> Watcher<S> {
    /// Creates a watcher that follows nothing yet, and the receiver of its events.
    pub fn new(source: S, rules: Rules) -> (Self, mpsc::Receiver<WatchEvent>) {
        let (events, receiver) = mpsc::channel(EVENTS);
        (
            Self {
                follower: Follower::new(source, rules, events),
                followed: HashMap::new(),
                tasks: JoinSet::new(),
            },
            receiver,
        )
    }

    /// Polls another source from now on, or by other rules: every query starts over.
    pub fn use_client(&mut self, source: S, rules: Rules) {
        self.tasks.abort_all();
        self.follower = self.follower.with(source, rules);
        let wanted = self.followed.drain().map(|(query, _)| query).collect();
        self.follow_exactly(&wanted);
    }

    /// Sets whether the receiver is busy with events. Meanwhile queries that had news are not polled: more news could not
    /// be used yet, and polls compete for the processor.
    pub fn set_busy(&self, busy: bool) {
        self.follower.set_busy(busy);
    }

    /// The rights of the token have changed: queries that were denied are polled now.
    pub fn retry_denied(&self) {
        self.follower.retry_denied();
    }

    /// Follows these queries and no others. A query that was followed before continues undisturbed.
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
        // Release the tasks that have ended.
        while self.tasks.try_join_next().is_some() {}
    }
}
