//! A rendered text with its additional files.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt as _;

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

impl Text {
    /// A fingerprint of the additional files that a later process and version can compare; `None`: there are none.
    pub(super) fn outputs_fingerprint(&self) -> Option<String> {
        let mut bytes = Vec::new();
        for output in &self.outputs {
            let numbers = [output.mode, u32::from(output.append)].map(u32::to_le_bytes);
            let (path, numbers) = (output.path.as_os_str().as_bytes(), numbers.concat());
            let names = [output.user.as_bytes(), output.group.as_bytes()];
            for part in [path, names[0], names[1], &numbers, &output.content] {
                bytes.extend((part.len() as u64).to_le_bytes());
                bytes.extend(part);
            }
        }
        (!bytes.is_empty()).then(|| apply_ledger::Hash::of(&bytes).to_string())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Text({} bytes)", self.content.len())
    }
}
