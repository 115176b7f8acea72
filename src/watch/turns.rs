//! Fairness between the queries of one watcher: which may be sent, and which may block.

use std::sync::{Arc, Once};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

use super::count::CountGuard;

/// How many queries may wait for their first answer at the same time: such requests are short, and there may be
/// thousands.
const FIRST_ANSWERS: usize = 8;
/// How long a blocking query leaves its connection to queries without an answer. Consul limits the connections of a
/// host; an answer that is there may be current, one that is missing keeps a file from being written.
const YIELD_TO_FIRST_ANSWERS: Duration = Duration::from_secs(2);
/// How long a query blocks while others wait for their turn.
pub(super) const CROWDED_WAIT: Duration = Duration::from_secs(2);

/// Shared by all followers; a clone is the same.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    first_answers: Arc<Semaphore>,
    polls: Arc<Semaphore>,
    /// How many queries may block at the same time.
    budget: usize,
    /// How many queries are followed.
    followers: watch::Sender<usize>,
    /// How many queries wait for a first answer.
    without_answer: watch::Sender<usize>,
    /// Warns once that queries take turns.
    crowded: Arc<Once>,
}

impl Turns {
    /// Creates turns with a number of queries that may block at the same time.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            first_answers: Arc::new(Semaphore::new(FIRST_ANSWERS)),
            polls: Arc::new(Semaphore::new(budget.clamp(1, Semaphore::MAX_PERMITS))),
            budget,
            followers: watch::Sender::new(0),
            without_answer: watch::Sender::new(0),
            crowded: Arc::new(Once::new()),
        }
    }

    /// Counts a query as followed.
    pub(super) fn follow(&self) -> CountGuard {
        CountGuard::begin(&self.followers)
    }

    /// Counts a query that waits for its first answer.
    pub(super) fn await_first_answer(&self) -> CountGuard {
        CountGuard::begin(&self.without_answer)
    }

    /// Waits a while for queries without an answer.
    pub(super) async fn yield_to_first_answers(&self) {
        if *self.without_answer.borrow() > 0 {
            let mut others = self.without_answer.subscribe();
            let _ = timeout(YIELD_TO_FIRST_ANSWERS, others.wait_for(|count| *count == 0)).await;
        }
    }

    /// Waits for the right to send a query that is answered at once.
    pub(super) async fn first_answer(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed; without a permit, sending the query is right.
        Arc::clone(&self.first_answers).acquire_owned().await.ok()
    }

    /// Waits for the right to block.
    pub(super) async fn block(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(turn) = self.polls.try_acquire() {
            return Some(turn);
        }
        self.crowded.call_once(|| {
            tracing::warn!(
                name: "queries.take_turns", polls = self.budget,
                "only {} queries can wait for news at the same time, and others hear of theirs later, because this \
                 process may have few files open; raise the limit (ulimit -n, LimitNOFILE= in a systemd unit)",
                self.budget
            );
        });
        self.polls.acquire().await.ok()
    }

    /// How long a query may block, if it would block this long with the connections for itself.
    pub(super) fn wait(&self, wait: Duration) -> Duration {
        if *self.followers.borrow() > self.budget {
            wait.min(CROWDED_WAIT)
        } else {
            wait
        }
    }
}
