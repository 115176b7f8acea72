//! The change budget of a file: `max_change { lines = 200, fraction = 0.5 }`.

use std::time::Duration;

use answer_guard::Fraction;
use config_blocks::{
    Block, Error, FromNode, Input, Node, Position, Reason, Setting, Shape, Value, value,
};
use go_duration::GoDuration;

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

/// A change budget that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaxChangeError {
    /// It has no limit.
    #[error(
        "it limits nothing without lines or fraction; write for example max_change {{ fraction = 0.5 }}"
    )]
    NoLimit,
    /// It accepts every change at once.
    #[error(
        "confirm_for = \"0s\" would accept every change at once; set a longer time, for example 15m, or leave it out"
    )]
    NoConfirmation,
    /// It is set by a flag.
    #[error("no flag sets this block; write it into a file")]
    NoFlag,
}

impl MaxChange {
    /// Refuses a budget that has no limit, or accepts every change at once.
    ///
    /// # Errors
    /// [`MaxChangeError`]
    pub fn checked(&self) -> Result<(), MaxChangeError> {
        if self.lines.is_none() && self.fraction.is_none() {
            return Err(MaxChangeError::NoLimit);
        }
        if self.confirm_for == Some(Duration::ZERO) {
            return Err(MaxChangeError::NoConfirmation);
        }
        Ok(())
    }

    /// Returns `true` if a change that removes this many of the lines of a file is above a limit. A changed line counts as a
    /// removed one.
    #[must_use]
    pub fn is_exceeded(&self, removed: usize, lines: usize) -> bool {
        let is_above_lines = self
            .lines
            .is_some_and(|most| removed as u128 > u128::from(most));
        let is_above_fraction = self
            .fraction
            .is_some_and(|most| most.is_exceeded(removed, lines));
        is_above_lines || is_above_fraction
    }
}

/// `max_change { … }`
#[derive(Block, Clone, Debug, Default)]
struct MaxChangeKeys {
    /// Maximum number of lines that one change may remove or replace
    lines: Setting<u32>,
    /// Maximum part of the lines of the file, from 0 to 1
    fraction: Setting<Fraction>,
    /// Accept a larger change if it stays the same for this time
    #[key(default = "never")]
    confirm_for: Setting<Duration>,
}

impl FromNode for MaxChange {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let MaxChangeKeys {
            lines,
            fraction,
            confirm_for,
        } = MaxChangeKeys::from_node(node, position)?;
        Ok(Self {
            lines: value(lines),
            fraction: value(fraction),
            confirm_for: value(confirm_for),
        })
    }

    fn shape() -> Shape {
        MaxChangeKeys::shape()
    }
}

impl Value for MaxChange {
    fn from_input(_input: &Input) -> Result<Self, Reason> {
        Err(MaxChangeError::NoFlag.into())
    }

    fn shown(&self) -> Option<String> {
        let Self {
            lines,
            fraction,
            confirm_for,
        } = self;
        let keys = [
            lines.map(|lines| format!("lines = {lines}")),
            fraction.map(|fraction| format!("fraction = {}", fraction.number())),
            confirm_for.map(|time| format!("confirm_for = \"{}\"", GoDuration(time))),
        ];
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        (!keys.is_empty()).then(|| format!("{{ {} }}", keys.join(", ")))
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
