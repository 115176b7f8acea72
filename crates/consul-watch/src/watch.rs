//! Follows the requested queries, and reports their new answers.
//!
//! Input: the set of queries. Output: [`WatchEvent`]s: changed answers,
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
//!   once when one of them is answered or the token changes. Then every other answer is read once more, too.
//! - A blocking query exceeds its time limit: this is not an error, and it is sent again at once.
//!
//! # Restarts
//! Consul keeps the connection of a long poll after its process has gone. `connection_record.rs` says which connections the
//! process may occupy, a [`Recorder`] writes it to the state directory, and the schedule of the next process counts them.
//!
//! `schedule.rs` decides, `driver.rs` sends.

mod connection_file;
mod connection_record;
mod cursor;
mod driver;
mod event;
mod recorder;
mod rules;
mod schedule;
mod suspension;
#[cfg(test)]
mod tests;

pub use connection_file::ConnectionFile;
pub use connection_record::KeptConnections;
pub use event::WatchEvent;
pub use recorder::Recorder;
pub use rules::{Pauses, Rules};
pub use schedule::{long_polls, shared_prefixes};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::query::Query;
use crate::source::Source;
use driver::{Command, Driver};

/// The capacity of the event channel; when it is full, no further requests are sent.
const EVENTS: usize = 2048;

/// Owns the task that follows queries. Dropping the watcher ends the task and its requests.
pub struct Watcher<S> {
    commands: mpsc::UnboundedSender<Command<S>>,
    is_busy: AtomicBool,
    _task: JoinSet<()>,
}

impl<S: Source> Watcher<S> {
    /// Creates a watcher that follows no query, and the receiver of its events.
    pub fn new(source: S, rules: Rules) -> (Self, mpsc::Receiver<WatchEvent>) {
        Self::with_capacity(source, rules, EVENTS)
    }

    /// Creates a watcher that records which connections it occupies.
    pub fn recording(
        source: S,
        rules: Rules,
        recorder: Recorder,
    ) -> (Self, mpsc::Receiver<WatchEvent>) {
        Self::with(source, rules, recorder, EVENTS)
    }

    fn with_capacity(
        source: S,
        rules: Rules,
        capacity: usize,
    ) -> (Self, mpsc::Receiver<WatchEvent>) {
        Self::with(source, rules, Recorder::default(), capacity)
    }

    fn with(
        source: S,
        rules: Rules,
        recorder: Recorder,
        capacity: usize,
    ) -> (Self, mpsc::Receiver<WatchEvent>) {
        let (events, receiver) = mpsc::channel(capacity);
        let (commands, obeyed) = mpsc::unbounded_channel();
        let mut task = JoinSet::new();
        task.spawn(Driver::new(source, rules, recorder, (obeyed, events)).run());
        let watcher = Self {
            commands,
            is_busy: AtomicBool::new(false),
            _task: task,
        };
        (watcher, receiver)
    }

    /// Switches to another source or other rules. Every query starts over. Returns the receiver of the events from now on:
    /// those that the receiver before still has are of the source before, and must not be taken for those of the new one.
    #[must_use]
    pub fn use_client(&mut self, source: S, rules: Rules) -> mpsc::Receiver<WatchEvent> {
        let (events, receiver) = mpsc::channel(EVENTS);
        self.send(Command::UseClient(source, rules, events));
        receiver
    }

    /// Sets whether the receiver is busy with events. While it is busy, queries with a new answer are
    /// not polled again: further answers could not be used yet, and polling competes for the CPU.
    pub fn set_busy(&self, is_busy: bool) {
        if self.is_busy.swap(is_busy, Ordering::Relaxed) != is_busy {
            self.send(Command::SetBusy(is_busy));
        }
    }

    /// Reads every answer with the new token, because the token of the source was replaced.
    pub fn token_changed(&self) {
        self.send(Command::TokenChanged);
    }

    /// Requests the present answer of the leader soon. It is reported even if it has not changed.
    pub fn read_again(&self, query: &Arc<Query>) {
        self.send(Command::ReadAgain(Arc::clone(query)));
    }

    /// Follows these queries and no others. A query that was followed before continues without
    /// interruption.
    pub fn follow_exactly(&mut self, wanted: &BTreeSet<Arc<Query>>) {
        self.send(Command::Follow(wanted.clone()));
    }

    /// Ends all requests, and records which connections the servers keep.
    pub async fn finish(self) {
        let (done, ended) = oneshot::channel();
        self.send(Command::End(done));
        // Without an answer, the task has ended before.
        let _ = ended.await;
    }

    fn send(&self, command: Command<S>) {
        // The task ends only when the receiver of the events is dropped; then nothing has to be followed.
        let _ = self.commands.send(command);
    }
}
