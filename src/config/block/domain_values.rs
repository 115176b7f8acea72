//! Single values with a meaning of their own: durations, signals, file modes, owners, and names from a list.

use std::ffi::OsString;

use super::entries::{FromNode, Position};
use super::key::{Number, Pattern, Shape, Spelling, in_any_case};
use super::page::quoted;
use super::values::{Value, last, parse, parse_last, parsed_value, text};
use crate::config::error::{ConfigError, ValueError};
use crate::config::exec::OnChange;
use crate::config::file_mode::FileMode;
use crate::config::resolved::{Format, Language, OutputFormat, Owner, WriteMode};
use crate::config::signal::SignalName;
use crate::config::tree::{Node, Value as Tree};
use go_duration::GoDuration;

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
