//! The collapse guard, as written: `guard { max_drop = 0.5, min_items = 4, confirm_for = "10s" }`, or `true` or `false`.

use std::time::Duration;

use config_blocks::{Block, Setting};
use policy_values::Fraction;

/// `guard { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct GuardBlock {
    /// Maximum part of the items that an answer may lose, from 0 to 1; 1: only the loss of all items is held back
    #[key(default = "0.5")]
    pub(crate) max_drop: Setting<Fraction>,
    /// Number of items from which `max_drop` applies
    #[key(default = "4")]
    pub(crate) min_items: Setting<u32>,
    /// Accept a loss when it was confirmed for this time
    #[key(default = "\"10s\"")]
    pub(crate) confirm_for: Setting<Duration>,
}
