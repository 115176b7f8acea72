//! Owners of files.

use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason};
use crate::inputs::Input;
use crate::key::{Number, Pattern, Shape, Spelling};
use crate::page::quoted;
use crate::tree::{Node, Tree};
use crate::value::Value;

/// A user or a group. A name is looked up when the file is written: it may not exist where the configuration is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

impl From<&str> for Owner {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(number) => Self::Id(number),
            Err(_) => Self::Name(text.to_owned()),
        }
    }
}

impl FromNode for Owner {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Number(_) => u32::from_node(node, position).map(Self::Id),
            _ => position.text(node, "a name or a number").map(Self::from),
        }
    }

    fn shape() -> Shape {
        let spelling = Spelling {
            name: "owner",
            pattern: Pattern::Of(|| "^[\\s\\S]*$".to_owned()),
            ..Spelling::default()
        };
        Shape {
            number: Some(Number::Natural),
            ..Shape::spelled(spelling)
        }
    }
}

impl Value for Owner {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(input.last()?.into())
    }

    fn shown(&self) -> Option<String> {
        Some(match self {
            Self::Id(number) => number.to_string(),
            Self::Name(name) => quoted(name),
        })
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Name(name) if name.is_empty())
    }
}
