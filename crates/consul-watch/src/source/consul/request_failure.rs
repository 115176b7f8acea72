//! The error of a request without an answer, with the likely correction.

use std::time::Duration;

use url::Url;

use super::config::ClientConfig;
use super::{address_hint, tls_hint};
use crate::source::error::Error;

/// The time within which a closed connection counts as a refusal, because the query cannot have
/// blocked yet.
pub(super) const REFUSED_WITHIN: Duration = Duration::from_millis(500);

/// A request without an answer.
pub(super) struct Unanswered<'a> {
    /// The server's URL.
    pub(super) server: &'a Url,
    /// The server's address for messages.
    pub(super) name: String,
    /// `true` if the server has answered before.
    pub(super) has_answered: bool,
    /// The configuration of the client.
    pub(super) config: &'a ClientConfig,
    /// `true` for a blocking query.
    pub(super) blocking: bool,
    /// The time since the request began.
    pub(super) after: Duration,
}

/// Returns `true` if the connection of a blocking query was cut: it was in use before, or the query has blocked. The
/// server may have lost its state.
pub(super) fn is_cut(error: &http_client::Error, after: Duration) -> bool {
    match error {
        http_client::Error::ConnectionLost => true,
        http_client::Error::Closed => after >= REFUSED_WITHIN,
        _ => false,
    }
}

impl Unanswered<'_> {
    /// The error of the source.
    pub(super) fn error(self, error: http_client::Error) -> Error {
        let Self {
            server: url,
            name: server,
            has_answered,
            config: ClientConfig { tls, names, .. },
            blocking,
            after,
        } = self;
        let remedy = (!has_answered)
            .then(|| address_hint::for_failure(&error, url, names))
            .flatten();
        let unreachable = |server, reason| Error::Unreachable { server, reason };
        match error {
            http_client::Error::Invalid(reason) => Error::InvalidRequest { reason },
            http_client::Error::TimedOut => Error::TimedOut { server, blocking },
            http_client::Error::Tls(failure) => {
                unreachable(server, tls_hint::for_failure(&failure, tls, names))
            }
            // With TLS 1.3 a server verifies our certificate after the handshake, and may close the
            // connection without an alert.
            http_client::Error::Closed
                if url.scheme() == "https" && !has_answered && tls.identity.is_none() =>
            {
                unreachable(server, tls_hint::for_closed(names))
            }
            http_client::Error::Closed if after < REFUSED_WITHIN => {
                Error::ClosedWithoutAnswer { server, remedy }
            }
            http_client::Error::HeadTooLong
            | http_client::Error::TooLong(_)
            | http_client::Error::TooMuchInFlight(_) => Error::TooLarge {
                server,
                reason: error.to_string(),
            },
            // A connection that is cut during an answer is an outage, not a refusal.
            error => {
                let remedy = remedy.map_or(String::new(), |remedy| format!("; {remedy}"));
                unreachable(server, format!("{error}{remedy}"))
            }
        }
    }
}
