//! The command of a template, and of the child process, as written.

use config_blocks::{
    Error, FromNode, Input, Node, Position, Reason, Shape, Tree, Value, quoted, quoted_list,
};

/// `command`, in either form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandBlock {
    /// A command line.
    Line(String),
    /// A program and its arguments. A list of one is a command line.
    List(Vec<String>),
}

impl FromNode for CommandBlock {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Text(line) => Ok(Self::Line(line.clone())),
            Tree::List(_) => Vec::from_node(node, position).map(Self::List),
            _ => Err(position.wrong_kind(
                node,
                "a command line, or a list of a program and its arguments",
            )),
        }
    }

    fn shape() -> Shape {
        Shape {
            list: true,
            ..Shape::named("command")
        }
    }
}

impl Value for CommandBlock {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(Self::Line(input.last()?.to_owned()))
    }

    fn shown(&self) -> Option<String> {
        Some(match self {
            Self::Line(line) => quoted(line),
            Self::List(words) => quoted_list(words),
        })
    }
}
