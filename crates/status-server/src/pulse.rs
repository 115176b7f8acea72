//! Proves that the event loop of the daemon works, as the keep-alive messages for systemd's watchdog do.
//!
//! Input: a call for each iteration of the loop. Output: whether it works.
//!
//! The server wakes the loop up, and waits for the next iteration: an idle daemon does not wake up without a request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// The time after an iteration in which the loop is not woken up: requests wake it up once a second at most.
const FRESH: Duration = Duration::from_secs(1);

/// The time in which a loop that is woken up must begin an iteration.
pub(super) const WAKE_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The iterations of the loop, and the wake-ups between them.
#[derive(Debug)]
pub struct Pulse {
    wake_up: Notify,
    /// The time of the last iteration.
    iterations: watch::Sender<Instant>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            wake_up: Notify::new(),
            iterations: watch::Sender::new(Instant::now()),
        }
    }
}

impl Pulse {
    /// Records an iteration of the loop.
    pub fn record_iteration(&self) {
        if self.iterations.receiver_count() > 0 {
            self.iterations.send_replace(Instant::now());
        }
    }

    /// Waits until the loop is woken up.
    pub async fn woken_up(&self) {
        self.wake_up.notified().await;
    }
}

/// A reader of the iterations.
#[derive(Clone, Debug)]
pub(super) struct Heartbeat {
    pulse: Arc<Pulse>,
    iterations: watch::Receiver<Instant>,
}

impl Heartbeat {
    /// Creates a reader.
    pub(super) fn new(pulse: &Arc<Pulse>) -> Self {
        Self {
            pulse: Arc::clone(pulse),
            iterations: pulse.iterations.subscribe(),
        }
    }

    /// Returns `true` if the loop has begun an iteration a moment ago, or begins one when it is woken up.
    pub(super) async fn is_beating(&mut self) -> bool {
        let last = *self.iterations.borrow_and_update();
        if last.elapsed() < FRESH {
            return true;
        }
        self.pulse.wake_up.notify_one();
        let next = timeout(WAKE_UP_TIMEOUT, self.iterations.changed()).await;
        next.is_ok_and(|next| next.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_can_be_woken_up_beats_and_one_that_hangs_does_not() {
        let pulse = Arc::new(Pulse::default());
        let mut heartbeat = Heartbeat::new(&pulse);
        assert!(heartbeat.is_beating().await, "it has just begun");

        tokio::time::advance(FRESH).await;
        let iteration = {
            let pulse = Arc::clone(&pulse);
            tokio::spawn(async move {
                pulse.woken_up().await;
                pulse.record_iteration();
            })
        };
        assert!(heartbeat.is_beating().await);
        iteration.await.unwrap();
        let begun = Instant::now();
        assert!(heartbeat.is_beating().await, "it is not woken up again");

        tokio::time::advance(FRESH).await;
        assert!(!heartbeat.is_beating().await);
        assert_eq!(begun.elapsed(), FRESH + WAKE_UP_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_reader_no_iteration_is_recorded() {
        let pulse = Pulse::default();
        tokio::time::advance(FRESH).await;
        pulse.record_iteration();
        assert_eq!(pulse.iterations.borrow().elapsed(), FRESH);
    }
}
