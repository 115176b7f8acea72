//! The backoff between retries. Pauses double from a first to a longest one, with jitter, so that
//! simultaneous failures are not retried simultaneously.

use std::time::Duration;

/// The parameters of a backoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// The fraction of a pause that jitter may remove, from 0 to 1.
    pub jitter: f64,
}

impl Backoff {
    /// The pause after a number of consecutive failures. `random` is between 0 (shortest pause) and
    /// 1 (longest).
    #[must_use]
    pub fn pause(&self, failures: u32, random: f64) -> Duration {
        let doubled = 1_u32
            .checked_shl(failures.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let random = if random.is_nan() {
            1.0
        } else {
            random.clamp(0.0, 1.0)
        };
        whole.mul_f64(1.0 - self.jitter * (1.0 - random))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMANDS: Backoff = Backoff {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(300),
        jitter: 0.5,
    };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (1..=12)
            .map(|failures| COMMANDS.pause(failures, 1.0).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert_eq!(COMMANDS.pause(u32::MAX, 1.0), COMMANDS.longest);
    }

    #[test]
    fn a_pause_is_never_zero() {
        let queries = Backoff {
            jitter: 0.9,
            ..COMMANDS
        };
        for failures in 0..100 {
            assert!(queries.pause(failures, 0.0) > Duration::ZERO);
        }
    }

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(failures: u32, random: f64) {
            let pause = COMMANDS.pause(failures, random);
            prop_assert!(pause >= COMMANDS.first / 2 && pause <= COMMANDS.longest, "{pause:?}");
            prop_assert!(pause <= COMMANDS.pause(failures, 1.0));
        }
    }
}
