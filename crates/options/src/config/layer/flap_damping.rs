//! Flap damping, as written: a block, or `true` or `false`.

use std::time::Duration;

use answer_guard::Fraction;
use config_blocks::{
    Block, Error, FromNode, Input, Node, Position, Reason, Setting, Shape, Tree, Value, value,
};
use go_duration::GoDuration;

use crate::config::error::ValueError;
use crate::config::flap_damping::FlapDampingBlock;

/// `flap_damping { … }`
#[derive(Block, Clone, Debug, Default)]
struct FlapDampingKeys {
    /// Maximum number of times that an instance may appear, disappear or change its status within `window`
    #[key(default = "5")]
    max_toggles: Setting<u32>,
    /// Time within which these changes are counted
    #[key(default = "\"1m\"")]
    window: Setting<Duration>,
    /// End the damping of an instance when it has not changed for this time
    #[key(default = "\"5m\"")]
    stable_for: Setting<Duration>,
    /// Maximum part of the instances of a query that is damped at the same time, from 0 to 1; at least one is never damped
    #[key(default = "0.5")]
    max_damped: Setting<Fraction>,
}

impl FromNode for FlapDampingBlock {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        if let Tree::Bool(is_on) = node.value {
            return Ok(Self {
                is_on: Some(is_on),
                ..Self::default()
            });
        }
        let FlapDampingKeys {
            max_toggles,
            window,
            stable_for,
            max_damped,
        } = FlapDampingKeys::from_node(node, position)?;
        Ok(Self {
            is_on: Some(true),
            max_toggles: value(max_toggles),
            window: value(window),
            stable_for: value(stable_for),
            max_damped: value(max_damped),
        })
    }

    fn shape() -> Shape {
        Shape {
            bool: true,
            ..FlapDampingKeys::shape()
        }
    }
}

impl Value for FlapDampingBlock {
    fn from_input(_input: &Input) -> Result<Self, Reason> {
        Err(ValueError::NoFlag.into())
    }

    fn shown(&self) -> Option<String> {
        let Self {
            is_on,
            max_toggles,
            window,
            stable_for,
            max_damped,
        } = self;
        if *is_on == Some(false) {
            return Some("false".to_owned());
        }
        let time = |name: &str, time: Option<Duration>| {
            time.map(|time| format!("{name} = \"{}\"", GoDuration(time)))
        };
        let keys = [
            max_toggles.map(|toggles| format!("max_toggles = {toggles}")),
            time("window", *window),
            time("stable_for", *stable_for),
            max_damped.map(|part| format!("max_damped = {}", part.number())),
        ];
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        if keys.is_empty() {
            return is_on.map(|is_on| is_on.to_string());
        }
        Some(format!("{{ {} }}", keys.join(", ")))
    }

    fn over(self, lower: Self) -> Self {
        FlapDampingBlock::over(self, lower)
    }
}
