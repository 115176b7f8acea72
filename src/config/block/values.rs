//! Single values: the trait, and the types of the standard library.
//!
//! Input: a [`Node`] of a file, or the text of a flag or a variable. Output: a value; an error never shows a text that
//! may be a secret.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

use super::entries::{FromNode, Position};
use super::key::{Number, Shape};
use super::page::quoted;
use crate::config::error::{ConfigError, Located, ValueError};
use crate::config::tree::{Node, Value as Tree, float, integer};

/// A single value of a key.
pub(crate) trait Value: FromNode + Clone {
    /// Reads it from the texts of a flag or a variable, of which there is at least one.
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError>;

    /// The value in HCL; `None`: as good as unset.
    fn shown(&self) -> Option<String>;

    /// Returns `true` if it is the empty text.
    fn is_blank(&self) -> bool {
        false
    }

    /// Layers this value over that of a lower layer.
    #[must_use]
    fn over(self, _lower: Self) -> Self {
        self
    }
}

/// The last text of a flag: it overrides the others.
pub(crate) fn last(texts: &[OsString]) -> Result<&str, ValueError> {
    let last = texts.last().map(OsString::as_os_str).unwrap_or_default();
    last.to_str().ok_or(ValueError::NotText)
}

pub(super) fn parse_last<T: FromStr>(texts: &[OsString]) -> Result<T, ValueError>
where
    ValueError: From<T::Err>,
{
    Ok(last(texts)?.parse()?)
}

pub(super) fn parse<T>(text: &str, position: Position<'_>) -> Result<T, ConfigError>
where
    T: FromStr,
    ValueError: From<T::Err>,
{
    text.parse().map_err(|error: T::Err| position.refuse(error))
}

pub(super) fn text<'a>(
    node: &'a Node,
    position: Position<'_>,
    expected: &'static str,
) -> Result<&'a str, ConfigError> {
    match &node.value {
        Tree::Text(text) => Ok(text),
        _ => Err(position.wrong_kind(node, expected)),
    }
}

/// Implements [`Value`] for a type that a flag spells like a file: its text is parsed.
macro_rules! parsed_value {
    ($type:ty, $shown:expr) => {
        impl Value for $type {
            fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
                parse_last(texts)
            }

            fn shown(&self) -> Option<String> {
                let shown: fn(&Self) -> String = $shown;
                Some(shown(self))
            }
        }
    };
}
pub(super) use parsed_value;

/// A bool in one of the spellings that Go knows: `1 t T TRUE true True 0 f F FALSE false False`.
pub(crate) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Tree::Bool(value) => Ok(*value),
            _ => Err(position.wrong_kind(node, "true or false, without quotes")),
        }
    }

    fn shape() -> Shape {
        Shape::bool()
    }
}

impl Value for bool {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        let text = last(texts)?;
        go_bool(text).ok_or_else(|| ValueError::Boolean(text.to_owned()))
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FromNode for String {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        text(node, position, "a text in quotes").map(str::to_owned)
    }

    fn shape() -> Shape {
        Shape::text()
    }
}

impl Value for String {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        last(texts).map(str::to_owned)
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(self))
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl FromNode for PathBuf {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        text(node, position, "a path in quotes").map(Self::from)
    }

    fn shape() -> Shape {
        Shape::named("path")
    }
}

impl Value for PathBuf {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        Ok(Self::from(texts.last().cloned().unwrap_or_default()))
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(&self.display().to_string()))
    }

    fn is_blank(&self) -> bool {
        self.as_os_str().is_empty()
    }
}

impl FromNode for SecretString {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        text(node, position, "a text in quotes").map(Self::from)
    }

    fn shape() -> Shape {
        Shape::text()
    }
}

impl Value for SecretString {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        last(texts).map(Self::from)
    }

    fn shown(&self) -> Option<String> {
        Some(quoted("***"))
    }

    fn is_blank(&self) -> bool {
        self.expose_secret().is_empty()
    }
}

impl FromNode for i64 {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Tree::Number(spelling) => whole_number(spelling, position),
            _ => Err(position.wrong_kind(node, "a whole number, without quotes")),
        }
    }

    fn shape() -> Shape {
        Shape::number(Number::Whole)
    }
}

parsed_value!(i64, ToString::to_string);

/// A program that writes JSON may write 3 as 3.0.
fn whole_number(spelling: &str, position: Position<'_>) -> Result<i64, ConfigError> {
    let whole = spelling
        .split_once('.')
        .filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    integer(whole.map_or(spelling, |(whole, _)| whole))
        .ok_or_else(|| position.refuse(ValueError::NotWhole(spelling.to_owned())))
}

impl FromNode for u32 {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        let number = i64::from_node(node, position)?;
        Self::try_from(number).map_err(|_| position.refuse(ValueError::Range(number)))
    }

    fn shape() -> Shape {
        Shape::number(Number::Natural)
    }
}

impl Value for u32 {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        let number: i64 = parse_last(texts)?;
        Self::try_from(number).map_err(|_| ValueError::Range(number))
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FromNode for f64 {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
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

impl FromNode for Vec<String> {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        list(node, position)
    }

    fn shape() -> Shape {
        Shape::list()
    }
}

impl Value for Vec<String> {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        let text = |text| last(std::slice::from_ref(text)).map(str::to_owned);
        texts.iter().map(text).collect()
    }

    fn shown(&self) -> Option<String> {
        let items: Vec<_> = self.iter().map(|item| quoted(item)).collect();
        (!items.is_empty()).then(|| format!("[{}]", items.join(", ")))
    }
}

impl<T: FromNode> FromNode for Vec<Located<T>> {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        list(node, position)
    }

    fn shape() -> Shape {
        Shape::list()
    }
}

/// A list of texts; a single text is a list of one, commas and all.
fn list<T: FromNode>(node: &Node, position: Position<'_>) -> Result<Vec<T>, ConfigError> {
    match &node.value {
        Tree::Text(_) => Ok(vec![T::from_node(node, position)?]),
        Tree::List(items) => items
            .iter()
            .map(|item| T::from_node(item, position))
            .collect(),
        _ => Err(position.wrong_kind(node, "a list of texts")),
    }
}
