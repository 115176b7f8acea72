//! Why a question was not answered, and whether asking again can help.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What an error means for the one who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Nobody can answer just now, whatever is asked: not reachable, no leader. Ask another server, ask again soon.
    Outage,
    /// Too much is asked at once. Everybody asks less.
    Throttled,
    /// Just this question fails, perhaps for good. Ask again seldom.
    Question,
    /// The token may not ask this. Ask again seldom.
    Denied,
    /// The poll ran into its time limit: the same as no news.
    Idle,
}

/// Why a question was not answered. No text of it holds a token or a value.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The server could not be reached, or hung up.
    #[error("cannot reach Consul at {server}: {reason}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// What the operating system or the protocol said.
        reason: String,
    },
    /// The server closed the connection without any answer, which is how Consul 1.8 says that there are too many.
    #[error(
        "Consul at {server} closed the connection without an answer; either it is ending, or this host has too many \
         connections open (limits.http_max_conns_per_client, 200 by default)"
    )]
    HungUp {
        /// The server's address.
        server: String,
    },
    /// The time limit passed.
    #[error("Consul at {server} did not answer in time")]
    TimedOut {
        /// The server's address.
        server: String,
        /// Whether this was a blocking query, for which a time-out is no more than "no news".
        blocking: bool,
    },
    /// An answer with a status that is not 200.
    #[error("Consul at {server} answered {status}{}", Said(message))]
    Status {
        /// The server's address.
        server: String,
        /// The HTTP status.
        status: u16,
        /// The body, if it is one short line of text.
        message: String,
    },
    /// An answer that is not what this question is answered with.
    #[error(
        "{server} gave an answer that is not Consul's: {reason}; is this the address of Consul's HTTP API?"
    )]
    Unreadable {
        /// The server's address.
        server: String,
        /// What is wrong with it: where, and what was expected.
        reason: String,
    },
    /// A question that HTTP has no room for.
    #[error("cannot be asked over HTTP: {reason}")]
    Unaskable {
        /// What the HTTP client said.
        reason: String,
    },
    /// A local file could not be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a server said, after a colon, if it said anything.
struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0)
        }
    }
}

/// Texts of status 500 that are about the question, not about the state of the server.
const ABOUT_THE_QUESTION: [&str; 4] = [
    "No path to datacenter",
    "Failed to create boolean expression evaluator",
    "Invalid",
    "Connect must be enabled in order to use this endpoint",
];

impl AskError {
    /// What this means for the one who asks.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut {
                blocking: false, ..
            } => ErrorClass::Outage,
            Self::HungUp { .. } => ErrorClass::Throttled,
            Self::TimedOut { blocking: true, .. } => ErrorClass::Idle,
            Self::Status {
                status, message, ..
            } => match status {
                401 | 403 => ErrorClass::Denied,
                429 => ErrorClass::Throttled,
                500..=599 if !ABOUT_THE_QUESTION.iter().any(|text| message.contains(text)) => {
                    ErrorClass::Outage
                }
                _ => ErrorClass::Question,
            },
            Self::Unreadable { .. } | Self::Unaskable { .. } | Self::File { .. } => {
                ErrorClass::Question
            }
        }
    }

    /// May another server answer the same question?
    #[must_use]
    pub fn concerns_the_server(&self) -> bool {
        matches!(self.class(), ErrorClass::Outage | ErrorClass::Throttled)
            || matches!(self, Self::Unreadable { .. })
    }

    /// Will asking again without any change of the question or of the rights fail again?
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Status {
                status: 400 | 401 | 403 | 404 | 405,
                ..
            }
            | Self::Unaskable { .. }
            | Self::File { .. } => true,
            Self::Status { .. } => self.class() == ErrorClass::Question,
            _ => false,
        }
    }
}
