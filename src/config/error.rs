//! What can be wrong with a configuration, and where it was said.
//!
//! The cause is in the chain of sources: print errors with all of it (`anyhow`'s `{:#}`).

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::address::AddressError;
use super::duration::DurationError;
use super::format::FormatError;
use super::log_level::LogLevelError;
use super::signal::SignalError;
use super::template_argument::TemplateArgumentError;
use super::token::TokenError;
use super::wait::WaitError;

/// Where something was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On the command line, by this flag.
    Flag(&'static str),
    /// In the environment, by this variable.
    Variable(&'static str),
    /// In a configuration file.
    #[default]
    File,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "{name} of the environment"),
            Self::File => f.write_str("the configuration file"),
        }
    }
}

/// A value that is checked only when nothing lies over it, with the place where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What was said.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { value: T::deserialize(deserializer)?, place: Place::File })
    }
}

/// A value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// No duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// No `min[:max]`.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// No signal.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A signal that no process can act on.
    #[error("no process can act on {0}; choose another, for example SIGTERM, SIGHUP or SIGUSR1")]
    Unhandled(&'static str),
    /// No log level.
    #[error(transparent)]
    LogLevel(#[from] LogLevelError),
    /// No format.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// No template argument.
    #[error(transparent)]
    Template(#[from] TemplateArgumentError),
    /// No address of Consul.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No address to listen on.
    #[error("{0:?} is no address to listen on; write ADDRESS:PORT, for example 127.0.0.1:8500")]
    Listen(String),
    /// No bool.
    #[error("{0:?} is neither true nor false")]
    Boolean(String),
    /// Nothing that a template can be allowed.
    #[error("{0:?} is nothing that templates can be allowed; write plugin or writeToFile")]
    Permission(String),
    /// No user.
    #[error("it is empty; write USER or USER:PASSWORD")]
    NoUser,
    /// A token that cannot be sent.
    #[error("the token has characters that no HTTP header can carry; check it for blanks and line ends")]
    Token,
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// Known to consul-template only.
    #[error("it is not supported yet; unset it, and use flags")]
    NotSupportedYet,
}

/// A configuration that cannot be used. No message shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is not as it should be.
    #[error("cannot use {place}")]
    Value {
        /// Where it was said.
        place: Place,
        /// What is wrong with it.
        source: ValueError,
    },
    /// The token cannot be taken from its file.
    #[error("cannot use the token file {}, named by {place}", path.display())]
    TokenFile {
        /// Where the file was named.
        place: Place,
        /// The file.
        path: PathBuf,
        /// Why.
        source: TokenError,
    },
    /// A key of nothing.
    #[error("{place} names a key, but nothing names the certificate that belongs to it; give --consul-ssl-cert too")]
    KeyWithoutCertificate {
        /// Where it was said.
        place: Place,
    },
    /// There are no templates.
    #[error("nothing to do: give at least one --template SOURCE:DESTINATION[:COMMAND]")]
    NothingToDo,
    /// A limit on one run without one.
    #[error("--timeout goes only with --once; the daemon waits as long as it takes")]
    TimeoutWithoutOnce,
    /// One signal with two roles.
    #[error("--kill-signal and --reload-signal are both {0}; choose another for one of them, or SIGNULL for none")]
    SameSignal(&'static str),
    /// A template with nowhere to go.
    #[error(
        "the template {template} has no destination; write {template}:DESTINATION, or --dry to print what it renders to"
    )]
    NoDestination {
        /// Where it was said.
        place: Place,
        /// The template.
        template: String,
    },
    /// Neither a source nor a text, or both.
    #[error("a template needs either a source or contents, and not both")]
    NoSource {
        /// Where it was said.
        place: Place,
    },
    /// Two templates for one file.
    #[error(
        "two templates have the destination {}: {first} and {second}; give one of them another destination",
        destination.display()
    )]
    SameDestination {
        /// Where the second was said.
        place: Place,
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
        /// Where it was said.
        place: Place,
        /// The template.
        template: PathBuf,
    },
}

impl ConfigError {
    /// What the process ends with: 13 for bad flags, 15 for bad configuration, as consul-template does; a bad log
    /// level is always 15, a bad `CT_LOCAL_CONFIG` always 13.
    pub fn exit_code(&self) -> u8 {
        const FLAGS: u8 = 13;
        const CONFIGURATION: u8 = 15;
        match self {
            Self::Value { source: ValueError::LogLevel(_), .. } => CONFIGURATION,
            Self::Value { source: ValueError::NotSupportedYet, .. }
            | Self::NothingToDo
            | Self::TimeoutWithoutOnce
            | Self::SameSignal(_) => FLAGS,
            Self::Value { place, .. }
            | Self::TokenFile { place, .. }
            | Self::KeyWithoutCertificate { place }
            | Self::NoDestination { place, .. }
            | Self::NoSource { place }
            | Self::SameDestination { place, .. }
            | Self::OwnSource { place, .. } => match place {
                Place::Flag(_) => FLAGS,
                Place::Variable(_) | Place::File => CONFIGURATION,
            },
        }
    }
}
