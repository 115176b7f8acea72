//! A rendered text with its additional files.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use file_writer::Additional;

/// The result of a complete rendering. It may be secret, so its `Debug` form omits the content.
pub(super) struct Text {
    pub(super) content: String,
    /// The additional files that are written together with the text.
    pub(super) outputs: Vec<Additional>,
    /// A hash of content and outputs.
    pub(super) fingerprint: u64,
}

impl Text {
    /// Creates a text and its fingerprint.
    pub(super) fn new(content: String, outputs: Vec<Additional>) -> Self {
        let mut hasher = DefaultHasher::new();
        (&content, &outputs).hash(&mut hasher);
        Self {
            content,
            outputs,
            fingerprint: hasher.finish(),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Text({} bytes)", self.content.len())
    }
}
