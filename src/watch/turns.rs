//! Fairness between the queries of one watcher: limits which queries are sent and which may block.

use std::sync::{Arc, Once};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

use super::count::CountGuard;

/// The maximum number of queries that wait for their first answer at the same time. Such requests
/// are short, but there may be thousands.
const FIRST_ANSWERS: usize = 8;
/// The maximum time that a blocking query waits for queries without an answer. Consul limits the
/// connections per host. An existing answer may be current, but a missing one keeps a file from
/// being written.
const YIELD_TO_FIRST_ANSWERS: Duration = Duration::from_secs(2);
/// The maximum time that a query blocks while others wait for their turn.
pub(super) const CROWDED_WAIT: Duration = Duration::from_secs(2);

/// The limits that all followers share; a clone refers to the same limits.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    first_answers: Arc<Semaphore>,
    polls: Arc<Semaphore>,
    /// The maximum number of queries that block at the same time.
    budget: usize,
    /// The number of followed queries.
    followers: watch::Sender<usize>,
    /// The number of queries that wait for a first answer.
    without_answer: watch::Sender<usize>,
    /// Logs once that queries take turns.
    crowded: Arc<Once>,
}

impl Turns {
    /// Creates limits with a number of queries that may block at the same time.
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

    /// Waits until all queries have an answer, for a limited time.
    pub(super) async fn yield_to_first_answers(&self) {
        if *self.without_answer.borrow() > 0 {
            let mut others = self.without_answer.subscribe();
            let _ = timeout(YIELD_TO_FIRST_ANSWERS, others.wait_for(|count| *count == 0)).await;
        }
    }

    /// Waits for the permit to send a query that is answered at once.
    pub(super) async fn first_answer(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed; if it were, sending without a permit would be right.
        Arc::clone(&self.first_answers).acquire_owned().await.ok()
    }

    /// Waits for the permit to block.
    pub(super) async fn block(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(turn) = self.polls.try_acquire() {
            return Some(turn);
        }
        self.crowded.call_once(|| {
            tracing::warn!(
                name: "queries.take_turns", polls = self.budget,
                "only {} queries can block at the same time and the others take turns, because the limit of open \
                 files is low; raise it (ulimit -n, LimitNOFILE= in a systemd unit)",
                self.budget
            );
        });
        self.polls.acquire().await.ok()
    }

    /// The time that a query may block. `wait` is its limit without competing queries.
    pub(super) fn wait(&self, wait: Duration) -> Duration {
        if *self.followers.borrow() > self.budget {
            wait.min(CROWDED_WAIT)
        } else {
            wait
        }
    }
}
