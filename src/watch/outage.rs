//! What the followers of one server share while it cannot answer.
//!
//! A query that fails waits longer and longer, but one of them, the prober, retries often; its success wakes all the
//! others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

/// Shared by all followers; a clone is the same outage.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    prober: Arc<Semaphore>,
    recoveries: watch::Sender<u64>,
}

/// The right to retry often.
#[derive(Debug)]
pub(super) struct Prober(
    #[expect(
        dead_code,
        reason = "held, never read: dropping it lets another follower be the prober"
    )]
    OwnedSemaphorePermit,
);

impl Outage {
    /// Creates an outage without a prober.
    pub(super) fn new() -> Self {
        Self {
            prober: Arc::new(Semaphore::new(1)),
            recoveries: watch::Sender::new(0),
        }
    }

    /// Makes the caller the prober, if there is none.
    pub(super) fn probe(&self) -> Option<Prober> {
        let permit = Arc::clone(&self.prober).try_acquire_owned();
        permit.ok().map(Prober)
    }

    /// A listener that hears of recoveries from now on.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.recoveries.subscribe()
    }

    /// Signals recovery and wakes all followers that are backing off.
    pub(super) fn recovered(&self) {
        self.recoveries.send_modify(|count| *count += 1);
    }
}

/// Waits for a pause, or until a count changes. Returns `true` if it changed.
pub(super) async fn wait(pause: Duration, count: &mut watch::Receiver<u64>) -> bool {
    tokio::select! {
        () = sleep(pause) => false,
        heard = count.changed() => {
            // The sender lives in every follower, this one included: it cannot be gone.
            heard.is_ok()
        }
    }
}
