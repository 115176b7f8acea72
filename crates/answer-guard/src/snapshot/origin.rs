//! The process that has accepted an answer.

use std::time::Instant;

/// The process that has accepted an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This process.
    Own,
    /// An earlier process.
    Earlier(Earlier),
}

/// An answer that an earlier process has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The calls that see it.
    pub seen_by: SeenBy,
    /// The last time at which it was known to be current; `None` if it is unknown.
    pub current_until: Option<Instant>,
}

/// The calls that see the answer of an earlier process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// All calls.
    All,
    /// The calls that use a stale answer while their query fails.
    StaleCalls,
}

impl Origin {
    /// The answer of an earlier process; `None` for one of this process.
    #[must_use]
    pub fn earlier(self) -> Option<Earlier> {
        match self {
            Self::Own => None,
            Self::Earlier(earlier) => Some(earlier),
        }
    }
}
