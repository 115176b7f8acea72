//! The errors of a query, and whether a retry can help.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The consequence of an error for the next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The server answers no query (unreachable, no leader). Try another server, retry soon.
    Outage,
    /// There are too many requests. All queries slow down.
    Throttled,
    /// The datacenter that the query names does not answer, but Consul itself does. The queries to this datacenter fail
    /// together, and the others do not.
    Datacenter,
    /// Only this query fails, perhaps permanently. Retry rarely.
    Query,
    /// The token lacks a right. Retry rarely.
    Denied,
    /// A blocking query exceeded its time limit. Treat it as an unchanged answer.
    Idle,
}

/// The reason for which a query was not answered. The text never contains a token or a value.
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
    /// The server closed the connection without an answer. Consul 1.8 does this when there are too
    /// many connections.
    #[error(
        "Consul at {server} closed the connection without an answer; {}it is shutting down, or this host has too many \
         connections open (limits.http_max_conns_per_client, 200 by default)",
        remedy.as_ref().map_or(String::new(), |remedy| format!("{remedy}; otherwise "))
    )]
    ClosedWithoutAnswer {
        /// The server's address.
        server: String,
        /// The likely correction of the address; `None` if the server has answered before.
        remedy: Option<String>,
    },
    /// The time limit was exceeded.
    #[error("Consul at {server} did not answer in time")]
    TimedOut {
        /// The server's address.
        server: String,
        /// `true` for a blocking query, whose timeout means that the answer is unchanged.
        blocking: bool,
    },
    /// The server answered with a status other than 200.
    #[error("Consul at {server} answered {status}{}", Suffix(message))]
    Status {
        /// The server's address.
        server: String,
        /// The HTTP status.
        status: u16,
        /// The body, if it is one short line of text; else empty.
        message: String,
        /// The pause that the server requests with `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Consul has a leader, but gives no answer of the datacenter that the query names.
    #[error("datacenter {name} does not answer: {reason}")]
    Datacenter {
        /// The name of the datacenter.
        name: String,
        /// Consul's answer, or how long it gave none.
        reason: String,
    },
    /// The body is not the expected answer.
    #[error(
        "{server} gave an answer that is not Consul's: {reason}; is this the address of Consul's HTTP API?"
    )]
    Unreadable {
        /// The server's address.
        server: String,
        /// The position and kind of the deviation.
        reason: String,
    },
    /// The status or the body is none of Consul's: a proxy or another server has answered.
    #[error("{address} answered {answer}, {conclusion}")]
    NotConsul {
        /// The address, with its path.
        address: String,
        /// The status, with the text or the target of the redirect.
        answer: String,
        /// The likely cause and its remedy.
        conclusion: String,
        /// `true` if the server does not have the path, so that a retry fails again.
        is_final: bool,
    },
    /// The answer exceeds a limit of the client.
    #[error("Consul at {server}: the answer is too large: {reason}")]
    TooLarge {
        /// The server's address.
        server: String,
        /// The limit.
        reason: String,
    },
    /// The query cannot be sent as an HTTP request.
    #[error("cannot be sent as an HTTP request: {reason}")]
    InvalidRequest {
        /// The error of the HTTP client.
        reason: String,
    },
    /// A local file could not be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// The message of a server after a colon; empty without a message.
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

/// The message of status 500 if the server has no endpoints for the service mesh.
const MESH_DISABLED: &str = "Connect must be enabled in order to use this endpoint";

/// The message of status 500 for a datacenter without a server that can be reached.
const NO_PATH: &str = "No path to datacenter";

/// Messages of status 500 that concern the query, not the state of the server.
const ABOUT_THE_QUERY: [&str; 3] = [
    "Failed to create boolean expression evaluator",
    "Invalid",
    MESH_DISABLED,
];

impl Error {
    /// The consequence for the next poll.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut {
                blocking: false, ..
            } => ErrorClass::Outage,
            Self::ClosedWithoutAnswer { .. } => ErrorClass::Throttled,
            Self::TimedOut { blocking: true, .. } => ErrorClass::Idle,
            Self::Status {
                status, message, ..
            } => match status {
                401 | 403 => ErrorClass::Denied,
                429 => ErrorClass::Throttled,
                500..=599 if message.contains(NO_PATH) => ErrorClass::Datacenter,
                500..=599 if !ABOUT_THE_QUERY.iter().any(|text| message.contains(text)) => {
                    ErrorClass::Outage
                }
                _ => ErrorClass::Query,
            },
            Self::Datacenter { .. } => ErrorClass::Datacenter,
            Self::Unreadable { .. }
            | Self::NotConsul { .. }
            | Self::TooLarge { .. }
            | Self::InvalidRequest { .. }
            | Self::File { .. } => ErrorClass::Query,
        }
    }

    /// Returns `true` if another server may answer the same query. Together with [`ErrorClass::Query`], it means that the
    /// answer is not Consul's: nothing else can be expected from the server now, but only this path may be affected.
    #[must_use]
    pub fn concerns_the_server(&self) -> bool {
        matches!(self.class(), ErrorClass::Outage | ErrorClass::Throttled)
            || matches!(self, Self::Unreadable { .. } | Self::NotConsul { .. })
    }

    /// Returns `true` if the datacenter that a query names may be the cause, while Consul itself answers: it has no path to
    /// the datacenter, no answer from there, or the datacenter has no leader.
    #[must_use]
    pub fn may_concern_datacenter(&self) -> bool {
        matches!(
            self,
            Self::Status {
                status: 500..=599,
                ..
            } | Self::TimedOut {
                blocking: false,
                ..
            } | Self::Datacenter { .. }
        )
    }

    /// The pause before the next request that the server asks for, when it throttles or is not available.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status {
                status: 429 | 503,
                retry_after,
                ..
            } => *retry_after,
            _ => None,
        }
    }

    /// Returns `true` if a retry fails again unless the query changes: the server has no such
    /// endpoint, the request cannot be sent, or the file cannot be read. Other errors may end: a token
    /// gets its rights, a datacenter comes back.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Status {
                status, message, ..
            } => matches!(status, 404 | 405) || message.contains(MESH_DISABLED),
            Self::NotConsul { is_final, .. } => *is_final,
            Self::InvalidRequest { .. } | Self::File { .. } => true,
            _ => false,
        }
    }
}
