//! Replaces one file in two steps, so that a group of files can be staged first and swapped later.
//!
//! in:  a destination and the bytes it shall hold
//! out: [`Stage::Unchanged`], or a [`Staged`] file beside the destination that [`Staged::swap`] puts in its place
//!
//! A reader of the destination sees the old content or the new, never a mixture: the new content is written to a
//! temporary file, which is renamed when it is complete and on the disk.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use tempfile::{Builder, NamedTempFile, TempPath};

use super::attributes::Attributes;
use super::claims::Claims;
use super::error::WriteError;
use super::leftover::{self, Leftovers};
use super::place::{Place, flush_directory};
use crate::config::resolved::FileConfig;

/// What became of the first step.
#[derive(Debug)]
pub enum Stage {
    /// The destination holds these bytes already; nothing was touched.
    Unchanged,
    /// The new content lies beside the destination.
    Staged(Staged),
}

/// New content that lies beside its destination, complete and on the disk, with the destination's mode and owner.
///
/// Dropping it removes it.
#[derive(Debug)]
pub struct Staged {
    file: TempPath,
    destination: PathBuf,
    directory: PathBuf,
    /// Whether what is replaced is kept.
    backup: bool,
}

/// A destination that holds its new content; its directory still has to be [flushed](Swapped::flush).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "the directory must be flushed"]
pub struct Swapped {
    directory: PathBuf,
}

/// Writes files, batch after batch; it remembers which directories it has tidied, and which files are whose.
#[derive(Debug, Default)]
pub struct Writer {
    pub(super) claims: Claims,
    pub(super) leftovers: Leftovers,
    /// The destinations of which something was written before the rest failed, with what was appended.
    pub(super) unfinished: HashMap<PathBuf, Vec<(PathBuf, u64)>>,
}

impl Writer {
    /// Writes `content` beside `destination`, unless the destination holds it already.
    ///
    /// A symlink is followed: the file it points to, existing or not, is the one that is replaced. Missing directories
    /// are made, unless the `config` says no. Mode and owner are those of the `config`, else those of the file that is
    /// replaced, else 0644 and our own; a file that holds the content with another mode or owner is replaced too. The
    /// `template` is what the content was rendered from, if it is a file.
    ///
    /// # Errors
    /// [`WriteError`] with what was tried, and on what. Nothing visible has changed then, except for directories made.
    pub fn stage(
        &mut self,
        destination: &Path,
        content: &[u8],
        template: Option<&Path>,
        config: &FileConfig,
    ) -> Result<Stage, WriteError> {
        let mut place = Place::find(destination)?;
        let attributes = Attributes::find(config, &place.path)?;
        if config.make_directories {
            place.make_directory()?;
        }
        self.claims.claim(destination, &place, template)?;
        let met = place.present.as_ref().is_some_and(|present| attributes.are_met(&present.metadata));
        if met && place.holds(content)? {
            return Ok(Stage::Unchanged);
        }
        self.leftovers.remove(&place.directory, &place.name);
        let file = write_beside(&place, content, attributes)?;
        let Place { path, directory, .. } = place;
        Ok(Stage::Staged(Staged { file, destination: path, directory, backup: config.backup }))
    }
}

/// Whether `destination` holds `content` already, for a dry run.
///
/// # Errors
/// [`WriteError`] when the destination cannot be read, or is nothing that could be replaced.
pub fn is_current(destination: &Path, content: &[u8]) -> Result<bool, WriteError> {
    Place::find(destination)?.holds(content)
}

impl Staged {
    /// Where the new content lies, for a check that wants to see it.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Puts the new content in the destination's place. It is visible when this returns.
    ///
    /// # Errors
    /// [`WriteError`] when the rename fails; the destination is as it was then, and the staged file is gone.
    pub fn swap(self) -> Result<Swapped, WriteError> {
        let Self { file, destination, directory, backup } = self;
        if backup {
            keep(&destination, &directory)?;
        }
        file.persist(&destination).map_err(|failed| WriteError::new("replace", &destination, failed.error))?;
        Ok(Swapped { directory })
    }
}

impl Swapped {
    pub(super) fn in_directory(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Flushes each of the directories once, so that the new content outlasts a power failure.
    pub fn flush(mut all: Vec<Self>) {
        all.sort();
        all.dedup();
        for swapped in all {
            flush_directory(&swapped.directory);
        }
    }
}

/// The complete new file, under a temporary name; removed again if anything fails.
fn write_beside(place: &Place, content: &[u8], attributes: Attributes) -> Result<TempPath, WriteError> {
    let failed = |step| WriteError::when(step, &place.path);
    let new: NamedTempFile = Builder::new()
        .prefix(&leftover::prefix(&place.name))
        .rand_bytes(leftover::RANDOM_LEN)
        .make_in(&place.directory, create)
        .map_err(failed("create a new file beside"))?;
    let mut file = new.as_file();
    file.write_all(content).map_err(failed("write the new"))?;
    attributes.give(file, place.present.as_ref().map(|present| &present.metadata), &place.path)?;
    file.sync_all().map_err(failed("flush the new"))?;
    Ok(new.into_temp_path())
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
    options.open(path)
}

/// Keeps what is at `destination` under its name with `.bak` after it, in place of what was kept before.
///
/// It is the same file under two names until the new one takes the first of them: so it has its mode and owner, and at
/// no time is there no backup.
fn keep(destination: &Path, directory: &Path) -> Result<(), WriteError> {
    let failed = |error| WriteError::new("keep a backup of", destination, error);
    let Some(name) = destination.file_name() else { return Ok(()) };
    let link = Builder::new()
        .prefix(&leftover::prefix(name))
        .rand_bytes(leftover::RANDOM_LEN)
        .make_in(directory, |path| fs::hard_link(destination, path));
    let link = match link {
        Ok(link) => link.into_temp_path(),
        // There is nothing to keep.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut backup = name.to_owned();
    backup.push(".bak");
    link.persist(directory.join(backup)).map_err(|error| failed(error.error))
}

#[cfg(test)]
mod tests;
