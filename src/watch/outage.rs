//! The state that the followers of one server share during an outage.
//!
//! A failing query retries with a growing backoff. One query, the prober, retries often; its
//! success wakes the others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

/// The shared state; a clone refers to the same outage.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    prober: Arc<Semaphore>,
    recoveries: watch::Sender<u64>,
}

/// The permit to retry often.
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

    /// Makes the caller the prober if there is none.
    pub(super) fn probe(&self) -> Option<Prober> {
        let permit = Arc::clone(&self.prober).try_acquire_owned();
        permit.ok().map(Prober)
    }

    /// Creates a listener for recoveries from now on.
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
        changed = count.changed() => {
            // Every follower, including this one, holds a sender: the channel cannot be closed.
            changed.is_ok()
        }
    }
}
