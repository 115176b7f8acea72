//! The requests of the command line to the running daemon.
//!
//! Input: changes of the file that the command line touches. Output: whether there may be requests.

use std::path::{Path, PathBuf};

use super::event::Event;

/// The file that changes with each request.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// `None` without a ledger.
    file: Option<PathBuf>,
}

impl Requests {
    /// Takes the requests to the ledger in this directory.
    pub(super) fn to(directory: &Path) -> Self {
        Self {
            file: Some(apply_ledger::requests_file(directory)),
        }
    }

    /// The file to watch.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    /// Returns `true` if there may be new requests.
    pub(super) fn are_concerned(&self, event: &Event) -> bool {
        match (event, &self.file) {
            (Event::FilesChanged(changed), Some(file)) => changed.concerns(file),
            _ => false,
        }
    }
}
