//! The change budget of a file, as written: `max_change { lines = 200, fraction = 0.5 }`.

use std::time::Duration;

use config_blocks::{Block, Input, Reason, Setting, Value, ValueError, one_line, value};
use group_apply::options::MaxChange;
use policy_values::Fraction;

/// `max_change { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct MaxChangeBlock {
    /// Maximum number of lines that one change may remove or replace
    pub(crate) lines: Setting<u32>,
    /// Maximum part of the lines of the file, from 0 to 1
    pub(crate) fraction: Setting<Fraction>,
    /// Accept a larger change if it stays the same for this time
    #[key(default = "never")]
    pub(crate) confirm_for: Setting<Duration>,
}

impl Value for MaxChangeBlock {
    fn from_input(_input: &Input) -> Result<Self, Reason> {
        Err(ValueError::NoFlag.into())
    }

    fn shown(&self) -> Option<String> {
        one_line(self)
    }
}

impl From<MaxChangeBlock> for MaxChange {
    fn from(block: MaxChangeBlock) -> Self {
        Self {
            lines: value(block.lines),
            fraction: value(block.fraction),
            confirm_for: value(block.confirm_for),
        }
    }
}
