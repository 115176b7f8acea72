//! The state that a connection and its request share about incoming bytes.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::limits::MAX_HEAD;
use crate::tls_failure::{TlsFailure, tls_cause};

/// The shared state: the stream counts bytes, and the request sets the limit.
#[derive(Debug)]
pub(crate) struct Wire {
    /// The number of bytes that may still be read.
    allowance: AtomicUsize,
    /// `true` after a byte of the answer has arrived.
    received: AtomicBool,
    /// The TLS failure after the handshake. It is stored here because HTTP/2 drops the type of the error.
    tls_failure: OnceLock<Box<TlsFailure>>,
}

impl Wire {
    /// Creates a state without a limit.
    pub(crate) fn new() -> Self {
        Self {
            allowance: AtomicUsize::new(usize::MAX),
            received: AtomicBool::new(false),
            tls_failure: OnceLock::new(),
        }
    }

    /// Starts a request: before its head is complete, at most [`MAX_HEAD`] bytes are read.
    pub(crate) fn expect_head(&self) {
        self.received.store(false, Ordering::Relaxed);
        self.allowance.store(MAX_HEAD, Ordering::Relaxed);
    }

    /// Removes the limit after the head; the body has its own limits.
    pub(crate) fn expect_body(&self) {
        self.allowance.store(usize::MAX, Ordering::Relaxed);
    }

    /// The number of bytes that may be read.
    pub(crate) fn allowance(&self) -> usize {
        self.allowance.load(Ordering::Relaxed)
    }

    /// Returns `true` if the limit is reached.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.allowance() == 0
    }

    /// Returns `true` if a byte of the answer has arrived.
    pub(crate) fn has_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    /// Counts bytes that were read.
    pub(crate) fn count(&self, len: usize) {
        if len > 0 {
            self.received.store(true, Ordering::Relaxed);
            let left = self.allowance();
            if left != usize::MAX {
                self.allowance
                    .store(left.saturating_sub(len), Ordering::Relaxed);
            }
        }
    }

    /// Records the cause of an error if it is a TLS failure.
    pub(crate) fn record(&self, error: &io::Error) {
        if let Some(error) = tls_cause(error) {
            self.tls_failure.get_or_init(|| Box::new(error.into()));
        }
    }

    /// The TLS failure after the handshake.
    pub(crate) fn tls_failure(&self) -> Option<&TlsFailure> {
        self.tls_failure.get().map(|failure| &**failure)
    }
}
