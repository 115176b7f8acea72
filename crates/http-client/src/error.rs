//! The errors of a request.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use crate::limits::MAX_HEAD;
use crate::tls_failure::{TlsFailure, tls_cause};
use crate::wire::Wire;
use go_duration::GoDuration;

/// The reason for which a request was not answered. The text never contains a header, a body or a URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be sent as an HTTP request.
    #[error("{0}")]
    Invalid(String),
    /// No program listens at the address of the server.
    #[error("Connection refused")]
    Refused,
    /// No usable connection could be opened.
    #[error("{0}")]
    Unreachable(String),
    /// The time limit for connecting was exceeded.
    #[error("connecting took longer than {}", GoDuration(*.0))]
    ConnectTimeout(Duration),
    /// The TLS handshake exceeded its time limit.
    #[error("the TLS handshake took longer than {}", GoDuration(*.0))]
    HandshakeTimeout(Duration),
    /// The TLS handshake failed, or the server rejected the client certificate.
    #[error(transparent)]
    Tls(TlsFailure),
    /// The server closed the connection before the first byte of the answer.
    #[error("it closed the connection")]
    Closed,
    /// The server closed a reused connection before the first byte of the answer, and the request may not
    /// be repeated on another one.
    #[error("it closed the connection, which earlier requests had used")]
    ConnectionLost,
    /// The answer is not HTTP.
    #[error("this is not HTTP ({0})")]
    Malformed(String),
    /// The head, including interim answers before it, is too large.
    #[error("its head is longer than {} MiB", MAX_HEAD >> 20)]
    HeadTooLong,
    /// The answer ended before it was complete, or its framing is invalid.
    #[error("the answer is cut off ({0})")]
    CutOff(String),
    /// The body did not continue within this time.
    #[error("the answer stalled: no byte of its body came for {}", GoDuration(*.0))]
    Stalled(Duration),
    /// The body is larger than this many bytes.
    #[error("it is longer than {} MiB", .0 >> 20)]
    TooLong(usize),
    /// All bodies together exceed this number of bytes, and this body is not a small one.
    #[error("the answers that are being received hold more than {} MiB together", .0 >> 20)]
    TooMuchInFlight(usize),
    /// The time limit of the request was exceeded.
    #[error("it did not answer in time")]
    TimedOut,
}

impl Error {
    /// Creates the error of a connection that could not be opened.
    pub(crate) fn connect(error: &io::Error) -> Self {
        match tls_cause(error) {
            Some(error) => Self::Tls(error.into()),
            None if error.kind() == io::ErrorKind::ConnectionRefused => Self::Refused,
            None => Self::Unreachable(reason(error)),
        }
    }

    /// Creates the error of a request whose head did not arrive.
    pub(crate) fn head(error: &hyper::Error, wire: &Wire) -> Self {
        if let Some(failure) = wire.tls_failure() {
            Self::Tls(failure.clone())
        } else if wire.is_exhausted() || error.is_parse_too_large() {
            Self::HeadTooLong
        } else if error.is_parse() {
            Self::Malformed(reason(error))
        } else if is_closed(error) {
            if wire.has_received() {
                Self::CutOff("the connection ended".to_owned())
            } else {
                Self::Closed
            }
        } else {
            Self::Unreachable(reason(error))
        }
    }

    /// Creates the error of an incomplete body.
    pub(crate) fn body(error: &hyper::Error) -> Self {
        Self::CutOff(reason(error))
    }
}

/// The text of the innermost cause; the outer texts repeat what the caller knows.
fn reason(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Returns `true` if the server closed the connection instead of answering.
fn is_closed(error: &hyper::Error) -> bool {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return true;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::NotConnected
            );
        }
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return match error.get_io() {
                Some(_) => matches!(
                    error.get_io().map(io::Error::kind),
                    Some(
                        io::ErrorKind::ConnectionReset
                            | io::ErrorKind::BrokenPipe
                            | io::ErrorKind::UnexpectedEof
                    )
                ),
                None => error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM),
            };
        }
        cause = error.source();
    }
    false
}
