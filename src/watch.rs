//! Follows the requested queries, and reports their new answers.
//!
//! Input: the set of queries that templates request. Output: [`WatchEvent`]s: changed answers,
//! errors, recoveries.
//!
//! # Recovery
//! - A server is unreachable or has no leader: every query retries with a backoff of up to a minute.
//!   One query, the prober, retries at least once a second (or as configured), and its success wakes
//!   the others. With several servers, the next one is tried at once, and the index starts over.
//! - A server sends answers that are not Consul's (the login page of a proxy, a truncated body): the same.
//! - A server throttles: the same, but the woken queries resume spread over a second.
//! - A single query fails (missing rights, unknown datacenter): it is retried with a backoff,
//!   without a limit. Denied queries are polled together about once in five seconds, and all at
//!   once when one of them is answered or the token changes.
//! - A blocking query exceeds its time limit: this is not an error, and it is sent again at once.

mod count;
mod cursor;
mod event;
mod failure_state;
mod follow;
mod outage;
mod turns;

pub use cursor::{Cursor, Verdict};
pub use event::WatchEvent;
pub use file_watch::{FileEvent, Files};
pub use follow::Rules;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::query::Query;
use crate::source::Source;
use follow::Follower;

/// The capacity of the event channel; when it is full, followers wait.
const EVENTS: usize = 2048;

/// Owns one task per followed query. Dropping the watcher ends all tasks.
pub struct Watcher<S> {
    follower: Follower<S>,
    followed: HashMap<Arc<Query>, AbortHandle>,
    tasks: JoinSet<()>,
}

impl<S: Source> Watcher<S> {
    /// Creates a watcher that follows no query, and the receiver of its events.
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

    /// Switches to another source or other rules. Every query starts over.
    pub fn use_client(&mut self, source: S, rules: Rules) {
        self.tasks.abort_all();
        self.follower = self.follower.with(source, rules);
        let wanted = self.followed.drain().map(|(query, _)| query).collect();
        self.follow_exactly(&wanted);
    }

    /// Sets whether the receiver is busy with events. While it is busy, queries with a new answer are
    /// not polled again: further answers could not be used yet, and polling competes for the CPU.
    pub fn set_busy(&self, busy: bool) {
        self.follower.set_busy(busy);
    }

    /// Polls denied queries now, because the rights of the token have changed.
    pub fn retry_denied(&self) {
        self.follower.retry_denied();
    }

    /// Follows these queries and no others. A query that was followed before continues without
    /// interruption.
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
        // Remove the tasks that have ended.
        while self.tasks.try_join_next().is_some() {}
    }
}
