//! Limits on answers. The time of a request is limited by its caller.

use std::time::Duration;

/// The largest head of an answer, together with the interim (1xx) answers before it, in bytes.
pub(super) const MAX_HEAD: usize = 1 << 20;

/// What bodies may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes.
    pub answer: usize,
    /// How many bytes all bodies that are being received may hold together.
    pub in_flight: usize,
    /// The time within which a body has to continue once it has begun.
    pub stall: Duration,
}

impl Default for Limits {
    /// Consul's answers are far smaller.
    fn default() -> Self {
        Self {
            answer: 256 << 20,
            in_flight: 256 << 20,
            stall: Duration::from_secs(10),
        }
    }
}
