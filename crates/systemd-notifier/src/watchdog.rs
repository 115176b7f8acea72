//! Decides when a keep-alive message for systemd's watchdog is due.

use std::time::{Duration, Instant};

/// The interval of keep-alive messages, and the time of the next one.
#[derive(Debug)]
pub(crate) struct Watchdog {
    /// Half of systemd's timeout.
    interval: Duration,
    due: Instant,
}

impl Watchdog {
    /// Creates a watchdog from `WATCHDOG_USEC` and `WATCHDOG_PID`; `None` if it is not enabled for
    /// this process.
    pub(crate) fn new(
        microseconds: Option<&str>,
        process: Option<&str>,
        now: Instant,
    ) -> Option<Self> {
        let applies = process.is_none_or(|id| id.parse() == Ok(std::process::id()));
        let interval = Duration::from_micros(microseconds?.parse().ok()?) / 2;
        (applies && !interval.is_zero()).then_some(Self { interval, due: now })
    }

    /// Returns `true` if a message is due, and schedules the next one.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = now >= self.due;
        if is_due {
            self.due = now + self.interval;
        }
        is_due
    }

    /// Returns the time when the next message is due.
    pub(crate) fn next_wake(&self) -> Instant {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_half_of_the_timeout() {
        let now = Instant::now();
        let own = std::process::id().to_string();
        let mut watchdog =
            Watchdog::new(Some("2000000"), Some(&own), now).expect("it applies to this process");
        assert!(watchdog.is_due(now) && !watchdog.is_due(now));
        assert!(!watchdog.is_due(now + Duration::from_millis(999)));
        assert!(watchdog.is_due(now + Duration::from_secs(1)));
        for (microseconds, process) in [
            (None, None),
            (Some("0"), None),
            (Some("x"), None),
            (Some("2000000"), Some("1")),
        ] {
            assert!(
                Watchdog::new(microseconds, process, now).is_none(),
                "{microseconds:?} {process:?}"
            );
        }
    }
}
