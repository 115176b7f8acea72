//! A file that the journal records after its swap.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use apply_ledger::Attributes;
use file_writer::Previous;

use super::journal::ChangedFile;
use crate::config::resolved::GroupConfig;

/// A content whose `Debug` shows only its length.
pub(super) struct Secret(pub(super) Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes", self.0.len())
    }
}

/// A file that the journal records after its swap.
#[derive(Debug)]
pub(super) struct WrittenFile {
    pub(super) group: Arc<GroupConfig>,
    pub(super) destination: PathBuf,
    pub(super) staged: PathBuf,
    pub(super) attributes: Attributes,
    /// The replaced file.
    pub(super) old: Option<Previous>,
    pub(super) new: Secret,
}

impl WrittenFile {
    /// The file with its old and its new content.
    pub(super) fn with_contents(self, (old, new): (Option<Previous>, Secret)) -> Self {
        Self { old, new, ..self }
    }

    /// The file with its group.
    pub(super) fn record(&self) -> (&Arc<GroupConfig>, ChangedFile<'_>) {
        let file = ChangedFile {
            destination: self.destination.clone(),
            staged: Some(self.staged.clone()),
            old: self.old.as_ref().and_then(Previous::content),
            new: &self.new.0,
            attributes: self.attributes,
        };
        (&self.group, file)
    }
}
