//! The limit on the rate of reloads.

use std::time::Duration;

/// A limit on the rate of commands. A command above it is deferred, never dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReloadRate {
    /// The number of commands in a period; at least 1.
    pub count: u32,
    /// The period; longer than zero.
    pub period: Duration,
    /// The number of commands that may follow each other without a pause; at least 1.
    pub burst: u32,
}
