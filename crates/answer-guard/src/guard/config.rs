//! The options of the guard.

use std::time::Duration;

use policy_values::Fraction;

/// When the loss of items in an answer is held back, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardConfig {
    /// `false`: readers see every answer at once, except those that request the guard.
    pub is_on: bool,
    /// The maximum part of the items that an answer may lose.
    pub max_drop: Fraction,
    /// The number of items from which `max_drop` applies. The loss of all items is always held back.
    pub min_items: u32,
    /// The time for which a loss has to be confirmed.
    pub confirm_for: Duration,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            is_on: true,
            max_drop: Fraction::HALF,
            min_items: 4,
            confirm_for: Duration::from_secs(10),
        }
    }
}

impl GuardConfig {
    /// The guard of two readers that share a query: each number is the stricter one.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            is_on: self.is_on || other.is_on,
            max_drop: self.max_drop.min(other.max_drop),
            min_items: self.min_items.min(other.min_items),
            confirm_for: self.confirm_for.max(other.confirm_for),
        }
    }

    /// Returns `true` if an answer that has `after` of `before` items has collapsed.
    #[must_use]
    pub(crate) fn is_collapse(&self, before: usize, after: usize) -> bool {
        let lost = before.saturating_sub(after);
        let is_emptied = before > 0 && after == 0;
        let is_large = before as u128 >= u128::from(self.min_items);
        is_emptied || (is_large && self.max_drop.is_exceeded(lost, before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_collapsed_if_it_lost_all_or_too_many_items() {
        let guard = GuardConfig::default();
        for (before, after, expected) in [
            (0, 0, false),
            (1, 0, true),
            (3, 0, true),
            (3, 1, false),
            (4, 2, false),
            (4, 1, true),
            (10, 5, false),
            (10, 4, true),
            (4, 9, false),
        ] {
            assert_eq!(
                guard.is_collapse(before, after),
                expected,
                "{before} {after}"
            );
        }
        let lenient = GuardConfig {
            max_drop: Fraction::of(1.0).expect("a fraction"),
            ..guard
        };
        assert!(!lenient.is_collapse(100, 1));
        assert!(lenient.is_collapse(100, 0));
        let strict = GuardConfig {
            max_drop: Fraction::of(0.0).expect("a fraction"),
            min_items: 0,
            ..guard
        };
        assert!(strict.is_collapse(2, 1));
        assert_eq!(
            lenient.strictest(strict),
            GuardConfig {
                max_drop: strict.max_drop,
                ..strict
            }
        );
    }
}
