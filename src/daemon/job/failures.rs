//! What is wrong with a job just now.

use std::time::Instant;

/// What is wrong just now. Each is of its own: a source that is broken stays broken although the last good version of
/// it renders, and a disk that is full stays full.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// The source cannot be read or is broken; the last good version stays in force.
    pub(super) source: Option<String>,
    /// All data is there, but the template fails on it.
    pub(super) rendering: Option<String>,
    /// The destination cannot be written.
    pub(super) write: Option<WriteFailure>,
}

/// A write that failed, and is tried again.
#[derive(Debug)]
pub(super) struct WriteFailure {
    /// How often in a row.
    pub(super) count: u32,
    pub(super) text: String,
    pub(super) again: Instant,
}

impl Failures {
    pub(super) fn any(&self) -> bool {
        let Self {
            source,
            rendering,
            write,
        } = self;
        source.is_some() || rendering.is_some() || write.is_some()
    }
}

/// Keeps what is wrong; is it to be said, or was it said already?
pub(super) fn is_news(slot: &mut Option<String>, text: &str) -> bool {
    slot.replace(text.to_owned())
        .is_none_or(|before| before != text)
}
