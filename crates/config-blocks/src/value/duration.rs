//! Durations, in Go's notation.

use std::time::Duration;

use go_duration::GoDuration;

use super::{DURATION, Value};
use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason};
use crate::inputs::Input;
use crate::key::{Number, Pattern, Shape, Spelling};
use crate::page::quoted;
use crate::tree::{Node, Tree};

/// A number without a unit is refused, because its unit is unknown; 0 is 0 in every unit.
impl FromNode for Duration {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let expected = "a duration in quotes, for example \"5s\"";
        let text = match &node.value {
            Tree::Number(spelling) => spelling,
            _ => position.text(node, expected)?,
        };
        position.parse(text).map(|GoDuration(duration)| duration)
    }

    fn shape() -> Shape {
        let spelling = Spelling {
            name: "duration",
            pattern: Pattern::Of(|| format!("^{DURATION}$")),
            ..Spelling::default()
        };
        Shape {
            number: Some(Number::Zero),
            ..Shape::spelled(spelling)
        }
    }
}

impl Value for Duration {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse().map(|GoDuration(duration)| duration)
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(&GoDuration(*self).to_string()))
    }
}
