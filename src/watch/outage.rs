//! What the followers of one Consul share while it cannot answer.
//!
//! Everybody who fails waits, but one of them asks often; its success wakes all the others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

use crate::config::resolved::Pauses;

/// Shared by all followers; a clone is the same outage.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    scout: Arc<Semaphore>,
    recoveries: watch::Sender<u64>,
}

/// Whoever holds it asks often.
#[derive(Debug)]
pub(super) struct Prober(
    #[expect(
        dead_code,
        reason = "held, never read: dropping it lets another one be the scout"
    )]
    OwnedSemaphorePermit,
);

impl Outage {
    pub(super) fn new() -> Self {
        Self {
            scout: Arc::new(Semaphore::new(1)),
            recoveries: watch::Sender::new(0),
        }
    }

    /// Become the one who asks often, if nobody is.
    pub(super) fn scout(&self) -> Option<Prober> {
        Arc::clone(&self.scout).try_acquire_owned().ok().map(Prober)
    }

    /// The longest pause, for the scout or for another.
    pub(super) fn longest_pause(pauses: &Pauses, scout: Option<&Prober>) -> Duration {
        if scout.is_some() {
            pauses.scout
        } else {
            pauses.longest
        }
    }

    /// A listener that hears of recoveries from now on.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.recoveries.subscribe()
    }

    /// Somebody was answered again: wakes everybody who waits.
    pub(super) fn recovered(&self) {
        self.recoveries.send_modify(|count| *count += 1);
    }
}

/// Waits for this long, or until what is counted happens again, as that somebody else is answered. `true`: it did.
pub(super) async fn wait(pause: Duration, count: &mut watch::Receiver<u64>) -> bool {
    tokio::select! {
        () = sleep(pause) => false,
        heard = count.changed() => {
            // The sender lives in every follower, this one included: it cannot be gone.
            heard.is_ok()
        }
    }
}
