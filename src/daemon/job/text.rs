//! A text that waits to be written.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::decide::Unwritten;
use crate::template::output::Output;

/// A text that waits to be written, since when.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) content: String,
    /// What is written together with it.
    pub(super) outputs: Vec<Output>,
    pub(super) fingerprint: u64,
    pub(super) since: Unwritten,
    /// It is being written just now, and was not rendered again since.
    pub(super) underway: bool,
}

pub(super) fn fingerprint(content: &str, outputs: &[Output]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (content, outputs).hash(&mut hasher);
    hasher.finish()
}
