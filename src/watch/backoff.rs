//! How long to wait before asking again: doubling from a first pause to a longest one, with full jitter, so that
//! many who failed at the same moment do not come back at the same moment.

use std::time::Duration;

use crate::config::resolved::Pauses;

/// Counts failures in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    first: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(pauses: &Pauses) -> Self {
        Self {
            first: pauses.first,
            failures: 0,
        }
    }

    /// The next pause, at most `cap`. `random` is at least 0 and below 1.
    pub(super) fn next(&mut self, cap: Duration, random: f64) -> Duration {
        let full = self
            .first
            .saturating_mul(1 << self.failures.min(16))
            .min(cap);
        self.failures = self.failures.saturating_add(1);
        // TlsTransport jitter, but never so little that the pause is none.
        full.mul_f64(0.1 + 0.9 * random)
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_start_over_after_a_success() {
        let Pauses { first, longest, .. } = Pauses::DEFAULT;
        let mut backoff = Backoff::new(&Pauses::DEFAULT);
        let pauses: Vec<_> = (0..12).map(|_| backoff.next(longest, 0.999_999)).collect();
        assert!(pauses.is_sorted());
        assert!(
            pauses[0] <= first && pauses[11] <= longest && pauses[11] > Duration::from_secs(59)
        );
        backoff.reset();
        assert!(backoff.next(longest, 0.999_999) <= first);
    }

    #[test]
    fn a_pause_is_never_nothing_and_never_above_the_cap() {
        let mut backoff = Backoff::new(&Pauses::DEFAULT);
        for _ in 0..100 {
            let pause = backoff.next(Duration::from_secs(1), 0.0);
            assert!(pause > Duration::ZERO && pause <= Duration::from_secs(1));
        }
    }
}
