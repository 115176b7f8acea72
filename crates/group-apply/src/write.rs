//! Writes destinations with the options of the configuration, by the crate `file-writer`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use file_writer::{FileOptions, KnownTarget, Previous, Stage, Swapped, WriteError};

use super::change::Change;
use super::drift::{BeforeSwap, Difference, Inspection, Written};
use super::journal::Journal;
use crate::options::{Drift, FileConfig};

/// Writes files, batch after batch. Clones share their state, so that several threads can write.
#[derive(Clone, Debug)]
pub struct Writer {
    pub(crate) files: file_writer::Writer,
    journal: Option<Journal>,
    state: Arc<Mutex<State>>,
}

/// The results of earlier batches. Its lock is not held while the file system is accessed.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The destinations that were partly written before an error, with the content appended to
    /// their outputs.
    pub(crate) unfinished: HashMap<PathBuf, Vec<(PathBuf, u64)>>,
    /// `true` if the text of the destination `-` was printed.
    pub(crate) has_printed: bool,
    /// The destinations whose in-place warning was logged.
    pub(crate) warned: HashSet<PathBuf>,
    /// What was written last to the destinations that are compared with it.
    written: HashMap<PathBuf, Written>,
}

impl Writer {
    /// Creates a writer that records its writes, if there is a journal. The names of temporary files contain `program`.
    #[must_use]
    pub fn new(program: &'static str, journal: Option<Journal>) -> Self {
        Self {
            files: file_writer::Writer::new(program),
            journal,
            state: Arc::default(),
        }
    }

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
        let options = self.options(destination, config);
        self.files.stage(destination, content, template, &options)
    }

    /// Stages `content` for a file that another program has changed, if the destination still leads to that file. A new
    /// link is not followed: it could lead to any file, which this user may write and the other program may not.
    ///
    /// # Errors
    /// As [`stage`](Self::stage).
    pub(crate) fn stage_restoration(
        &self,
        destination: &Path,
        content: &[u8],
        template: Option<&Path>,
        config: &FileConfig,
    ) -> Result<Stage, WriteError> {
        let Some(written) = self.written(destination) else {
            return self.stage(destination, content, template, config);
        };
        let (options, known) = (self.options(destination, config), &written.target);
        self.files
            .stage_known(destination, content, template, &options, known)
    }

    /// The configured options. A file that another program has deleted gets the attributes that it had, unless others are
    /// configured.
    fn options(&self, destination: &Path, config: &FileConfig) -> FileOptions {
        let mut options = options(config);
        let written = self.written(destination);
        let Some(attributes) = written.and_then(|written| written.attributes) else {
            return options;
        };
        if std::fs::symlink_metadata(destination).is_ok() {
            return options;
        }
        options.mode = options.mode.or(Some(attributes.mode));
        // Other users cannot give files away.
        if nix::unistd::Uid::effective().is_root() {
            let user = file_writer::Owner::Id(attributes.user);
            let group = file_writer::Owner::Id(attributes.group);
            options.user.get_or_insert(user);
            options.group.get_or_insert(group);
        }
        options
    }

    /// The file to which a change will be written, if changes by other programs are noticed.
    pub(crate) fn known_target(&self, change: &Change) -> Option<KnownTarget> {
        if change.file.drift == Drift::Ignore {
            return None;
        }
        let written = self.written(&change.destination);
        let known = written.filter(|_| change.is_restoration);
        known.map_or_else(
            || KnownTarget::of(&change.destination).ok(),
            |known| Some(known.target),
        )
    }

    /// Keeps what was written to a destination whose changes by other programs are noticed.
    pub(crate) fn remember(
        &self,
        destination: &Path,
        content: &[u8],
        config: &FileConfig,
        before: BeforeSwap,
    ) {
        let is_compared = config.drift != Drift::Ignore;
        let written = is_compared.then(|| Written::of(destination, content, before));
        self.replace_written(destination, written.flatten());
    }

    /// Compares a destination with what was written last.
    #[must_use]
    pub fn inspect(&self, inspection: &Inspection) -> Option<Difference> {
        let Inspection {
            destination, file, ..
        } = inspection;
        let before = self.written(destination)?;
        match before.compare(destination, file)? {
            Ok(attributes) => {
                let mut state = self.state();
                let written = state.written.get_mut(destination);
                if let Some(written) = written.filter(|now| now.has_content_of(&before)) {
                    written.attributes = Some(attributes);
                }
                None
            }
            Err(difference) => Some(difference),
        }
    }

    /// What was written last to a destination.
    fn written(&self, destination: &Path) -> Option<Written> {
        self.state().written.get(destination).cloned()
    }

    fn replace_written(&self, destination: &Path, written: Option<Written>) {
        let mut state = self.state();
        match written {
            Some(written) => drop(state.written.insert(destination.to_owned(), written)),
            None => drop(state.written.remove(destination)),
        }
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
        let destination = previous.destination();
        let known = self.written(destination).map(|written| written.target);
        let restored = previous.restore(&self.files, &options(config))?;
        if let Some(known) = known {
            let content = previous.content();
            let before = BeforeSwap::unchanged(known);
            let written = content.and_then(|content| Written::of(destination, content, before));
            self.replace_written(destination, written);
        }
        Ok(restored)
    }

    /// Logs once per destination that it is written in place.
    pub(crate) fn warn_in_place(&self, destination: &Path, swapped: &[Swapped]) {
        let Some(why) = swapped.iter().find_map(Swapped::in_place_warning) else {
            return;
        };
        if self.state().warned.insert(destination.to_owned()) {
            let destination = destination.display().to_string();
            tracing::warn!(
                name: "file.in_place", destination, why,
                "{destination}: written in place, because {why}: a reader may see a mixture of old and new content"
            );
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
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn options(config: &FileConfig) -> FileOptions {
    FileOptions {
        mode: config.perms.and_then(config_blocks::FileMode::bits),
        user: config.user.clone(),
        group: config.group.clone(),
        write: config.write.unwrap_or_default(),
        backup: config.backup,
        create_directories: config.create_dest_dirs,
    }
}
