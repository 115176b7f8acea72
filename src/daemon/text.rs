//! A rendered text with the files that belong to it.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::render::output::Output;

/// What a complete rendering produced. May be secret: it is not part of the `Debug` form.
pub(super) struct Text {
    pub(super) content: String,
    /// The files that are written together with it.
    pub(super) outputs: Vec<Output>,
    /// Differs for another content or other outputs.
    pub(super) fingerprint: u64,
}

impl Text {
    /// Creates a text and its fingerprint.
    pub(super) fn new(content: String, outputs: Vec<Output>) -> Self {
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
