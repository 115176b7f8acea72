//! How long to wait before something that failed is tried again.

use std::time::Duration;

/// The wait after the first failure, before jitter.
const FIRST: Duration = Duration::from_secs(1);
/// No wait is longer.
const MOST: Duration = Duration::from_secs(5 * 60);

/// The wait after `failures` failures in a row: doubling from 1 s to 5 min, of which jitter takes up to a half away.
///
/// `jitter` is between 0 (wait half as long) and 1 (wait all of it).
pub fn wait_after(failures: u32, jitter: f64) -> Duration {
    let doubled = 1u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    let whole = FIRST.saturating_mul(doubled).min(MOST);
    let jitter = if jitter.is_nan() {
        1.0
    } else {
        jitter.clamp(0.0, 1.0)
    };
    whole.mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_doubles_up_to_five_minutes() {
        let waits: Vec<_> = (1..=12)
            .map(|failures| wait_after(failures, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(failures: u32, jitter: f64) {
            let wait = wait_after(failures, jitter);
            prop_assert!(wait >= FIRST / 2 && wait <= MOST, "{wait:?}");
            prop_assert!(wait <= wait_after(failures, 1.0));
        }
    }
}
