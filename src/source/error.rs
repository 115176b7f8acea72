//! Why a query was not answered, and whether a retry can help.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What an error means for the next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The server answers no query at present: not reachable, no leader. Try another server, retry soon.
    Outage,
    /// Too many requests at once: all queries slow down.
    Throttled,
    /// Only this query fails, perhaps for good: retry seldom.
    Query,
    /// The token lacks the right: retry seldom.
    Denied,
    /// The blocking query ran into its time limit: the same as no news.
    Idle,
}

/// Why a query was not answered. No text of it holds a token or a value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server could not be reached, or the connection broke.
    #[error("cannot reach Consul at {server}: {reason}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// The error of the operating system or the protocol.
        reason: String,
    },
    /// The server closed the connection without any answer, which is how Consul 1.8 refuses too many connections.
    #[error(
        "Consul at {server} closed the connection without an answer; either it is shutting down, or this host has too \
         many connections open (limits.http_max_conns_per_client, 200 by default)"
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
        /// Whether this was a blocking query, for which a timeout means "no news".
        blocking: bool,
    },
    /// An answer with a status that is not 200.
    #[error("Consul at {server} answered {status}{}", Suffix(message))]
    Status {
        /// The server's address.
        server: String,
        /// The HTTP status.
        status: u16,
        /// The body, if it is one short line of text.
        message: String,
    },
    /// An answer that is not the expected one.
    #[error(
        "{server} gave an answer that is not Consul's: {reason}; is this the address of Consul's HTTP API?"
    )]
    Unreadable {
        /// The server's address.
        server: String,
        /// Where it is not as expected, and how.
        reason: String,
    },
    /// A query that HTTP cannot carry.
    #[error("cannot be asked over HTTP: {reason}")]
    Unaskable {
        /// The error of the HTTP client.
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

/// The message of a server, after a colon; nothing if there is none.
struct Suffix<'a>(&'a str);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0)
        }
    }
}

/// Messages of status 500 that are about the query, not about the state of the server.
const ABOUT_THE_QUERY: [&str; 4] = [
    "No path to datacenter",
    "Failed to create boolean expression evaluator",
    "Invalid",
    "Connect must be enabled in order to use this endpoint",
];

impl Error {
    /// What the error means for the next poll.
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
                500..=599 if !ABOUT_THE_QUERY.iter().any(|text| message.contains(text)) => {
                    ErrorClass::Outage
                }
                _ => ErrorClass::Query,
            },
            Self::Unreadable { .. } | Self::Unaskable { .. } | Self::File { .. } => {
                ErrorClass::Query
            }
        }
    }

    /// Returns `true` if another server may answer the same query.
    #[must_use]
    pub fn concerns_the_server(&self) -> bool {
        matches!(self.class(), ErrorClass::Outage | ErrorClass::Throttled)
            || matches!(self, Self::Unreadable { .. })
    }

    /// Returns `true` if a retry fails again unless the query or the rights change.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Status {
                status: 400 | 401 | 403 | 404 | 405,
                ..
            }
            | Self::Unaskable { .. }
            | Self::File { .. } => true,
            Self::Status { .. } => self.class() == ErrorClass::Query,
            _ => false,
        }
    }
}
