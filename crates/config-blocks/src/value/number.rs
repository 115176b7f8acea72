//! Numbers.

use super::Value;
use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason, ValueError};
use crate::inputs::Input;
use crate::key::{Number, Shape};
use crate::tree::{Node, Tree, float, integer};

impl FromNode for i64 {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Number(spelling) => whole_number(spelling, position),
            _ => Err(position.wrong_kind(node, "a whole number, without quotes")),
        }
    }

    fn shape() -> Shape {
        Shape::number(Number::Whole)
    }
}

impl Value for i64 {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        let number = input.last()?.parse();
        Ok(number.map_err(|_| ValueError::Number)?)
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// A program that writes JSON may write 3 as 3.0.
fn whole_number(spelling: &str, position: Position<'_>) -> Result<i64, Error> {
    let whole = spelling
        .split_once('.')
        .filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    integer(whole.map_or(spelling, |(whole, _)| whole))
        .ok_or_else(|| position.refuse(ValueError::NotWhole(spelling.to_owned())))
}

macro_rules! whole_numbers {
    ($($type:ident: $number:ident),+) => {$(
        impl FromNode for $type {
            fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
                let number = i64::from_node(node, position)?;
                Self::try_from(number).map_err(|_| position.refuse(ValueError::Range(number)))
            }

            fn shape() -> Shape {
                Shape::number(Number::$number)
            }
        }

        impl Value for $type {
            fn from_input(input: &Input) -> Result<Self, Reason> {
                let number = i64::from_input(input)?;
                Self::try_from(number).map_err(|_| ValueError::Range(number).into())
            }

            fn shown(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}

whole_numbers!(u32: Natural, i32: Whole);

impl FromNode for f64 {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let number = match &node.value {
            Tree::Number(spelling) => float(spelling),
            _ => None,
        };
        number.ok_or_else(|| position.wrong_kind(node, "a number, without quotes"))
    }

    fn shape() -> Shape {
        Shape::number(Number::Any)
    }
}
