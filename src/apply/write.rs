//! Replaces one file in two steps, so that a group of files can be staged first and swapped later.
//!
//! in:  a destination and the bytes it shall hold
//! out: [`Stage::Unchanged`], or a [`Staged`] file beside the destination that [`Staged::swap`] puts in its place
//!
//! A reader of the destination sees the old content or the new, never a mixture: the new content is written to a
//! temporary file, which is renamed when it is complete and on the disk.

use std::collections::HashMap;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid, fchown};
use tempfile::{Builder, NamedTempFile, TempPath};

use super::claims::Claims;
use super::error::WriteError;
use super::leftover::{self, Leftovers};
use super::place::{Place, flush_directory};

/// The mode of a file that was not there before, whatever the umask.
const NEW_MODE: u32 = 0o644;

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
    /// are made. Mode and owner are those of the file that is replaced, 0644 and our own if there is none. The
    /// `template` is what the content was rendered from, if it is a file.
    ///
    /// # Errors
    /// [`WriteError`] with what was tried, and on what. Nothing visible has changed then, except for directories made.
    pub fn stage(&mut self, destination: &Path, content: &[u8], template: Option<&Path>) -> Result<Stage, WriteError> {
        let mut place = Place::find(destination)?;
        place.make_directory()?;
        self.claims.claim(destination, &place, template)?;
        if place.holds(content)? {
            return Ok(Stage::Unchanged);
        }
        self.leftovers.remove(&place.directory, &place.name);
        let file = write_beside(&place, content)?;
        let Place { path, directory, .. } = place;
        Ok(Stage::Staged(Staged { file, destination: path, directory }))
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
        let Self { file, destination, directory } = self;
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
fn write_beside(place: &Place, content: &[u8]) -> Result<TempPath, WriteError> {
    let failed = |step| WriteError::when(step, &place.path);
    let new: NamedTempFile = Builder::new()
        .prefix(&leftover::prefix(&place.name))
        .rand_bytes(leftover::RANDOM_LEN)
        .make_in(&place.directory, create)
        .map_err(failed("create a new file beside"))?;
    let mut file = new.as_file();
    file.write_all(content).map_err(failed("write the new"))?;
    let owned = match &place.present {
        Some(present) => keep_owner(file, &present.metadata, &place.path),
        None => true,
    };
    let mode = place.present.as_ref().map_or(NEW_MODE, |present| present.metadata.mode());
    // Whoever the file belongs to now was not given the rights that these bits lend.
    let mode = mode & if owned { 0o7777 } else { 0o777 };
    file.set_permissions(Permissions::from_mode(mode)).map_err(failed("set the mode of the new"))?;
    file.sync_all().map_err(failed("flush the new"))?;
    Ok(new.into_temp_path())
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
    options.open(path)
}

/// Gives the new file the owner and group of the one that it replaces; says whether that could be done.
///
/// Only root can give files away; for anybody else a file with another owner is still better than an old one.
pub(super) fn keep_owner(file: &File, old: &Metadata, path: &Path) -> bool {
    let ours = file.metadata().ok();
    if ours.is_some_and(|ours| (ours.uid(), ours.gid()) == (old.uid(), old.gid())) {
        return true;
    }
    let group = Some(Gid::from_raw(old.gid()));
    let Err(error) = fchown(file, Some(Uid::from_raw(old.uid())), group) else { return true };
    // The group alone can be kept by anyone who is in it.
    let group_kept = fchown(file, None, group).is_ok();
    tracing::warn!(file = %path.display(), owner = old.uid(), group = old.gid(), group_kept, %error, "cannot keep the owner");
    false
}

#[cfg(test)]
mod tests;
