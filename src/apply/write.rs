//! Replaces one file in two steps, so that a group of files can be staged first and swapped later.
//!
//! in:  a destination and the bytes it shall hold
//! out: [`Stage::Unchanged`], or a [`Staged`] file beside the destination that [`Staged::swap`] puts in its place
//!
//! A reader of the destination sees the old content or the new, never a mixture: the new content is written to a
//! temporary file, which is renamed when it is complete and on the disk.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use tempfile::{Builder, NamedTempFile, TempPath};

use super::attributes::Attributes;
use super::claims::Claims;
use super::error::{CREATE, WriteError};
use super::in_place::{self, Reason};
use super::leftover::{self, Leftovers};
use super::place::{Place, flush_directory};
use crate::config::resolved::{FileConfig, WriteMode};

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
    new: New,
    destination: PathBuf,
    directory: PathBuf,
    attributes: Attributes,
    config: FileConfig,
}

/// Where new content waits.
#[derive(Debug)]
enum New {
    /// Beside the destination.
    Beside(TempPath),
    /// In memory, with the file that it is to be written into.
    InPlace {
        file: File,
        content: Vec<u8>,
        reason: Reason,
    },
}

/// A destination that holds its new content; its directory still has to be [flushed](Swapped::flush).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "the directory must be flushed"]
pub struct Swapped {
    directory: PathBuf,
    /// Why the destination was written in place; `None`: it was replaced.
    pub(super) in_place: Option<Reason>,
}

/// Writes files, batch after batch; it remembers which directories it has tidied, and which files are whose.
#[derive(Debug, Default)]
pub struct Writer {
    pub(super) claims: Claims,
    pub(super) leftovers: Leftovers,
    /// The destinations of which something was written before the rest failed, with what was appended.
    pub(super) unfinished: HashMap<PathBuf, Vec<(PathBuf, u64)>>,
    /// The destinations that were said to be written in place.
    pub(super) told: HashSet<PathBuf>,
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
        let met = place
            .present
            .as_ref()
            .is_some_and(|present| attributes.are_met(&present.metadata));
        if met && place.holds(content)? {
            return Ok(Stage::Unchanged);
        }
        self.leftovers.remove(&place.directory, &place.name);
        let new = prepare(&place, content, attributes, config.write)?;
        let Place {
            path, directory, ..
        } = place;
        Ok(Stage::Staged(Staged {
            new,
            destination: path,
            directory,
            attributes,
            config: config.clone(),
        }))
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
    /// Where the new content lies, for a check that wants to see it; `None`: nowhere, for it is written in place.
    pub fn path(&self) -> Option<&Path> {
        match &self.new {
            New::Beside(file) => Some(file),
            New::InPlace { .. } => None,
        }
    }

    /// Puts the new content in the destination's place. It is visible when this returns.
    ///
    /// # Errors
    /// [`WriteError`] when the rename fails; the destination is as it was then, and the staged file is gone.
    pub fn swap(self) -> Result<Swapped, WriteError> {
        let Self {
            new,
            destination,
            directory,
            attributes,
            config,
        } = self;
        let backup = config.backup;
        let write = |file: &mut File, content: &[u8], reason| {
            in_place::write(file, content, attributes, backup, &destination)?;
            Ok(Some(reason))
        };
        let in_place = match new {
            New::InPlace {
                mut file,
                content,
                reason,
            } => write(&mut file, &content, reason)?,
            New::Beside(new) => match replace(new, &destination, &directory, backup) {
                Ok(()) => None,
                Err((Some(new), error))
                    if config.write == WriteMode::Auto && error.is_of_a_mount() =>
                {
                    let content =
                        fs::read(&new).map_err(WriteError::when("read the new", &destination))?;
                    let mut file = in_place::open(&destination)
                        .map_err(WriteError::when("write into", &destination))?;
                    write(&mut file, &content, Reason::Mounted)?
                }
                Err((_, error)) => return Err(error),
            },
        };
        Ok(Swapped {
            directory,
            in_place,
        })
    }
}

/// Renames the new file over the old one. A failure brings the new one back.
fn replace(
    new: TempPath,
    destination: &Path,
    directory: &Path,
    backup: bool,
) -> Result<(), (Option<TempPath>, WriteError)> {
    if backup && let Err(error) = keep(destination, directory) {
        return Err((Some(new), error));
    }
    new.persist(destination).map_err(|failed| {
        (
            Some(failed.path),
            WriteError::new("replace", destination, failed.error),
        )
    })
}

impl Swapped {
    pub(super) fn in_directory(directory: PathBuf) -> Self {
        Self {
            directory,
            in_place: None,
        }
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

/// The new content, ready to be swapped.
fn prepare(
    place: &Place,
    content: &[u8],
    attributes: Attributes,
    mode: WriteMode,
) -> Result<New, WriteError> {
    let into = |reason| {
        let file =
            in_place::open(&place.path).map_err(WriteError::when("write into", &place.path))?;
        Ok(New::InPlace {
            file,
            content: content.to_vec(),
            reason,
        })
    };
    // What is not there yet has to be created, in any mode.
    if mode == WriteMode::InPlace && place.present.is_some() {
        return into(Reason::Asked);
    }
    match write_beside(place, content, attributes) {
        Ok(new) => Ok(New::Beside(new)),
        // Whoever cannot write the file either has to be told about the directory.
        Err(error)
            if mode == WriteMode::Auto
                && place.present.is_some()
                && error.is_of_a_closed_directory() =>
        {
            into(Reason::Closed).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// The complete new file, under a temporary name; removed again if anything fails.
fn write_beside(
    place: &Place,
    content: &[u8],
    attributes: Attributes,
) -> Result<TempPath, WriteError> {
    let failed = |step| WriteError::when(step, &place.path);
    let new: NamedTempFile = Builder::new()
        .prefix(&leftover::prefix(&place.name))
        .rand_bytes(leftover::RANDOM_LEN)
        .make_in(&place.directory, create)
        .map_err(failed(CREATE))?;
    let mut file = new.as_file();
    file.write_all(content).map_err(failed("write the new"))?;
    attributes.give(
        file,
        place.present.as_ref().map(|present| &present.metadata),
        &place.path,
    )?;
    file.sync_all().map_err(failed("flush the new"))?;
    Ok(new.into_temp_path())
}

pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits());
    options.open(path)
}

/// Keeps what is at `destination` under its name with `.bak` after it, in place of what was kept before.
///
/// It is the same file under two names until the new one takes the first of them: so it has its mode and owner, and at
/// no time is there no backup.
fn keep(destination: &Path, directory: &Path) -> Result<(), WriteError> {
    let failed = |error| WriteError::new("keep a backup of", destination, error);
    let Some(name) = destination.file_name() else {
        return Ok(());
    };
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
    link.persist(directory.join(backup))
        .map_err(|error| failed(error.error))
}

#[cfg(test)]
mod tests;
