//! Texts, paths, secrets, and lists of texts.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::Value;
use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason};
use crate::inputs::Input;
use crate::key::Shape;
use crate::origin::Located;
use crate::page::{quoted, quoted_list};
use crate::tree::{Node, Tree};

impl FromNode for String {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        position.text(node, "a text in quotes").map(str::to_owned)
    }

    fn shape() -> Shape {
        Shape::text()
    }
}

impl Value for String {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(input.last()?.to_owned())
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(self))
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl FromNode for PathBuf {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        position.text(node, "a path in quotes").map(Self::from)
    }

    fn shape() -> Shape {
        Shape::named("path")
    }
}

impl Value for PathBuf {
    /// A path need not be UTF-8.
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(Self::from(input.texts.last().cloned().unwrap_or_default()))
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(&self.display().to_string()))
    }

    fn is_blank(&self) -> bool {
        self.as_os_str().is_empty()
    }
}

impl FromNode for SecretString {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        position.text(node, "a text in quotes").map(Self::from)
    }

    fn shape() -> Shape {
        Shape::text()
    }
}

impl Value for SecretString {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(input.last()?.into())
    }

    fn shown(&self) -> Option<String> {
        Some(quoted("***"))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.expose_secret() == other.expose_secret()
    }

    fn is_blank(&self) -> bool {
        self.expose_secret().is_empty()
    }
}

impl FromNode for Vec<String> {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        list(node, position)
    }

    fn shape() -> Shape {
        Shape::list()
    }
}

impl Value for Vec<String> {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        let text = |input: Input| Ok(input.last()?.to_owned());
        input.each().map(text).collect()
    }

    fn shown(&self) -> Option<String> {
        (!self.is_empty()).then(|| quoted_list(self))
    }
}

impl<T: FromNode> FromNode for Vec<Located<T>> {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        list(node, position)
    }

    fn shape() -> Shape {
        Shape::list()
    }
}

/// A list of texts. A single text is cut at its commas, without the blanks after them: a denylist that would be one pattern
/// with commas denies nothing.
fn list<T: FromNode>(node: &Node, position: Position<'_>) -> Result<Vec<T>, Error> {
    match &node.value {
        Tree::Text(text) => {
            let parts = text.split(',').map(str::trim_start);
            let node_of = |part: &str| Node {
                line: node.line,
                value: Tree::Text(part.to_owned()),
            };
            parts
                .filter(|part| !part.is_empty())
                .map(|part| T::from_node(&node_of(part), position))
                .collect()
        }
        Tree::List(items) => items
            .iter()
            .map(|item| T::from_node(item, position))
            .collect(),
        _ => Err(position.wrong_kind(node, "a list of texts")),
    }
}
