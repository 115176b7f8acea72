//! A configuration with its comments, in the form between reading and writing.

use config_blocks::{Entry, Node, Tree};

/// A block, or the whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Section {
    pub(super) line: usize,
    /// The comments before the block, if it is one of several.
    pub(super) above: Vec<String>,
    pub(super) items: Vec<Item>,
    /// The comments after the last key.
    pub(super) rest: Vec<String>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) line: usize,
    /// The comments before the key.
    pub(super) above: Vec<String>,
    pub(super) key: String,
    pub(super) value: Piece,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Bool(bool),
    /// A decimal number.
    Number(String),
    Text(String),
    List(Vec<Piece>),
    Block(Section),
    Blocks(Vec<Section>),
}

impl Section {
    /// Returns the section as a tree without comments.
    pub(super) fn node(&self) -> Node {
        let entry = |item: &Item| {
            let node = Node {
                line: item.line,
                value: item.value.value(item.line),
            };
            Entry {
                key: item.key.clone(),
                line: item.line,
                node,
            }
        };
        Node {
            line: self.line,
            value: Tree::Block(self.items.iter().map(entry).collect()),
        }
    }

    /// Returns the key with this name.
    pub(super) fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// Adds a key. The collected `rest` becomes the comments before it.
    pub(super) fn push(&mut self, line: usize, key: &str, value: Piece) {
        let above = std::mem::take(&mut self.rest);
        self.items.push(Item {
            line,
            above,
            key: key.to_owned(),
            value,
        });
    }

    /// Removes and returns a key.
    pub(super) fn take(&mut self, key: &str) -> Option<(usize, Item)> {
        let at = self.items.iter().position(|item| item.key == key)?;
        Some((at, self.items.remove(at)))
    }
}

impl Piece {
    fn value(&self, line: usize) -> Tree {
        match self {
            Self::Bool(value) => Tree::Bool(*value),
            Self::Number(number) => Tree::Number(number.clone()),
            Self::Text(text) => Tree::Text(text.clone()),
            Self::List(items) => Tree::List(
                items
                    .iter()
                    .map(|item| Node {
                        line,
                        value: item.value(line),
                    })
                    .collect(),
            ),
            Self::Block(section) => section.node().value,
            Self::Blocks(sections) => Tree::List(sections.iter().map(Section::node).collect()),
        }
    }

    /// Returns `true` for a block or a list of blocks.
    pub(super) fn is_block(&self) -> bool {
        matches!(self, Self::Block(_) | Self::Blocks(_))
    }
}
