//! The errors of a configuration, with the origin of the value.
//!
//! The cause is the source of an error: print the whole chain (`anyhow`'s `{:#}`).

mod group;

use std::path::PathBuf;

use config_blocks::{Document, Error, Origin};

use super::logging::LogLevelError;
use super::template_argument::escape;
use super::token::TokenError;
use crate::exit_code;
pub(crate) use group::GroupError;
use tracing_outlets::FacilityError;

/// A value that cannot be used, for a reason that the library does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    /// A signal that no process can handle.
    #[error("no process can act on {0}; choose another, for example SIGTERM, SIGHUP or SIGUSR1")]
    Unhandled(&'static str),
    /// A child process that starts with the last good files, without a record of them.
    #[error(
        "the last good files are known only with a state directory; set state_dir, or remove start_with"
    )]
    NoState,
    /// Answers of an earlier process without a place where they are kept.
    #[error(
        "the answers of an earlier process are kept only in a state directory; set state_dir, or remove warm_start"
    )]
    NoAnswers,
    /// Answers of an earlier process that are not kept.
    #[error("keep_answers = false keeps no answers for the next process; remove one of the two")]
    AnswersNotKept,
    /// Not an address to listen on.
    #[error("{0:?} is not an address to listen on; write ADDRESS:PORT, for example 127.0.0.1:8500")]
    Listen(String),
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
    /// A variable without a name.
    #[error("this is not NAME=VALUE, or the name alone for a variable without a value")]
    Variable,
    /// Not a method of verification.
    #[error(
        "there is no verification {0:?}; write nginx, haproxy, a URL, or a command with its whole path or arguments"
    )]
    Verify(String),
    /// A verification by a URL that is not one of HTTP. The URL may have a password.
    #[error(
        "only a URL with http:// or https:// can be requested; write for example http://127.0.0.1:8000/health"
    )]
    Scheme,
    /// A change budget without a limit.
    #[error(
        "it limits nothing without lines or fraction; write for example max_change {{ fraction = 0.5 }}"
    )]
    NoLimit,
    /// A change budget that accepts every change at once.
    #[error(
        "confirm_for = \"0s\" would accept every change at once; set a longer time, for example 15m, or leave it out"
    )]
    NoConfirmation,
    /// Flap damping with a number or a time of zero.
    #[error("max_toggles, window and stable_for must be more than 0")]
    ZeroFlapDamping,
    /// A timeout of zero.
    #[error("a limit of 0s would end the command at once; set a longer one, for example 5m")]
    NoTime,
}

/// How to give a template a destination.
fn add(origin: &Origin, template: &str) -> String {
    match origin {
        Origin::File(_) => format!("write destination = \"…\" into {origin}"),
        Origin::Default | Origin::Flag(_) | Origin::Variable(_) => {
            format!("write {}:DESTINATION", escape(template))
        }
    }
}

/// An invalid configuration. No message shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value or a file that cannot be read.
    #[error(transparent)]
    Read(#[from] Error),
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
    /// A file that is not a configuration of consul-template.
    #[error("cannot migrate {}: consul-template reads HCL and JSON only, so this is a configuration of ctmpl already", path.display())]
    NotMigratable {
        /// The file.
        path: PathBuf,
    },
    /// There are no templates.
    #[error(
        "nothing to do: give at least one --template SOURCE:DESTINATION[:COMMAND], or a --config with a template block; \
         see `ctmpl --help`, and `ctmpl dev` to try templates without Consul"
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
    /// Standard output as a destination in daemon mode.
    #[error(
        "the template {template} has the destination {}, standard output, which requires --once; the file - is written \
         ./-; see {origin}", destination.display()
    )]
    PrintedByDaemon {
        /// Its origin.
        origin: Origin,
        /// The template.
        template: String,
        /// The destination as written.
        destination: PathBuf,
    },
    /// A template from standard input in daemon mode.
    #[error(
        "a template from standard input requires --once, because it can be read only once; the file - is written ./-; \
         see {origin}"
    )]
    ReadByDaemon {
        /// Its origin.
        origin: Origin,
    },
    /// A destination that is an open file of the process.
    #[error(
        "the template {template} has the destination {}, which is not a file; name a file, or print to standard output \
         with --once and the destination -; see {origin}", destination.display()
    )]
    OpenFile {
        /// Its origin.
        origin: Origin,
        /// The template.
        template: String,
        /// The destination.
        destination: PathBuf,
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
            Self::NotMigratable { .. } | Self::Read(Error::Unreadable { .. }) => exit_code::CONFIG,
            Self::NothingToDo | Self::TimeoutWithoutOnce => exit_code::USAGE,
            Self::Read(Error::Malformed { span, .. }) => of_document(&span.document),
            Self::Read(Error::Value { source, .. })
                if source.is::<LogLevelError>() || source.is::<FacilityError>() =>
            {
                exit_code::CONFIG
            }
            Self::Read(Error::Value { origin, .. })
            | Self::SameSignal { origin, .. }
            | Self::TokenFile { origin, .. }
            | Self::NoDestination { origin, .. }
            | Self::PrintedByDaemon { origin, .. }
            | Self::ReadByDaemon { origin }
            | Self::OpenFile { origin, .. }
            | Self::NoSource { origin }
            | Self::SameDestination { origin, .. }
            | Self::OwnSource { origin, .. } => match origin {
                Origin::Flag(_) => exit_code::USAGE,
                Origin::File(span) => of_document(&span.document),
                Origin::Default | Origin::Variable(_) => exit_code::CONFIG,
            },
        }
    }
}

/// The error of a configuration file. In a directory, the remedy may be to move the file elsewhere.
pub(super) fn with_remedy(error: Error, is_named: bool) -> Error {
    match error {
        Error::Malformed {
            span,
            format,
            reason,
        } if !is_named => Error::Malformed {
            span,
            format,
            reason: format!(
                "{reason}; each file in a directory of --config is a configuration, so keep other files elsewhere"
            ),
        },
        error => error,
    }
}

fn of_document(document: &Document) -> u8 {
    match document {
        Document::Variable(_) => exit_code::USAGE,
        Document::File(_) => exit_code::CONFIG,
    }
}
