//! What a connection and the request on it tell each other about the bytes that arrive.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::limits::MAX_HEAD;
use crate::tls_failure::{TlsFailure, tls_cause};

/// Shared by the stream, which counts, and the request, which sets the limit.
#[derive(Debug)]
pub(crate) struct Wire {
    /// How many bytes may still be read.
    allowance: AtomicUsize,
    /// Whether a byte of the answer has arrived.
    received: AtomicBool,
    /// Why TLS failed after the handshake. Kept here because HTTP/2 drops the type of the error.
    tls_failure: OnceLock<Box<TlsFailure>>,
}

impl Wire {
    /// Creates one without a limit.
    pub(crate) fn new() -> Self {
        Self {
            allowance: AtomicUsize::new(usize::MAX),
            received: AtomicBool::new(false),
            tls_failure: OnceLock::new(),
        }
    }

    /// A request begins: until its head is there, no more than [`MAX_HEAD`] bytes are read.
    pub(crate) fn expect_head(&self) {
        self.received.store(false, Ordering::Relaxed);
        self.allowance.store(MAX_HEAD, Ordering::Relaxed);
    }

    /// The head is there; the body has limits of its own.
    pub(crate) fn expect_body(&self) {
        self.allowance.store(usize::MAX, Ordering::Relaxed);
    }

    /// How many bytes may be read.
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

    /// Remembers the cause of an error, if it is TLS.
    pub(crate) fn record(&self, error: &io::Error) {
        if let Some(error) = tls_cause(error) {
            self.tls_failure.get_or_init(|| Box::new(error.into()));
        }
    }

    /// Why TLS failed after the handshake.
    pub(crate) fn tls_failure(&self) -> Option<&TlsFailure> {
        self.tls_failure.get().map(|failure| &**failure)
    }
}
