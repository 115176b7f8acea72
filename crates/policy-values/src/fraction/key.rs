//! Fractions as values of configuration keys.

use config_blocks::{Error, FromNode, Input, Node, Number, Position, Reason, Shape, Value};

use super::Fraction;

/// A number is not from 0 to 1.
#[derive(Debug, thiserror::Error)]
#[error("it is not a number from 0 to 1; write for example 0.5")]
struct NotAFraction;

impl FromNode for Fraction {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let number = f64::from_node(node, position)?;
        Self::of(number).ok_or_else(|| position.refuse(NotAFraction))
    }

    fn shape() -> Shape {
        Shape::number(Number::Fraction)
    }
}

impl Value for Fraction {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        let number = input.last()?.parse().ok().and_then(Self::of);
        number.ok_or_else(|| NotAFraction.into())
    }

    fn shown(&self) -> Option<String> {
        Some(self.number().to_string())
    }
}
