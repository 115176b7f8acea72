//! Counts the requests to Consul and the bytes of the answers.

use std::sync::atomic::{AtomicU64, Ordering};

/// The requests and the bytes of the bodies of answers, since the client was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The number of answered requests.
    pub requests: u64,
    /// The bytes of all bodies.
    pub bytes: u64,
}

/// Counts traffic.
#[derive(Debug, Default)]
pub(super) struct TrafficCounter {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl TrafficCounter {
    /// Counts an answer with a body of this many bytes.
    pub(super) fn count(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The traffic so far.
    pub(super) fn total(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}
