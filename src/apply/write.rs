//! Writes destinations with the options of the configuration, by the crate `file-writer`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use file_writer::{FileOptions, Previous, Stage, Swapped, WriteError};

use super::journal::{Journal, PROGRAM};
use crate::config::resolved::{FileConfig, Owner, WriteMode};

/// Writes files, batch after batch. Clones share their state, so that several threads can write.
#[derive(Clone, Debug)]
pub struct Writer {
    pub(super) files: file_writer::Writer,
    journal: Option<Journal>,
    state: Arc<Mutex<State>>,
}

/// The results of earlier batches. Its lock is not held while the file system is accessed.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The destinations that were partly written before an error, with the content appended to
    /// their outputs.
    pub(super) unfinished: HashMap<PathBuf, Vec<(PathBuf, u64)>>,
    /// `true` if the text of the destination `-` was printed.
    pub(super) has_printed: bool,
    /// The destinations whose in-place warning was logged.
    pub(super) warned: HashSet<PathBuf>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            files: file_writer::Writer::new(PROGRAM),
            journal: None,
            state: Arc::default(),
        }
    }
}

impl Writer {
    /// Stages `content` for `destination`, unless the destination already has this content.
    /// `template` is the file of the template.
    ///
    /// # Errors
    /// [`WriteError`]. Then nothing visible has changed, except that directories may have been created.
    pub fn stage(
        &self,
        destination: &Path,
        content: &[u8],
        template: Option<&Path>,
        config: &FileConfig,
    ) -> Result<Stage, WriteError> {
        self.files
            .stage(destination, content, template, &options(config))
    }

    /// Restores a file. Returns `None` if nothing had to be changed.
    ///
    /// # Errors
    /// [`WriteError`]. Then the file keeps its content.
    pub fn restore(
        &self,
        previous: &Previous,
        config: &FileConfig,
    ) -> Result<Option<Swapped>, WriteError> {
        previous.restore(&self.files, options(config).write)
    }

    /// Creates a writer that records its writes.
    #[must_use]
    pub fn with_journal(journal: Option<Journal>) -> Self {
        Self {
            journal,
            ..Self::default()
        }
    }

    /// Removes the temporary files that killed processes have left beside these destinations.
    pub fn remove_leftovers<'a>(&self, destinations: impl IntoIterator<Item = &'a Path>) {
        self.files.remove_leftovers(destinations);
    }

    /// The record of writes.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// The results of earlier batches.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn options(config: &FileConfig) -> FileOptions {
    FileOptions {
        mode: config.perms.and_then(config_blocks::FileMode::bits),
        user: config.user.as_ref().map(owner),
        group: config.group.as_ref().map(owner),
        write: match config.write.unwrap_or_default() {
            WriteMode::Auto => file_writer::WriteMode::Auto,
            WriteMode::Rename => file_writer::WriteMode::Rename,
            WriteMode::InPlace => file_writer::WriteMode::InPlace,
        },
        backup: config.backup,
        create_directories: config.create_dest_dirs,
    }
}

fn owner(owner: &Owner) -> file_writer::Owner {
    match owner {
        Owner::Id(number) => file_writer::Owner::Id(*number),
        Owner::Name(name) => file_writer::Owner::Name(name.clone()),
    }
}
