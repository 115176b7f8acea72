//! Limits on answers. The time of a request is limited by its caller.

use std::time::Duration;

/// The largest head of an answer, together with the interim (1xx) answers before it, in bytes.
pub(crate) const MAX_HEAD: usize = 1 << 20;

/// The limits on bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes.
    pub answer: usize,
    /// The most bytes that all bodies in flight hold together. Above half of it, only small answers grow.
    pub in_flight: usize,
    /// The time within which a body has to continue once it has begun.
    pub stall: Duration,
}

impl Default for Limits {
    /// Consul's answers are far smaller.
    fn default() -> Self {
        Self {
            answer: 256 << 20,
            in_flight: 512 << 20,
            stall: Duration::from_secs(10),
        }
    }
}
