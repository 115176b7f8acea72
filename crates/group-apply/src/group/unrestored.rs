//! Previous files that could not be restored: when this is tried again.

use std::time::{Duration, Instant};

use crate::debts::RETRY;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Files that could not be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unrestored {
    /// The number of consecutive failures.
    failures: u32,
    /// The time of the next attempt; `None`: there is none.
    pub(super) retry: Option<Instant>,
}

impl Unrestored {
    /// Creates the state of files that an earlier process could not restore.
    pub(super) fn of_earlier_process(now: Instant) -> Self {
        Self {
            failures: 0,
            retry: Some(now),
        }
    }

    /// Creates the state after another failure, with the pause until the next attempt; `None`: there is none, because it
    /// is not repeated. `jitter` is a random number between 0 and 1.
    pub(super) fn after(
        before: Option<Self>,
        is_repeated: bool,
        now: Instant,
        jitter: f64,
    ) -> (Self, Option<Duration>) {
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let pause = is_repeated.then(|| RETRY.pause(failures, jitter).min(LONGEST_PAUSE));
        let retry = pause.map(|pause| now + pause);
        (Self { failures, retry }, pause)
    }
}
