//! Contents that were refused: when they are tried again.

use std::time::Instant;

use crate::debts::RETRY;

/// A content that was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The fingerprint of the texts of the group.
    pub(super) content: u64,
    /// The number of consecutive failures; 0: it is parked.
    pub(super) failures: u32,
    /// The time of the next attempt; `None`: when the content changes.
    pub(super) retry: Option<Instant>,
}

impl Refused {
    /// Creates the state after another failure of a content.
    pub(super) fn again(before: Option<Self>, content: u64, now: Instant, jitter: f64) -> Self {
        let same = before.filter(|refused| refused.content == content);
        let failures = same.map_or(0, |refused| refused.failures).saturating_add(1);
        Self {
            content,
            failures,
            retry: Some(now + RETRY.pause(failures, jitter)),
        }
    }
}
