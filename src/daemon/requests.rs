//! The requests of the command line to the running daemon.
//!
//! Input: changes of the file that the command line touches. Output: whether there may be requests.

use std::path::PathBuf;

use super::event::Event;
use crate::config::resolved::Config;

/// The file that changes with each request.
#[derive(Debug)]
pub(super) struct Requests {
    /// `None` without a state directory.
    file: Option<PathBuf>,
}

impl Requests {
    /// Creates the part for a configuration.
    pub(super) fn new(config: &Config) -> Self {
        let state = config.state_dir.as_ref();
        Self {
            file: state.map(|state| apply_ledger::requests_file(&state.path)),
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
