//! The collapse guard, as written: a block, or `true` or `false`.

use std::time::Duration;

use answer_guard::Fraction;
use config_blocks::{
    Block, Error, FromNode, Input, Node, Position, Reason, Setting, Shape, Tree, Value, value,
};
use go_duration::GoDuration;

use crate::config::error::ValueError;
use crate::config::guard::GuardBlock;

/// `guard { … }`
#[derive(Block, Clone, Debug, Default)]
struct GuardKeys {
    /// Maximum part of the items that an answer may lose, from 0 to 1; 1: only the loss of all items is held back
    #[key(default = "0.5")]
    max_drop: Setting<Fraction>,
    /// Number of items from which `max_drop` applies
    #[key(default = "4")]
    min_items: Setting<u32>,
    /// Accept a loss when it was confirmed for this time
    #[key(default = "\"10s\"")]
    confirm_for: Setting<Duration>,
}

impl FromNode for GuardBlock {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        if let Tree::Bool(is_on) = node.value {
            return Ok(Self {
                is_on: Some(is_on),
                ..Self::default()
            });
        }
        let GuardKeys {
            max_drop,
            min_items,
            confirm_for,
        } = GuardKeys::from_node(node, position)?;
        Ok(Self {
            is_on: Some(true),
            max_drop: value(max_drop),
            min_items: value(min_items),
            confirm_for: value(confirm_for),
        })
    }

    fn shape() -> Shape {
        Shape {
            bool: true,
            ..GuardKeys::shape()
        }
    }
}

impl Value for GuardBlock {
    fn from_input(_input: &Input) -> Result<Self, Reason> {
        Err(ValueError::NoFlag.into())
    }

    fn shown(&self) -> Option<String> {
        let Self {
            is_on,
            max_drop,
            min_items,
            confirm_for,
        } = self;
        if *is_on == Some(false) {
            return Some("false".to_owned());
        }
        let keys = [
            max_drop.map(|part| format!("max_drop = {}", part.number())),
            min_items.map(|items| format!("min_items = {items}")),
            confirm_for.map(|time| format!("confirm_for = \"{}\"", GoDuration(time))),
        ];
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        if keys.is_empty() {
            return is_on.map(|is_on| is_on.to_string());
        }
        Some(format!("{{ {} }}", keys.join(", ")))
    }

    fn over(self, lower: Self) -> Self {
        GuardBlock::over(self, lower)
    }
}
