//! The errors of a configuration, with the origin of the value.
//!
//! The cause is the source of an error: print the whole chain (`anyhow`'s `{:#}`).

use std::fmt;
use std::io;
use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::address::AddressError;
use super::file_mode::FileModeError;
use super::format::NameError;
use super::glob::GlobError;
use super::logging::{FacilityError, LogLevelError};
use super::signal::SignalError;
use super::template_argument::TemplateArgumentError;
use super::token::TokenError;
use super::wait::WaitError;
use crate::exit_code;
use go_duration::DurationError;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It is the default.
    #[default]
    Default,
    /// This flag.
    Flag(&'static str),
    /// This environment variable.
    Variable(&'static str),
    /// A key of a document.
    File(Arc<Span>),
}

/// A position in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The document.
    pub document: Document,
    /// The line, from 1; 0: not known.
    pub line: usize,
    /// The key with those around it: `consul.auth.username`, `template[2].source`; empty: the whole document.
    pub key: String,
}

/// A text with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A file.
    File(Arc<Path>),
    /// An environment variable.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "{name} of the environment"),
            Self::File(span) if span.key.is_empty() => write!(f, "{span}"),
            Self::File(span) => write!(f, "{} in {span}", span.key),
        }
    }
}

/// The text and the line, without the key.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            document,
            line,
            key: _,
        } = self;
        match (document, line) {
            (Document::File(path), 0) => write!(f, "{}", path.display()),
            (Document::File(path), line) => write!(f, "{}:{line}", path.display()),
            (Document::Variable(name), 0) => write!(f, "{name} of the environment"),
            (Document::Variable(name), line) => write!(f, "{name} of the environment, line {line}"),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its origin.
    pub origin: Origin,
}

/// A value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Not `min[:max]`.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// Not a signal.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A signal that no process can handle.
    #[error("no process can act on {0}; choose another, for example SIGTERM, SIGHUP or SIGUSR1")]
    Unhandled(&'static str),
    /// Not a log level.
    #[error(transparent)]
    LogLevel(#[from] LogLevelError),
    /// Not a syslog facility.
    #[error(transparent)]
    Facility(#[from] FacilityError),
    /// None of the names of a format or a mode.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A text that is the name of no file format.
    #[error(transparent)]
    Format(#[from] file_formats::UnknownFormat),
    /// Not a template argument.
    #[error(transparent)]
    Template(#[from] TemplateArgumentError),
    /// Not an address of Consul.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Not an address to listen on.
    #[error("{0:?} is not an address to listen on; write ADDRESS:PORT, for example 127.0.0.1:8500")]
    Listen(String),
    /// Not a bool.
    #[error("{0:?} is neither true nor false")]
    Boolean(String),
    /// Not a permission of templates.
    #[error("{0:?} is not a permission of templates; write plugin or writeToFile")]
    Permission(String),
    /// An empty user name.
    #[error("it is empty; write USER or USER:PASSWORD")]
    NoUser,
    /// A token that cannot be sent.
    #[error(
        "the token has characters that no HTTP header can carry; check it for blanks and line ends"
    )]
    Token,
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// A key that does not exist.
    #[error("there is no such key{}", offered(similar.as_deref(), known))]
    UnknownKey {
        /// The key that was probably meant.
        similar: Option<String>,
        /// All keys of the block.
        known: Vec<&'static str>,
    },
    /// A value of another kind than the key takes.
    #[error("it is {found}, and should be {expected}")]
    WrongKind {
        /// The kind that the key takes.
        expected: &'static str,
        /// The kind of the value; never the value itself.
        found: &'static str,
    },
    /// A key that is set more than once.
    #[error("it is set {count} times, first on line {first}; set it once")]
    Repeated {
        /// The number of times.
        count: usize,
        /// The line of the first.
        first: usize,
    },
    /// Not a mode of a file.
    #[error(transparent)]
    FileMode(#[from] FileModeError),
    /// Not a whole number.
    #[error("it is not a whole number")]
    Number(#[from] ParseIntError),
    /// A number with a fraction, or one that is too large.
    #[error("{0} is not a valid whole number")]
    NotWhole(String),
    /// A number out of range.
    #[error("{0} is out of range")]
    Range(i64),
    /// A variable without a name.
    #[error("this is not NAME=VALUE")]
    Variable,
    /// Not a pattern.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// A timeout of zero.
    #[error("a limit of 0s would end the command at once; set a longer one, for example 5m")]
    NoTime,
    /// Two spellings of one key.
    #[error("{one} and {other} mean the same; set one of them")]
    Both {
        /// One.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
}

/// How to give a template a destination.
fn add(origin: &Origin, template: &str) -> String {
    match origin {
        Origin::File(_) => format!("write destination = \"…\" into {origin}"),
        Origin::Default | Origin::Flag(_) | Origin::Variable(_) => {
            format!("write {template}:DESTINATION")
        }
    }
}

fn offered(similar: Option<&str>, known: &[&str]) -> String {
    match similar {
        Some(name) => format!("; did you mean {name}?"),
        None => format!("; there are {}", known.join(", ")),
    }
}

/// An invalid configuration. No message shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An invalid value.
    #[error("cannot use {origin}")]
    Value {
        /// Its origin.
        origin: Origin,
        /// The reason.
        source: ValueError,
    },
    /// An unusable token file.
    #[error("cannot use the token file {}, named by {origin}", path.display())]
    TokenFile {
        /// The origin of the path.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: TokenError,
    },
    /// A private key without a certificate.
    #[error("{origin} names a private key without a certificate; set --consul-ssl-cert too")]
    KeyWithoutCertificate {
        /// Its origin.
        origin: Origin,
    },
    /// A configuration file or directory cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file that is not a configuration of consul-template.
    #[error("cannot migrate {}: consul-template reads HCL and JSON only, so this is a configuration of ctmpl already", path.display())]
    NotMigratable {
        /// The file.
        path: PathBuf,
    },
    /// A syntax error.
    #[error("cannot read the configuration {span} as {format}: {reason}")]
    Malformed {
        /// Its position.
        span: Arc<Span>,
        /// The format.
        format: &'static str,
        /// The reason.
        reason: String,
    },
    /// There are no templates.
    #[error(
        "nothing to do: give at least one --template SOURCE:DESTINATION[:COMMAND], or a --config with a template block"
    )]
    NothingToDo,
    /// A timeout without `-once`.
    #[error("--timeout requires --once; the daemon has no time limit")]
    TimeoutWithoutOnce,
    /// One signal with two roles.
    #[error(
        "the kill signal and the reload signal are both {signal}; choose another for one of them, or SIGNULL for none"
    )]
    SameSignal {
        /// The signal.
        signal: &'static str,
        /// The origin of one of them.
        origin: Origin,
    },
    /// A template without a destination.
    #[error(
        "the template {template} has no destination; {}, or --dry to print what it renders to",
        add(origin, template)
    )]
    NoDestination {
        /// Its origin.
        origin: Origin,
        /// The template.
        template: String,
    },
    /// Neither a source nor a text, or both.
    #[error("a template needs either a source or contents, and not both; see {origin}")]
    NoSource {
        /// Its origin.
        origin: Origin,
    },
    /// Two templates for one file.
    #[error(
        "two templates have the destination {}: {first} and {second}; give one of them another destination",
        destination.display()
    )]
    SameDestination {
        /// The origin of the second.
        origin: Origin,
        /// The file.
        destination: PathBuf,
        /// The first template.
        first: String,
        /// The second template.
        second: String,
    },
    /// A template that would overwrite itself.
    #[error("the template {} has itself as its destination; give it another", template.display())]
    OwnSource {
        /// Its origin.
        origin: Origin,
        /// The template.
        template: PathBuf,
    },
}

impl ConfigError {
    /// The exit code of the process: as in consul-template, 13 for flags and 15 for the configuration. An invalid log
    /// level or facility is always 15, an invalid `CT_LOCAL_CONFIG` always 13.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Value {
                source: ValueError::LogLevel(_) | ValueError::Facility(_),
                ..
            }
            | Self::Unreadable { .. }
            | Self::NotMigratable { .. } => exit_code::CONFIG,
            Self::NothingToDo | Self::TimeoutWithoutOnce => exit_code::USAGE,
            Self::Malformed { span, .. } => match span.document {
                Document::Variable(_) => exit_code::USAGE,
                Document::File(_) => exit_code::CONFIG,
            },
            Self::Value { origin, .. }
            | Self::SameSignal { origin, .. }
            | Self::TokenFile { origin, .. }
            | Self::KeyWithoutCertificate { origin }
            | Self::NoDestination { origin, .. }
            | Self::NoSource { origin }
            | Self::SameDestination { origin, .. }
            | Self::OwnSource { origin, .. } => match origin {
                Origin::Flag(_) => exit_code::USAGE,
                Origin::File(span) if matches!(span.document, Document::Variable(_)) => {
                    exit_code::USAGE
                }
                Origin::Default | Origin::Variable(_) | Origin::File(_) => exit_code::CONFIG,
            },
        }
    }
}
