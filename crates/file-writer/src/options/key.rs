//! Owners as values of configuration keys.

use config_blocks::{
    Error, FromNode, Input, Node, Number, Pattern, Position, Reason, Shape, Spelling, Tree, Value,
    quoted,
};

use super::Owner;

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
