//! The limits on answers. The time limit of a request is set by its caller.

use std::time::Duration;

/// The maximum size of the head of an answer, including interim (1xx) answers before it, in bytes.
pub(crate) const MAX_HEAD: usize = 1 << 20;

/// The limits on bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum size of a body, in bytes.
    pub answer: usize,
    /// The maximum total size of all bodies in flight, in bytes. Above half of it, only small
    /// answers may grow.
    pub in_flight: usize,
    /// The maximum time between two pieces of a body.
    pub stall: Duration,
}

impl Default for Limits {
    /// The default limits; Consul's answers are far smaller.
    fn default() -> Self {
        Self {
            answer: 256 << 20,
            in_flight: 512 << 20,
            stall: Duration::from_secs(10),
        }
    }
}
