//! From the tree to the written shape: one block is one [`Fields`], which is asked for each key.
//!
//! in:  a [`Node`], and [`At`], the place it has
//! out: what implements [`FromNode`]; or what is wrong, with file, line and key

use std::cell::RefCell;
use std::sync::Arc;

use super::shape::{Key, Later, Spelling};
use super::tree::{Entry, Node, Value};
use crate::config::error::{ConfigError, Origin, Place, Said, Spot, ValueError};

/// How much two names must be alike for one to be taken for the other.
const ALIKE: f64 = 0.8;

/// Where a node stands, and where what is not acted on is noted.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(super) spot: &'a Spot,
    pub(super) later: &'a RefCell<Vec<Arc<Spot>>>,
    /// Where the keys that are asked for are noted, when nothing is read and only the shape is wanted.
    pub(super) keys: Option<&'a RefCell<Vec<Key>>>,
}

/// What can be read from a node.
pub(crate) trait FromNode: Sized {
    /// Reads it.
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError>;

    /// How it is written, where that is more than a kind of value; for the schema and the tables of keys.
    fn spelling() -> Option<Spelling> {
        None
    }
}

impl At<'_> {
    /// The node that stands here cannot be used.
    pub(crate) fn refuse(self, source: impl Into<ValueError>) -> ConfigError {
        ConfigError::Value {
            place: self.place(),
            source: source.into(),
        }
    }

    /// The node that stands here is of the wrong kind.
    pub(crate) fn wrong_kind(self, node: &Node, expected: &'static str) -> ConfigError {
        self.refuse(ValueError::WrongKind {
            expected,
            found: node.kind(),
        })
    }

    pub(crate) fn place(self) -> Place {
        Place::File(Arc::new(self.spot.clone()))
    }

    /// What stands here is to be spoken of later.
    pub(crate) fn note_later(self) {
        self.later.borrow_mut().push(Arc::new(self.spot.clone()));
    }

    /// Where the value of a key of the block that stands here stands.
    fn below(self, key: &str, line: usize) -> Spot {
        let Spot {
            origin, key: above, ..
        } = self.spot;
        let key = if above.is_empty() {
            key.to_owned()
        } else {
            format!("{above}.{key}")
        };
        Spot {
            origin: origin.clone(),
            line,
            key,
        }
    }
}

impl<T: FromNode> FromNode for Said<T> {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            value: T::from_node(node, at)?,
            place: at.place(),
        })
    }

    fn spelling() -> Option<Spelling> {
        T::spelling()
    }
}

/// The keys of one block.
pub(crate) struct Fields<'a> {
    at: At<'a>,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The keys of the block that stands here. A list of one block is that block, as JSON is often written.
    pub(crate) fn of(node: &'a Node, at: At<'a>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Block(entries) => Ok(Self {
                at,
                entries,
                asked: Vec::new(),
            }),
            Value::List(items) => match items.as_slice() {
                [one] if matches!(one.value, Value::Block(_)) => Self::of(one, at),
                [first, _, ..]
                    if items
                        .iter()
                        .all(|item| matches!(item.value, Value::Block(_))) =>
                {
                    Err(at.refuse(ValueError::Repeated {
                        count: items.len(),
                        first: first.line,
                    }))
                }
                _ => Err(at.wrong_kind(node, "a block")),
            },
            _ => Err(at.wrong_kind(node, "a block")),
        }
    }

    /// The value of a key.
    pub(crate) fn key<T: FromNode>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        if let Some(keys) = self.at.keys {
            keys.borrow_mut().push(Key::of::<T>(name));
        }
        let Some(entry) = self.only(name)? else {
            return Ok(None);
        };
        let spot = self.at.below(name, entry.line);
        T::from_node(
            &entry.node,
            At {
                spot: &spot,
                ..self.at
            },
        )
        .map(Some)
    }

    /// A block; the empty one when the key is not there.
    pub(crate) fn block<T: FromNode + Default>(
        &mut self,
        name: &'static str,
    ) -> Result<T, ConfigError> {
        Ok(self.key(name)?.unwrap_or_default())
    }

    /// Blocks, as many as there are: the key repeated, lists of blocks, or both.
    pub(crate) fn blocks<T: FromNode>(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<T>, ConfigError> {
        if let Some(keys) = self.at.keys {
            keys.borrow_mut().push(Key {
                repeats: true,
                ..Key::of::<T>(name)
            });
        }
        let mut blocks = Vec::new();
        for entry in self.matching(name) {
            let nodes = match &entry.node.value {
                Value::List(items) => items.as_slice(),
                Value::Null => &[],
                _ => std::slice::from_ref(&entry.node),
            };
            for node in nodes {
                let line = if nodes.len() == 1 {
                    entry.line
                } else {
                    node.line
                };
                let spot = self
                    .at
                    .below(&format!("{name}[{}]", blocks.len() + 1), line);
                blocks.push(T::from_node(
                    node,
                    At {
                        spot: &spot,
                        ..self.at
                    },
                )?);
            }
        }
        Ok(blocks)
    }

    /// The value of a key that is checked, and otherwise left for later.
    pub(crate) fn later<T: FromNode>(&mut self, name: &'static str) -> Result<(), ConfigError> {
        if let Some(Said {
            value: _,
            place: Place::File(spot),
        }) = self.key::<Said<T>>(name)?
        {
            self.at.later.borrow_mut().push(spot);
        }
        self.mark(Later::Yes);
        Ok(())
    }

    /// Notes of the last key that it is left for later.
    fn mark(&self, later: Later) {
        if let Some(key) = self.at.keys.and_then(|keys| keys.borrow_mut().pop()) {
            self.at
                .keys
                .inspect(|keys| keys.borrow_mut().push(Key { later, ..key }));
        }
    }

    /// Whether every key was asked for; the first that was not is an error.
    pub(crate) fn done(mut self) -> Result<(), ConfigError> {
        let unknown = |entry: &&Entry| {
            !self
                .asked
                .iter()
                .any(|name| entry.key.eq_ignore_ascii_case(name))
        };
        let Some(entry) = self.entries.iter().find(unknown) else {
            return Ok(());
        };
        let spot = self.at.below(&entry.key, entry.line);
        let typed = entry.key.to_ascii_lowercase();
        let similar = self
            .asked
            .iter()
            .map(|name| (strsim::jaro_winkler(&typed, name), *name))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, name)| name.to_owned());
        self.asked.sort_unstable();
        let known = self.asked;
        Err(At {
            spot: &spot,
            ..self.at
        }
        .refuse(ValueError::UnknownKey { similar, known }))
    }

    fn matching(&mut self, name: &'static str) -> impl Iterator<Item = &'a Entry> + use<'a> {
        self.asked.push(name);
        self.entries
            .iter()
            .filter(move |entry| entry.key.eq_ignore_ascii_case(name))
    }

    /// The one entry of this name that says something.
    fn only(&mut self, name: &'static str) -> Result<Option<&'a Entry>, ConfigError> {
        let at = self.at;
        let mut entries = self.matching(name);
        let Some(first) = entries.next() else {
            return Ok(None);
        };
        match entries.last() {
            None => Ok(Some(first).filter(|entry| entry.node.value != Value::Null)),
            Some(last) => {
                let count = self
                    .entries
                    .iter()
                    .filter(|entry| entry.key.eq_ignore_ascii_case(name))
                    .count();
                let spot = at.below(name, last.line);
                Err(At { spot: &spot, ..at }.refuse(ValueError::Repeated {
                    count,
                    first: first.line,
                }))
            }
        }
    }
}

/// The place of a whole text.
pub(super) fn whole(origin: Origin) -> Spot {
    Spot {
        origin,
        line: 0,
        key: String::new(),
    }
}
