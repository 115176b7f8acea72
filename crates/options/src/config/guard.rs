//! The collapse guard: `guard { max_drop = 0.5, min_items = 4, confirm_for = "10s" }`, or `guard = false`.

use std::time::Duration;

use answer_guard::{Fraction, GuardConfig};

/// The keys of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardBlock {
    /// The guard is on. A block turns it on.
    pub is_on: Option<bool>,
    /// The maximum part of the items that an answer may lose.
    pub max_drop: Option<Fraction>,
    /// The number of items from which `max_drop` applies.
    pub min_items: Option<u32>,
    /// The time for which a loss has to be confirmed.
    pub confirm_for: Option<Duration>,
}

impl GuardBlock {
    /// Layers it over the keys of a lower layer.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self {
            is_on: self.is_on.or(lower.is_on),
            max_drop: self.max_drop.or(lower.max_drop),
            min_items: self.min_items.or(lower.min_items),
            confirm_for: self.confirm_for.or(lower.confirm_for),
        }
    }

    /// The guard; a key that is not set is that of `other`.
    #[must_use]
    pub fn or(self, other: GuardConfig) -> GuardConfig {
        GuardConfig {
            is_on: self.is_on.unwrap_or(other.is_on),
            max_drop: self.max_drop.unwrap_or(other.max_drop),
            min_items: self.min_items.unwrap_or(other.min_items),
            confirm_for: self.confirm_for.unwrap_or(other.confirm_for),
        }
    }
}
