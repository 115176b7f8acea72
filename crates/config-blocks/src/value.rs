//! Single values: the trait, and the types of the standard library.
//!
//! Input: a [`Node`] of a file, or the text of a flag or a variable. Output: a value; an error never shows a text that
//! may be a secret.

mod duration;
mod number;
mod text;

use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason, ValueError};
use crate::inputs::{Input, go_bool};
use crate::key::Shape;
use crate::tree::{Node, Tree};

/// A duration, as a regular expression.
pub const DURATION: &str = r"\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)";

/// A single value of a key.
pub trait Value: FromNode + Clone {
    /// Reads it from the texts of a flag or a variable.
    ///
    /// # Errors
    /// The reason why it is not valid.
    fn from_input(input: &Input) -> Result<Self, Reason>;

    /// The value in HCL; `None`: as good as unset.
    fn shown(&self) -> Option<String>;

    /// Returns `true` if it is the empty text.
    fn is_blank(&self) -> bool {
        false
    }

    /// Returns `true` if another value means the same. By default, the values are compared as they are shown.
    fn is_same(&self, other: &Self) -> bool {
        self.shown() == other.shown()
    }

    /// Layers this value over that of a lower layer.
    #[must_use]
    fn over(self, _lower: Self) -> Self {
        self
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Bool(value) => Ok(*value),
            _ => Err(position.wrong_kind(node, "true or false, without quotes")),
        }
    }

    fn shape() -> Shape {
        Shape::bool()
    }
}

impl Value for bool {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        let text = input.last()?;
        go_bool(text).ok_or_else(|| ValueError::Boolean(text.to_owned()).into())
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}
