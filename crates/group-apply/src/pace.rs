//! Limits how often the command of a group runs.
//!
//! Input: the times at which it starts and ends. Output: the earliest time of the next start.

use std::time::{Duration, Instant};

use crate::options::ReloadRate;

/// The minimum pause between two runs of a command.
///
/// A program may lose a reload request that arrives during a reload. HAProxy 2.6 does, and keeps
/// the old configuration. Changes during the cooldown are applied when it ends.
pub const COMMAND_COOLDOWN: Duration = Duration::from_millis(500);

/// The recent runs of a command, reduced to what limits the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The end of the cooldown; `None` before the end of the first run.
    cooldown_end: Option<Instant>,
    /// The time at which all runs so far would have started if they had followed each other at the
    /// configured rate, and the next one could start without using the burst.
    regular: Option<Instant>,
}

impl Pace {
    /// Records a start.
    pub(crate) fn started(&mut self, rate: Option<ReloadRate>, now: Instant) {
        self.regular = rate.map(|rate| self.regular.map_or(now, |at| at.max(now)) + interval(rate));
    }

    /// Records the end of a run.
    pub(crate) fn ended(&mut self, now: Instant) {
        self.cooldown_end = Some(now + COMMAND_COOLDOWN);
    }

    /// Returns the pace with the later limits of both.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            cooldown_end: self.cooldown_end.max(other.cooldown_end),
            regular: self.regular.max(other.regular),
        }
    }

    /// The earliest start, not before `now`.
    pub(crate) fn earliest(&self, rate: Option<ReloadRate>, now: Instant) -> Instant {
        let by_rate = rate.zip(self.regular).and_then(|(rate, regular)| {
            let ahead = interval(rate) * rate.burst.saturating_sub(1);
            regular.checked_sub(ahead)
        });
        let limits = [self.cooldown_end, by_rate];
        limits.into_iter().flatten().fold(now, Instant::max)
    }

    /// Returns `true` if the recent runs do not delay the next one any more.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        [self.cooldown_end, self.regular]
            .into_iter()
            .flatten()
            .all(|until| until <= now)
    }
}

/// The regular distance of two starts.
fn interval(rate: ReloadRate) -> Duration {
    rate.period / rate.count.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(count: u32, seconds: u64, burst: u32) -> ReloadRate {
        ReloadRate {
            count,
            period: Duration::from_secs(seconds),
            burst,
        }
    }

    #[test]
    fn a_burst_is_followed_by_the_regular_rate() {
        let (begin, rate) = (Instant::now(), Some(rate(1, 10, 3)));
        let (mut pace, mut now, mut starts) = (Pace::default(), begin, Vec::new());
        for _ in 0..5 {
            now = pace.earliest(rate, now);
            pace.started(rate, now);
            pace.ended(now);
            starts.push((now - begin).as_millis());
        }
        assert_eq!(starts, [0, 500, 1000, 10_000, 20_000]);
    }

    #[test]
    fn without_a_rate_only_the_cooldown_counts() {
        let (now, mut pace) = (Instant::now(), Pace::default());
        assert_eq!(pace.earliest(None, now), now);
        pace.started(None, now);
        assert_eq!(pace.earliest(None, now), now);
        pace.ended(now);
        assert_eq!(pace.earliest(None, now), now + COMMAND_COOLDOWN);
        assert!(!pace.is_over(now) && pace.is_over(now + COMMAND_COOLDOWN));
    }

    proptest! {
        /// Runs are requested at random times.
        #[test]
        fn no_window_has_more_starts_than_the_rate_permits(
            (count, seconds, burst) in (1u32..5, 1u64..60, 1u32..5),
            gaps in prop::collection::vec(0u64..30_000, 1..60),
        ) {
            let rate = rate(count, seconds, burst);
            let (mut pace, mut now, mut starts) = (Pace::default(), Instant::now(), Vec::new());
            for gap in gaps {
                now = pace.earliest(Some(rate), now + Duration::from_millis(gap));
                pace.started(Some(rate), now);
                pace.ended(now);
                starts.push(now);
            }
            let period = rate.period;
            for (at, first) in starts.iter().enumerate() {
                let within = starts[at..].iter().filter(|start| **start < *first + period).count();
                prop_assert!(within <= (burst + count) as usize, "{within} starts in {period:?}");
            }
        }
    }
}
