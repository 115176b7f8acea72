//! Reads the keys of one block from the tree of a file.
//!
//! Input: a [`Node`] and its [`Position`]. Output: a type that implements [`FromNode`], or an error with file, line and
//! key.

mod labels;

use std::cell::RefCell;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, Reason, ValueError};
use crate::key::{Key, Shape};
use crate::origin::{Located, Origin, Span};
use crate::tree::{Entry, Node, Tree};

/// The name of an unknown key that may be a secret in the wrong place.
const HIDDEN: &str = "(not shown)";

/// Returns `true` if a key looks like a token or a password. No key of a configuration has a digit
/// and this length, or a special character.
fn is_like_a_secret(key: &str) -> bool {
    let is_long = key.len() >= 12 && key.contains(|letter: char| letter.is_ascii_digit());
    let is_special = |letter: char| !(letter.is_ascii_alphanumeric() || "_-.$".contains(letter));
    is_long || key.contains(is_special)
}

/// The similarity from which an unknown key is taken for a known one.
const SIMILAR: f64 = 0.8;

/// The position of a node in its document.
#[derive(Clone, Copy)]
pub struct Position<'a> {
    span: &'a Span,
    reading: &'a Reading,
}

/// The reading of one document.
#[derive(Default)]
pub(crate) struct Reading {
    /// The document is JSON, where programs write numbers in decimal digits.
    pub(crate) is_json: bool,
    /// The keys that have no effect.
    pub(crate) unsupported: RefCell<Vec<Arc<Span>>>,
}

/// A type that is read from a node.
pub trait FromNode: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// If the node is of another kind, or its value is not valid.
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error>;

    /// Which nodes it is read from; for the schema and the reference page.
    fn shape() -> Shape;
}

impl<'a> Position<'a> {
    /// The position of a whole document.
    pub(crate) fn new(span: &'a Span, reading: &'a Reading) -> Self {
        Self { span, reading }
    }

    /// Returns `true` if the document is JSON.
    pub fn is_json(self) -> bool {
        self.reading.is_json
    }

    /// An error about the node at this position.
    pub fn refuse(self, reason: impl Into<Reason>) -> Error {
        self.origin().refuse(reason)
    }

    /// An error: the node at this position is of another kind than expected.
    pub fn wrong_kind(self, node: &Node, expected: &'static str) -> Error {
        self.refuse(ValueError::WrongKind {
            expected,
            found: node.kind(),
        })
    }

    /// The origin of the node at this position.
    pub fn origin(self) -> Origin {
        Origin::File(Arc::new(self.span.clone()))
    }

    /// The text of a node.
    ///
    /// # Errors
    /// If it is of another kind.
    pub fn text<'n>(self, node: &'n Node, expected: &'static str) -> Result<&'n str, Error> {
        match &node.value {
            Tree::Text(text) => Ok(text),
            _ => Err(self.wrong_kind(node, expected)),
        }
    }

    /// Parses the text at this position.
    ///
    /// # Errors
    /// The error of the parser.
    pub fn parse<T: FromStr<Err: Into<Reason>>>(self, text: &str) -> Result<T, Error> {
        text.parse().map_err(|error| self.refuse(error))
    }

    /// The name of the block at this position, without its number or label.
    fn name(self) -> &'a str {
        let last = self.span.key.rsplit('.').next().unwrap_or_default();
        last.split('[').next().unwrap_or_default()
    }

    /// Notes that the key at this position has no effect.
    pub fn note_unsupported(self) {
        self.reading
            .unsupported
            .borrow_mut()
            .push(Arc::new(self.span.clone()));
    }

    /// The span of the value of a key of the block at this position.
    fn below(self, key: &str, line: usize) -> Span {
        let Span {
            document,
            key: above,
            ..
        } = self.span;
        let key = if above.is_empty() {
            key.to_owned()
        } else {
            format!("{above}.{key}")
        };
        Span {
            document: document.clone(),
            line,
            key,
        }
    }

    fn at(self, span: &'a Span) -> Self {
        Self { span, ..self }
    }
}

impl<T: FromNode> FromNode for Located<T> {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        Ok(Self {
            value: T::from_node(node, position)?,
            origin: position.origin(),
        })
    }

    fn shape() -> Shape {
        T::shape()
    }
}

/// The entries of one block, and the keys that are declared for it.
pub struct Entries<'a> {
    position: Position<'a>,
    all: &'a [Entry],
    keys: &'static [Key],
}

impl<'a> Entries<'a> {
    /// The entries of the block at this position. A list of one block is that block: JSON that was made of HCL has it so.
    pub(crate) fn of(
        node: &'a Node,
        position: Position<'a>,
        keys: &'static [Key],
    ) -> Result<Self, Error> {
        let is_block = |node: &Node| matches!(node.value, Tree::Block(_));
        match &node.value {
            Tree::Block(entries) => Ok(Self {
                position,
                all: entries,
                keys,
            }),
            Tree::List(items) => match items.as_slice() {
                [one] if is_block(one) => Self::of(one, position, keys),
                [first, _, ..] if items.iter().all(is_block) => {
                    Err(position.refuse(ValueError::Repeated {
                        count: items.len(),
                        first: first.line,
                    }))
                }
                _ => Err(position.wrong_kind(node, "a block")),
            },
            Tree::Labelled(_) => Err(position.refuse(ValueError::Label {
                block: position.name().to_owned(),
            })),
            _ => Err(position.wrong_kind(node, "a block")),
        }
    }

    /// The origin of the block.
    pub fn origin(&self) -> Origin {
        self.position.origin()
    }

    /// Reads the value of a key.
    pub(crate) fn value<T: FromNode>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(entry) = self.only(name)? else {
            return Ok(None);
        };
        let span = self.position.below(name, entry.line);
        T::from_node(&entry.node, self.position.at(&span)).map(Some)
    }

    /// Reads blocks, as many as there are: the key repeated, lists of blocks, or both.
    pub(crate) fn blocks<T: FromNode>(&self, name: &str) -> Result<Vec<T>, Error> {
        let mut blocks = Vec::new();
        for entry in self.matching(name) {
            let nodes = match &entry.node.value {
                Tree::List(items) => items.as_slice(),
                Tree::Null => &[],
                _ => std::slice::from_ref(&entry.node),
            };
            for node in nodes {
                let line = if nodes.len() == 1 {
                    entry.line
                } else {
                    node.line
                };
                let name = format!("{name}[{}]", blocks.len() + 1);
                let span = self.position.below(&name, line);
                blocks.push(T::from_node(node, self.position.at(&span))?);
            }
        }
        Ok(blocks)
    }

    /// Checks the value of a key that has no effect, and notes the key.
    pub(crate) fn unsupported<T: FromNode>(&self, name: &str) -> Result<(), Error> {
        if let Some(entry) = self.only(name)? {
            let span = self.position.below(name, entry.line);
            T::from_node(&entry.node, self.position.at(&span))?;
            self.position.at(&span).note_unsupported();
        }
        Ok(())
    }

    /// Refuses the first entry whose key is not declared.
    pub(crate) fn refuse_unknown(&self) -> Result<(), Error> {
        let mut names: Vec<_> = self
            .keys
            .iter()
            .filter(|key| !key.flag_only)
            .map(|key| key.name)
            .collect();
        let is_unknown = |entry: &&Entry| {
            !names
                .iter()
                .any(|name| entry.key.eq_ignore_ascii_case(name))
        };
        let Some(entry) = self.all.iter().find(is_unknown) else {
            return Ok(());
        };
        let shown = if is_like_a_secret(&entry.key) {
            HIDDEN
        } else {
            &entry.key
        };
        let span = self.position.below(shown, entry.line);
        let typed = entry.key.to_ascii_lowercase();
        let similar = names
            .iter()
            .map(|name| (strsim::jaro_winkler(&typed, name), *name))
            .filter(|(similarity, _)| *similarity >= SIMILAR)
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, name)| name.to_owned());
        names.sort_unstable();
        let error = ValueError::UnknownKey {
            similar,
            known: names,
        };
        Err(self.position.at(&span).refuse(error))
    }

    fn matching(&self, name: &str) -> impl Iterator<Item = &'a Entry> {
        self.all
            .iter()
            .filter(move |entry| entry.key.eq_ignore_ascii_case(name))
    }

    /// The one entry of this name, unless it is null.
    fn only(&self, name: &str) -> Result<Option<&'a Entry>, Error> {
        let mut entries = self.matching(name);
        let Some(first) = entries.next() else {
            return Ok(None);
        };
        let (more, last) = entries.fold((0, None), |(count, _), entry| (count + 1, Some(entry)));
        let Some(last) = last else {
            return Ok(Some(first).filter(|entry| entry.node.value != Tree::Null));
        };
        let span = self.position.below(name, last.line);
        Err(self.position.at(&span).refuse(ValueError::Repeated {
            count: more + 1,
            first: first.line,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_place_of_a_key_is_not_shown() {
        for secret in [
            "5f1d0000-0000-4000-8000-000000000001",
            "hvs.CAESIJ1234567890",
            "pass:word",
            "two words",
        ] {
            assert!(is_like_a_secret(secret), "{secret}");
        }
        for key in ["adress", "log_level", "max-stale", "$schema", "key2", "a.b"] {
            assert!(!is_like_a_secret(key), "{key}");
        }
    }
}
