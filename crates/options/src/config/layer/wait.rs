//! The quiescence timer, as written: `"2s:10s"`, or `{ min = "2s", max = "10s" }`.

use std::time::Duration;

use config_blocks::{
    Block, DURATION, Error, FromNode, Input, Node, Pattern, Position, Reason, Setting, Shape,
    Spelling, Tree, Value, ValueError, quoted, value,
};
use go_duration::GoDuration;

use crate::config::wait::{Wait, WaitBlock};

/// `wait { … }`
#[derive(Block, Clone, Debug, Default)]
struct WaitKeys {
    /// Quiet time: the timer starts again with each change
    min: Setting<Duration>,
    /// Maximum time for which changes are collected
    #[key(default = "4 × `min`")]
    max: Setting<Duration>,
    /// Turn the timer on or off
    #[key(default = "`true` with `min`")]
    enabled: Setting<bool>,
    /// The name of `enabled` in consul-template
    #[key(default = "`true` with `min`", newer = "enabled")]
    bool: Setting<bool>,
}

impl FromNode for WaitBlock {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Text(text) => return position.parse(text),
            Tree::Block(_) | Tree::List(_) => {}
            _ => return Err(position.wrong_kind(node, "\"MIN:MAX\", or a block with min and max")),
        }
        let WaitKeys {
            min,
            max,
            enabled,
            bool,
        } = WaitKeys::from_node(node, position)?;
        if enabled.is_some() && bool.is_some() {
            return Err(position.refuse(ValueError::Both {
                one: "bool",
                other: "enabled",
            }));
        }
        let wait = Self {
            enabled: value(enabled.or(bool)),
            min: value(min).map(GoDuration),
            max: value(max).map(GoDuration),
        };
        if let (Some(min), None | Some(true)) = (wait.min, wait.enabled) {
            Wait::between(min, wait.max).map_err(|error| position.refuse(error))?;
        }
        Ok(wait)
    }

    fn shape() -> Shape {
        let spelling = Spelling {
            name: "wait",
            pattern: Pattern::Of(|| format!("^ *{DURATION} *(: *{DURATION} *)?$")),
            ..Spelling::default()
        };
        Shape {
            keys: Some(WaitKeys::KEYS),
            ..Shape::spelled(spelling)
        }
    }
}

impl Value for WaitBlock {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        match self.wait() {
            Ok(None) => None,
            Err(_) | Ok(Some(Wait::Off)) => Some(quoted("0s")),
            Ok(Some(Wait::For(settle))) => Some(quoted(&format!(
                "{}:{}",
                GoDuration(settle.quiet),
                GoDuration(settle.most)
            ))),
        }
    }

    fn over(self, lower: Self) -> Self {
        WaitBlock::over(self, lower)
    }
}
