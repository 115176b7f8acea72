//! The change budget of a file, as written.

use std::time::Duration;

use answer_guard::Fraction;
use config_blocks::{
    Block, Error, FromNode, Input, Node, Position, Reason, Setting, Shape, Value, value,
};
use go_duration::GoDuration;

use crate::config::error::ValueError;
use crate::config::max_change::MaxChange;

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
        Err(ValueError::NoFlag.into())
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
