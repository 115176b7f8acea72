//! Single values, as the keys of a configuration take them.
//!
//! in:  a [`Node`]
//! out: a text, a number, a duration, a mode …; an error never shows a text that may be a secret

use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

use super::fields::{At, Fields, FromNode};
use super::shape::{Spelling, in_any_case};
use super::tree::{Node, Value, float, integer};
use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Said, ValueError};
use crate::config::exec::OnChange;
use crate::config::file_mode::FileMode;
use crate::config::resolved::{Format, Language, OutputFormat, Owner, WriteMode};
use crate::config::signal::SignalName;
use crate::config::wait::{Wait, WaitBlock};
use crate::config::written::CommandBlock;

impl FromNode for bool {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Bool(value) => Ok(*value),
            _ => Err(at.wrong_kind(node, "true or false, without quotes")),
        }
    }
}

impl FromNode for String {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        text(node, at, "a text in quotes").map(str::to_owned)
    }
}

impl FromNode for PathBuf {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        text(node, at, "a path in quotes").map(Self::from)
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling {
            name: "path",
            ..Spelling::default()
        })
    }
}

impl FromNode for SecretString {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        text(node, at, "a text in quotes").map(Self::from)
    }
}

impl FromNode for i64 {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Number(spelling) => whole_number(spelling, at),
            _ => Err(at.wrong_kind(node, "a whole number, without quotes")),
        }
    }
}

/// A program that writes JSON may write 3 as 3.0.
fn whole_number(spelling: &str, at: At<'_>) -> Result<i64, ConfigError> {
    let whole = spelling
        .split_once('.')
        .filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    integer(whole.map_or(spelling, |(whole, _)| whole))
        .ok_or_else(|| at.refuse(ValueError::NotWhole(spelling.to_owned())))
}

impl FromNode for u32 {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let number = i64::from_node(node, at)?;
        Self::try_from(number).map_err(|_| at.refuse(ValueError::Range(number)))
    }
}

impl FromNode for f64 {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let number = match &node.value {
            Value::Number(spelling) => float(spelling),
            _ => None,
        };
        number.ok_or_else(|| at.wrong_kind(node, "a number, without quotes"))
    }
}

/// A duration, as a regular expression.
const DURATION: &str = r"\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)";

fn whole(pattern: &str) -> String {
    format!("^{pattern}$")
}

/// A number without a unit is refused, whatever unit it may have meant; but nothing is nothing in every unit.
impl FromNode for GoDuration {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Number(spelling) => parse(spelling, at),
            _ => parse(
                text(node, at, "a duration in quotes, for example \"5s\"")?,
                at,
            ),
        }
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling {
            name: "duration",
            pattern: Some(whole(DURATION)),
            ..Spelling::default()
        })
    }
}

/// In a file, the empty text takes the role away from every signal.
impl FromNode for SignalName {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let name = text(
            node,
            at,
            "the name of a signal in quotes, for example \"SIGHUP\"",
        )?;
        if name.is_empty() {
            Ok(Self(None))
        } else {
            parse(name, at)
        }
    }

    fn spelling() -> Option<Spelling> {
        let names = SignalName::names();
        let bare: Vec<_> = names
            .iter()
            .map(|name| name.trim_start_matches("SIG"))
            .collect();
        let pattern = Some(format!("^(([Ss][Ii][Gg])?({}))?$", in_any_case(&bare)));
        Some(Spelling {
            name: "signal",
            names,
            pattern,
        })
    }
}

impl FromNode for FileMode {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Number(spelling) => Self::of_number(spelling).map_err(|error| at.refuse(error)),
            Value::Text(text) => parse(text, at),
            _ => Err(at.wrong_kind(node, "a mode, for example \"0640\"")),
        }
    }

    fn spelling() -> Option<Spelling> {
        // Nobody may do more than the owner.
        let modes = "0*(0|4[04]{2}|5[0145]{2}|6[0246]{2}|7[0-7]{2})";
        Some(Spelling {
            name: "mode",
            pattern: Some(format!("^(0o)?{modes}$")),
            ..Spelling::default()
        })
    }
}

/// The empty text names nobody, as in consul-template.
impl FromNode for Option<Owner> {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Number(_) => u32::from_node(node, at).map(Owner::Id).map(Some),
            Value::Text(text) if text.is_empty() => Ok(None),
            Value::Text(text) => Ok(Some(
                text.parse()
                    .map_or_else(|_| Owner::Name(text.clone()), Owner::Id),
            )),
            _ => Err(at.wrong_kind(node, "a name or a number")),
        }
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling {
            name: "owner",
            pattern: Some("^[\\s\\S]*$".to_owned()),
            ..Spelling::default()
        })
    }
}

impl FromNode for Language {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let expected = "\"go\" or \"jinja\"";
        match text(node, at, expected)? {
            "go" => Ok(Self::Go),
            "jinja" => Ok(Self::Jinja),
            _ => Err(at.refuse(ValueError::WrongKind {
                expected,
                found: "another text",
            })),
        }
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling {
            name: "language",
            names: vec!["go", "jinja"],
            pattern: None,
        })
    }
}

impl FromNode for Format {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        parse(text(node, at, "the name of a format in quotes")?, at)
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling::of_names(
            "format",
            Self::ALL.map(Self::name).to_vec(),
        ))
    }
}

impl FromNode for OnChange {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        parse(text(node, at, "the name of a signal in quotes")?, at)
    }

    fn spelling() -> Option<Spelling> {
        SignalName::spelling()
    }
}

impl FromNode for OutputFormat {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        parse(text(node, at, "the name of a format in quotes")?, at)
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling::of_names(
            "output_format",
            Self::ALL.map(Self::name).to_vec(),
        ))
    }
}

impl FromNode for WriteMode {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        parse(text(node, at, "\"auto\", \"rename\" or \"inplace\"")?, at)
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling::of_names(
            "write",
            Self::ALL.map(Self::name).to_vec(),
        ))
    }
}

impl FromNode for CommandBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Text(line) => Ok(Self::Line(line.clone())),
            Value::List(_) => Vec::from_node(node, at).map(Self::List),
            _ => Err(at.wrong_kind(
                node,
                "a command line, or a list of a program and its arguments",
            )),
        }
    }

    fn spelling() -> Option<Spelling> {
        Some(Spelling {
            name: "command",
            ..Spelling::default()
        })
    }
}

/// A list of texts; a single text is a list of one, commas and all.
impl<T: OneOfMany> FromNode for Vec<T> {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Text(_) => Ok(vec![T::from_node(node, at)?]),
            Value::List(items) => items.iter().map(|item| T::from_node(item, at)).collect(),
            _ => Err(at.wrong_kind(node, "a list of texts")),
        }
    }

    fn spelling() -> Option<Spelling> {
        T::spelling()
    }
}

/// What a list holds.
pub(crate) trait OneOfMany: FromNode {}
impl OneOfMany for String {}
impl OneOfMany for Said<String> {}

/// `"2s:10s"`, or `{ min = "2s", max = "10s" }`. What consul-template calls `bool` says whether it counts at all.
impl FromNode for WaitBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        if let Value::Text(text) = &node.value {
            return parse(text, at);
        }
        if !matches!(node.value, Value::Block(_) | Value::List(_)) {
            return Err(at.wrong_kind(node, "\"MIN:MAX\", or a block with min and max"));
        }
        let mut fields = Fields::of(node, at)?;
        let (min, max) = (
            fields.key::<GoDuration>("min")?,
            fields.key::<GoDuration>("max")?,
        );
        let enabled = match (fields.key::<bool>("bool")?, fields.key::<bool>("enabled")?) {
            (Some(_), Some(_)) => {
                return Err(at.refuse(ValueError::Both {
                    one: "bool",
                    other: "enabled",
                }));
            }
            (one, other) => one.or(other),
        };
        fields.done()?;
        if let (Some(min), None | Some(true)) = (min, enabled) {
            Wait::between(min, max).map_err(|error| at.refuse(error))?;
        }
        Ok(Self { enabled, min, max })
    }

    fn spelling() -> Option<Spelling> {
        let pattern = format!("^ *{DURATION} *(: *{DURATION} *)?$");
        Some(Spelling {
            name: "wait",
            pattern: Some(pattern),
            ..Spelling::default()
        })
    }
}

fn text<'a>(node: &'a Node, at: At<'_>, expected: &'static str) -> Result<&'a str, ConfigError> {
    match &node.value {
        Value::Text(text) => Ok(text),
        _ => Err(at.wrong_kind(node, expected)),
    }
}

fn parse<T>(text: &str, at: At<'_>) -> Result<T, ConfigError>
where
    T: FromStr,
    ValueError: From<T::Err>,
{
    text.parse().map_err(|error: T::Err| at.refuse(error))
}
