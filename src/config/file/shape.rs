//! What a configuration can say, found by asking the code that reads it: so it cannot say anything else.
//!
//! in:  a type that is read by [`FromNode`]
//! out: its [`Shape`]: which kinds of values it takes, and the keys of its block, each with its own shape
//!
//! One value of each kind is given to the type; what it refuses for its kind, it does not take. With a block it asks for
//! its keys, and those are noted.

use std::cell::RefCell;

use super::fields::{At, FromNode, whole};
use super::tree::{Node, Value};
use crate::config::error::{ConfigError, Origin, ValueError};

/// What a type takes.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Shape {
    /// `true` and `false`.
    pub(in crate::config) bool: bool,
    /// A text.
    pub(in crate::config) text: bool,
    /// A number.
    pub(in crate::config) number: Option<Number>,
    /// A list of values of this shape.
    pub(in crate::config) list: Option<Box<Shape>>,
    /// A block with these keys.
    pub(in crate::config) block: Option<Vec<Key>>,
    /// How it is written.
    pub(in crate::config) spelling: Option<Spelling>,
}

/// Which numbers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Number {
    /// Nothing but 0.
    Zero,
    /// Whole ones from 0.
    Natural,
    /// Whole ones.
    Whole,
    /// All.
    Any,
}

/// A key of a block.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) shape: Shape,
    /// It may be there more than once, and be a list of blocks.
    pub(in crate::config) repeats: bool,
    pub(in crate::config) later: Later,
}

/// Whether a key is left for later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Later {
    /// It is not.
    No,
    /// It is.
    Yes,
}

/// How a value is written, where that is more than a kind of value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spelling {
    /// What it is called.
    pub(in crate::config) name: &'static str,
    /// The names that it can have.
    pub(in crate::config) names: Vec<&'static str>,
    /// What its texts match, beside those names.
    pub(in crate::config) pattern: Option<String>,
}

impl Spelling {
    /// One of these names, in any case.
    pub(super) fn of_names(name: &'static str, names: Vec<&'static str>) -> Self {
        let pattern = Some(format!("^({})$", in_any_case(&names)));
        Self {
            name,
            names,
            pattern,
        }
    }
}

/// A regular expression for these names in any case, for a schema knows no flags.
pub(super) fn in_any_case(names: &[&str]) -> String {
    let letter = |letter: char| match (letter.to_ascii_uppercase(), letter.to_ascii_lowercase()) {
        (upper, lower) if upper == lower => letter.to_string(),
        (upper, lower) => format!("[{upper}{lower}]"),
    };
    names
        .iter()
        .map(|name| name.chars().map(letter).collect())
        .collect::<Vec<String>>()
        .join("|")
}

impl Key {
    /// A key whose value is of this type.
    pub(super) fn of<T: FromNode>(name: &'static str) -> Self {
        Self {
            name,
            shape: Shape::of::<T>(),
            repeats: false,
            later: Later::No,
        }
    }
}

impl Shape {
    /// What a type takes.
    pub(in crate::config) fn of<T: FromNode>() -> Self {
        let list = takes::<T>(Value::List(Vec::new())) || item::<T>().is_some();
        Self {
            bool: takes::<T>(Value::Bool(true)),
            text: takes::<T>(text()),
            number: number::<T>(),
            list: list.then(|| Box::new(item::<T>().unwrap_or_default())),
            block: block::<T>(),
            spelling: T::spelling(),
        }
    }

    /// The keys of the block, if it is one.
    pub(in crate::config) fn keys(&self) -> &[Key] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// What the list that a type takes may hold; `None` when it takes no list of single values.
fn item<T: FromNode>() -> Option<Shape> {
    let of = |value| takes::<T>(Value::List(vec![node(value)]));
    let (bool, text) = (of(Value::Bool(true)), of(text()));
    let number = of(Value::Number("1".to_owned())).then_some(Number::Whole);
    (bool || text || number.is_some()).then(|| Shape {
        bool,
        text,
        number,
        spelling: T::spelling(),
        ..Shape::default()
    })
}

fn number<T: FromNode>() -> Option<Number> {
    let takes = |spelling: &str| attempt::<T>(Value::Number(spelling.to_owned()), None).is_ok();
    match () {
        () if takes("0.5") => Some(Number::Any),
        () if takes("-1") => Some(Number::Whole),
        // One is a number of anything, and the other also a mode.
        () if takes("1") || takes("640") => Some(Number::Natural),
        () if takes("0") => Some(Number::Zero),
        () => None,
    }
}

fn block<T: FromNode>() -> Option<Vec<Key>> {
    let keys = RefCell::default();
    let taken = is_kind(
        &attempt::<T>(Value::Block(Vec::new()), Some(&keys)),
        "a block",
    );
    taken.then(|| keys.into_inner())
}

fn text() -> Value {
    Value::Text("x".to_owned())
}

/// Whether the kind is right, whatever is said of the value.
fn takes<T: FromNode>(value: Value) -> bool {
    let kind = match &value {
        Value::List(items) => items.first().map_or("a list", Node::kind),
        value => node(value.clone()).kind(),
    };
    is_kind(&attempt::<T>(value.clone(), None), kind)
        && is_kind(&attempt::<T>(value, None), "a list")
}

fn is_kind<T>(answer: &Result<T, ConfigError>, kind: &str) -> bool {
    !matches!(answer, Err(ConfigError::Value { source: ValueError::WrongKind { found, .. }, .. }) if *found == kind)
}

fn attempt<T: FromNode>(value: Value, keys: Option<&RefCell<Vec<Key>>>) -> Result<T, ConfigError> {
    let (spot, later) = (whole(Origin::Variable("")), RefCell::default());
    T::from_node(
        &node(value),
        At {
            spot: &spot,
            later: &later,
            keys,
        },
    )
}

fn node(value: Value) -> Node {
    Node { line: 0, value }
}
