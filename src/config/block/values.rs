//! The types of single values.
//!
//! Input: a [`Node`] of a file, or the text of a flag or a variable. Output: a value; an error never shows a text that
//! may be a secret.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

use super::entries::{FromNode, Position};
use super::key::{Number, Pattern, Shape, Spelling, in_any_case};
use super::page::quoted;
use crate::config::error::{ConfigError, Located, ValueError};
use crate::config::exec::OnChange;
use crate::config::file_mode::FileMode;
use crate::config::resolved::{Format, Language, OutputFormat, Owner, WriteMode};
use crate::config::signal::SignalName;
use crate::config::tree::{Node, Value as Tree, float, integer};
use gotemplate::duration::GoDuration;

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

fn parse_last<T: FromStr>(texts: &[OsString]) -> Result<T, ValueError>
where
    ValueError: From<T::Err>,
{
    Ok(last(texts)?.parse()?)
}

fn parse<T>(text: &str, position: Position<'_>) -> Result<T, ConfigError>
where
    T: FromStr,
    ValueError: From<T::Err>,
{
    text.parse().map_err(|error: T::Err| position.refuse(error))
}

fn text<'a>(
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

/// Implements [`FromNode`] and [`Value`] for an enum of names.
macro_rules! named_value {
    ($type:ty, $name:literal, $expected:literal) => {
        impl FromNode for $type {
            fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
                parse(text(node, position, $expected)?, position)
            }

            fn shape() -> Shape {
                let names = <$type>::ALL.map(<$type>::name).to_vec();
                Shape::spelled(Spelling::of_names($name, names))
            }
        }

        parsed_value!($type, |value| quoted(value.name()));
    };
}

named_value!(Format, "format", "the name of a format in quotes");
named_value!(
    OutputFormat,
    "output_format",
    "the name of a format in quotes"
);
named_value!(WriteMode, "write", "\"auto\", \"rename\" or \"inplace\"");

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

/// A duration, as a regular expression.
pub(crate) const DURATION: &str = r"\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)";

/// A number without a unit is refused, because its unit is unknown; 0 is 0 in every unit.
impl FromNode for GoDuration {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        let expected = "a duration in quotes, for example \"5s\"";
        match &node.value {
            Tree::Number(spelling) => parse(spelling, position),
            _ => parse(text(node, position, expected)?, position),
        }
    }

    fn shape() -> Shape {
        let spelling = Spelling {
            name: "duration",
            pattern: Pattern::Of(|| format!("^{DURATION}$")),
            ..Spelling::default()
        };
        Shape {
            number: Some(Number::Zero),
            ..Shape::spelled(spelling)
        }
    }
}

parsed_value!(GoDuration, |value| quoted(&value.to_string()));

/// In a file, the empty text means: no signal.
impl FromNode for SignalName {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        let expected = "the name of a signal in quotes, for example \"SIGHUP\"";
        match text(node, position, expected)? {
            "" => Ok(Self(None)),
            name => parse(name, position),
        }
    }

    fn shape() -> Shape {
        Shape::spelled(Spelling {
            name: "signal",
            names: SignalName::names(),
            pattern: Pattern::Of(|| {
                let names = SignalName::names();
                let bare = names.iter().map(|name| name.trim_start_matches("SIG"));
                let bare = in_any_case(&bare.collect::<Vec<_>>());
                format!("^(([Ss][Ii][Gg])?({bare}))?$")
            }),
        })
    }
}

parsed_value!(SignalName, |name| quoted(
    name.0.map_or("", nix::sys::signal::Signal::as_str)
));

impl FromNode for OnChange {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        parse(
            text(node, position, "the name of a signal in quotes")?,
            position,
        )
    }

    fn shape() -> Shape {
        SignalName::shape()
    }
}

parsed_value!(OnChange, |change| match change {
    OnChange::Restart => quoted(""),
    OnChange::Signal(signal) => quoted(signal.as_str()),
    OnChange::Nothing => quoted("SIGNULL"),
});

impl FromNode for FileMode {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Tree::Number(spelling) => {
                Self::of_number(spelling).map_err(|error| position.refuse(error))
            }
            Tree::Text(text) => parse(text, position),
            _ => Err(position.wrong_kind(node, "a mode, for example \"0640\"")),
        }
    }

    fn shape() -> Shape {
        // Others may do no more than the owner.
        const MODES: &str = "0*(0|4[04]{2}|5[0145]{2}|6[0246]{2}|7[0-7]{2})";
        let spelling = Spelling {
            name: "mode",
            pattern: Pattern::Of(|| format!("^(0o)?{MODES}$")),
            ..Spelling::default()
        };
        Shape {
            number: Some(Number::Natural),
            ..Shape::spelled(spelling)
        }
    }
}

parsed_value!(FileMode, |mode| format!("{:04o}", mode.0));

impl FromNode for Owner {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Tree::Number(_) => u32::from_node(node, position).map(Self::Id),
            Tree::Text(text) => Ok(text
                .parse()
                .map_or_else(|_| Self::Name(text.clone()), Self::Id)),
            _ => Err(position.wrong_kind(node, "a name or a number")),
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
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        let text = last(texts)?;
        Ok(text
            .parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id))
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

impl FromNode for Language {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, ConfigError> {
        let expected = "\"go\" or \"jinja\"";
        match text(node, position, expected)? {
            "go" => Ok(Self::Go),
            "jinja" => Ok(Self::Jinja),
            _ => Err(position.refuse(ValueError::WrongKind {
                expected,
                found: "another text",
            })),
        }
    }

    fn shape() -> Shape {
        Shape::spelled(Spelling {
            name: "language",
            names: vec!["go", "jinja"],
            pattern: Pattern::None,
        })
    }
}

impl Value for Language {
    fn from_texts(texts: &[OsString]) -> Result<Self, ValueError> {
        match last(texts)? {
            "go" => Ok(Self::Go),
            "jinja" => Ok(Self::Jinja),
            _ => Err(ValueError::WrongKind {
                expected: "\"go\" or \"jinja\"",
                found: "another text",
            }),
        }
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(match self {
            Self::Go => "go",
            Self::Jinja => "jinja",
        }))
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
