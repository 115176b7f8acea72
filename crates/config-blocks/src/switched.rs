//! A block that `true` or `false` may stand for.

use crate::block::{Block, one_line};
use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason, ValueError};
use crate::inputs::Input;
use crate::key::Shape;
use crate::tree::{Node, Tree};
use crate::value::Value;

/// A block that `true` and `false` turn on and off; its keys turn it on. It is a single value, for a
/// [`Setting`](crate::Setting): it has one origin, and is shown on one line. No flag and no variable sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switched<B> {
    /// It is turned on.
    pub is_on: bool,
    /// Its keys.
    pub keys: B,
}

impl<B: Block> FromNode for Switched<B> {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        Ok(match node.value {
            Tree::Bool(is_on) => Self {
                is_on,
                keys: B::default(),
            },
            _ => Self {
                is_on: true,
                keys: B::from_node(node, position)?,
            },
        })
    }

    fn shape() -> Shape {
        Shape {
            bool: true,
            ..B::shape()
        }
    }
}

impl<B: Block + Clone> Value for Switched<B> {
    fn from_input(_input: &Input) -> Result<Self, Reason> {
        Err(ValueError::NoFlag.into())
    }

    fn shown(&self) -> Option<String> {
        let keys = one_line(&self.keys).filter(|_| self.is_on);
        Some(keys.unwrap_or_else(|| self.is_on.to_string()))
    }

    fn over(self, lower: Self) -> Self {
        Self {
            is_on: self.is_on,
            keys: self.keys.over(lower.keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::field::{Setting, value};
    use crate::source::Source;

    #[derive(config_blocks::Block, Clone, Debug, Default)]
    struct Limit {
        /// Most items
        items: Setting<u32>,
        /// Name
        name: Setting<String>,
    }

    #[derive(config_blocks::Block, Default)]
    struct Whole {
        /// The limit
        limit: Setting<Switched<Limit>>,
    }

    fn layer(text: &str) -> Whole {
        let source = Source::of_file(Path::new("a.hcl"), text.into()).expect("a format");
        Whole::from_source(&source).expect(text).0
    }

    #[test]
    fn the_keys_turn_it_on_and_stay_where_it_is_turned_off() {
        let cases = [
            ("", "", None),
            ("limit = false", "", Some("false")),
            ("limit = true", "limit = false", Some("true")),
            ("limit {}", "", Some("true")),
            ("limit { items = 1 }", "", Some("{ items = 1 }")),
            (
                "limit { items = 1 }",
                "limit { items = 2 name = \"a\" }",
                Some("{ items = 1, name = \"a\" }"),
            ),
            ("limit = false", "limit { items = 2 }", Some("false")),
            ("limit = true", "limit { items = 2 }", Some("{ items = 2 }")),
        ];
        for (upper, lower, expected) in cases {
            let limit = value(layer(upper).over(layer(lower)).limit);
            let shown = limit.and_then(|limit| limit.shown());
            assert_eq!(shown.as_deref(), expected, "{upper} over {lower}");
        }
    }
}
