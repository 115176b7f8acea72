//! Proves that the loop of the daemon turns, as the keep-alive messages for systemd's watchdog do.
//!
//! Input: a call for each turn of the loop. Output: whether it turns.
//!
//! The server asks, and the next turn answers: an idle daemon does not wake up to say that it is alive.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// The time since the last turn within which nothing is asked: requests wake the loop once a second at most.
const FRESH: Duration = Duration::from_secs(1);

/// The time in which the loop must turn when it is asked.
pub(super) const TURN_TIMEOUT: Duration = Duration::from_secs(2);

/// The turns of the loop.
#[derive(Debug)]
pub struct Pulse {
    asked: Notify,
    /// The time of the last turn.
    turns: watch::Sender<Instant>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            asked: Notify::new(),
            turns: watch::Sender::new(Instant::now()),
        }
    }
}

impl Pulse {
    /// Records a turn of the loop.
    pub fn turned(&self) {
        if self.turns.receiver_count() > 0 {
            self.turns.send_replace(Instant::now());
        }
    }

    /// Waits until the loop is asked to turn.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }
}

/// A reader of the turns.
#[derive(Clone, Debug)]
pub(super) struct Heartbeat {
    pulse: Arc<Pulse>,
    turns: watch::Receiver<Instant>,
}

impl Heartbeat {
    /// Creates a reader.
    pub(super) fn new(pulse: &Arc<Pulse>) -> Self {
        Self {
            pulse: Arc::clone(pulse),
            turns: pulse.turns.subscribe(),
        }
    }

    /// Returns `true` if the loop has turned a moment ago, or turns when it is asked.
    pub(super) async fn is_beating(&mut self) -> bool {
        let last = *self.turns.borrow_and_update();
        if last.elapsed() < FRESH {
            return true;
        }
        self.pulse.asked.notify_one();
        let turned = timeout(TURN_TIMEOUT, self.turns.changed()).await;
        turned.is_ok_and(|turned| turned.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_turns_when_asked_beats_and_one_that_hangs_does_not() {
        let pulse = Arc::new(Pulse::default());
        let mut heartbeat = Heartbeat::new(&pulse);
        assert!(heartbeat.is_beating().await, "it has just begun");

        tokio::time::advance(FRESH).await;
        let turning = {
            let pulse = Arc::clone(&pulse);
            tokio::spawn(async move {
                pulse.asked().await;
                pulse.turned();
            })
        };
        assert!(heartbeat.is_beating().await);
        turning.await.unwrap();
        let asked = Instant::now();
        assert!(heartbeat.is_beating().await, "it is not asked again");

        tokio::time::advance(FRESH).await;
        assert!(!heartbeat.is_beating().await);
        assert_eq!(asked.elapsed(), FRESH + TURN_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_reader_no_turn_is_recorded() {
        let pulse = Pulse::default();
        tokio::time::advance(FRESH).await;
        pulse.turned();
        assert_eq!(pulse.turns.borrow().elapsed(), FRESH);
    }
}
