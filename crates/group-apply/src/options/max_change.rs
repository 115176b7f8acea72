//! The change budget of a file.

use std::time::Duration;

use policy_values::Fraction;

/// The most that a file may lose in one change. A change that removes more is parked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxChange {
    /// The maximum number of removed lines; `None`: no limit.
    pub lines: Option<u32>,
    /// The maximum part of the lines that is removed; `None`: no limit.
    pub fraction: Option<Fraction>,
    /// The time after which a change that stays the same is accepted; `None`: only another content replaces it.
    pub confirm_for: Option<Duration>,
}

impl MaxChange {
    /// Returns `true` if a change that removes this many of the lines of a file is above a limit. A changed line counts as a
    /// removed one.
    #[must_use]
    pub(crate) fn is_exceeded(&self, removed: usize, lines: usize) -> bool {
        let is_above_lines = self
            .lines
            .is_some_and(|most| removed as u128 > u128::from(most));
        let is_above_fraction = self
            .fraction
            .is_some_and(|most| most.is_exceeded(removed, lines));
        is_above_lines || is_above_fraction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_above_the_budget_if_it_removes_more() {
        let budget = |lines, fraction: Option<f64>| MaxChange {
            lines,
            fraction: fraction.map(|number| Fraction::of(number).expect("a fraction")),
            confirm_for: None,
        };
        let cases = [
            (budget(Some(200), None), 200, 200, false),
            (budget(Some(200), None), 201, 9000, true),
            (budget(None, Some(0.5)), 5, 10, false),
            (budget(None, Some(0.5)), 6, 10, true),
            (budget(None, Some(0.333_333)), 1, 3, true),
            (budget(None, Some(1.0)), 10, 10, false),
            (budget(None, Some(0.0)), 0, 10, false),
            (budget(Some(200), Some(0.5)), 2, 3, true),
            (budget(Some(0), None), 1, 1, true),
            (budget(None, Some(0.5)), 0, 0, false),
            (budget(None, None), usize::MAX, usize::MAX, false),
        ];
        for (budget, removed, lines, expected) in cases {
            assert_eq!(
                budget.is_exceeded(removed, lines),
                expected,
                "{budget:?} {removed} of {lines}"
            );
        }
    }
}
