//! A configuration with its comments, between reading and writing.

use config_blocks::{Entry, Node, Tree};

/// A block, or the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Section {
    pub(super) line: usize,
    /// The comments before the block, where it is one of several.
    pub(super) above: Vec<String>,
    pub(super) items: Vec<Item>,
    /// The comments after the last key.
    pub(super) rest: Vec<String>,
}

/// A key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) line: usize,
    /// The comments before it.
    pub(super) above: Vec<String>,
    pub(super) key: String,
    pub(super) value: Piece,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Bool(bool),
    /// Decimal.
    Number(String),
    Text(String),
    List(Vec<Piece>),
    Block(Section),
    Blocks(Vec<Section>),
}

impl Section {
    /// The same without comments.
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

    /// The key of this name.
    pub(super) fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// Adds a key; what was the rest so far is before it.
    pub(super) fn push(&mut self, line: usize, key: &str, value: Piece) {
        let above = std::mem::take(&mut self.rest);
        self.items.push(Item {
            line,
            above,
            key: key.to_owned(),
            value,
        });
    }

    /// Takes a key out.
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

    /// Whether it is a block, or several.
    pub(super) fn is_block(&self) -> bool {
        matches!(self, Self::Block(_) | Self::Blocks(_))
    }
}
