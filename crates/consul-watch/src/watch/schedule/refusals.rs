//! The limit of long polls after the server has refused connections: it falls at once, and rises again in steps.

use std::time::{Duration, Instant};

/// The interval after which the limit of long polls rises again when the server has refused some. It doubles each time
/// that the server refuses more.
const RECOVERY_INTERVAL: Duration = Duration::from_secs(10);
/// The longest such interval.
const MAX_RECOVERY_INTERVAL: Duration = Duration::from_secs(600);
/// The time in which refusals count as one.
const ONE_REFUSAL: Duration = Duration::from_secs(2);
/// The number by which it rises.
const RECOVERY_STEP: usize = 8;
/// The number of long polls that refusals leave.
const MIN_LONG: usize = 4;

/// The refusals of the server; `None`: there was none.
#[derive(Debug, Default)]
pub(super) struct Refusals(Option<Refused>);

/// The server has refused connections.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// The maximum number of long polls.
    most: usize,
    /// The time of the first of the refusals that count as one.
    at: Instant,
    interval: Duration,
    /// The time at which the maximum rises.
    next: Instant,
}

impl Refusals {
    /// The maximum number of long polls. `own`: that without refusals.
    pub(super) fn limit(&self, own: usize) -> usize {
        self.0.map_or(own, |refused| refused.most.min(own))
    }

    /// Lets the limit rise if it is time.
    pub(super) fn rise(&mut self, own: usize, now: Instant) {
        let refused = self.0.as_mut();
        if let Some(refused) = refused.filter(|refused| now >= refused.next && refused.most < own) {
            refused.most += RECOVERY_STEP;
            refused.next = now + refused.interval;
        }
    }

    /// The time at which the limit rises.
    pub(super) fn next_rise(&self, own: usize) -> Option<Instant> {
        let refused = self.0.filter(|refused| refused.most < own);
        refused.map(|refused| refused.next)
    }

    /// Lowers the limit. Refusals at about the same time count as one: the number of long polls falls with each of them, so
    /// it tells nothing about the server after the first. `long`: the number of long polls without the refused one.
    pub(super) fn refused(&mut self, long: usize, now: Instant) {
        let most = ((long + 1) * 3 / 4).max(MIN_LONG);
        self.0 = Some(match self.0 {
            Some(before) if now < before.at + ONE_REFUSAL => Refused {
                next: now + before.interval,
                ..before
            },
            before => {
                let recent = before.filter(|before| now < before.at + MAX_RECOVERY_INTERVAL * 2);
                let interval = recent.map_or(RECOVERY_INTERVAL, |before| {
                    (before.interval * 2).min(MAX_RECOVERY_INTERVAL)
                });
                Refused {
                    most: before.map_or(most, |before| before.most.min(most)),
                    at: now,
                    interval,
                    next: now + interval,
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_lower_the_limit_and_it_rises_again() {
        let mut now = Instant::now();
        let mut refusals = Refusals::default();
        refusals.refused(39, now);
        assert_eq!(refusals.limit(54), 30);
        let mut before = 30;
        while refusals.next_rise(54).is_some() {
            now += RECOVERY_INTERVAL;
            refusals.rise(54, now);
            let most = refusals.limit(54);
            assert!(most > before);
            before = most;
        }
        assert_eq!(before, 54);
    }

    /// Each of them lowered the limit again, so 4 were left.
    #[test]
    fn long_polls_that_are_refused_at_the_same_time_count_as_one_refusal() {
        let mut now = Instant::now();
        let mut refusals = Refusals::default();
        (0..54).rev().for_each(|long| refusals.refused(long, now));
        assert_eq!(refusals.limit(54), 40);
        // The server still refuses some of them.
        now += ONE_REFUSAL;
        (20..40).rev().for_each(|long| refusals.refused(long, now));
        assert_eq!(refusals.limit(54), 30);
    }
}
