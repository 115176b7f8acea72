//! Replaces files in two steps, so that a group of files can be staged first and swapped later.
//!
//! Input: a destination and its new content. Output: [`Stage::Unchanged`], or a [`Staged`] file
//! beside the destination, which [`Staged::swap`] renames into place.
//!
//! A reader of the destination sees the old content or the new content, never a mixture: the new
//! content is complete and on the disk before the rename.

use std::fs::{self};
use std::path::{Path, PathBuf};

use crate::attributes::{Attributes, Plan};
use crate::claims::SharedClaims;
use crate::directory;
use crate::error::WriteError;
use crate::in_place::{self, Reason};
use crate::known::KnownTarget;
use crate::leftover::Leftovers;
use crate::options::{FileOptions, WriteMode};
use crate::prepare::{New, is_foreign, prepare};
use crate::target::{Existing, Links, Target};
use crate::temporary::Temporary;

/// The mode of missing directories of a destination, before the umask.
pub(crate) const DIRECTORY_MODE: u32 = 0o755;

/// The result of staging.
#[derive(Debug)]
pub enum Stage {
    /// The destination already has this content; nothing was changed.
    Unchanged,
    /// The new content is ready beside the destination.
    Staged(Box<Staged>),
}

/// New content beside its destination: complete, on the disk, and with mode and owner set. Dropping
/// it removes the file.
#[derive(Debug)]
pub struct Staged {
    new: New,
    target: Target,
    plan: Plan,
}

/// A swapped destination; its directory still has to be [flushed](Swapped::flush).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "the directory must be flushed"]
pub struct Swapped {
    directory: PathBuf,
    /// The reason for which the destination was written in place; `None` if it was replaced.
    in_place: Option<Reason>,
}

/// Writes files, batch after batch. It keeps the leftovers of each directory and the template of each file.
///
/// Clones share what they keep, so that several threads can write.
#[derive(Clone, Debug)]
pub struct Writer {
    pub(crate) claims: SharedClaims,
    leftovers: Leftovers,
    /// The program in the names of temporary files.
    pub(crate) program: &'static str,
}

impl Writer {
    /// Creates a writer that has written no file. `program` is a part of the names of temporary
    /// files: a short name without a slash.
    #[must_use]
    pub fn new(program: &'static str) -> Self {
        Self {
            claims: SharedClaims::default(),
            leftovers: Leftovers::default(),
            program,
        }
    }

    /// Stages `content` for `destination`, unless the destination already has this content.
    ///
    /// Symlinks are followed: the file at their end is replaced or created. Missing directories are
    /// created unless `options` forbid it. Mode and owner are those of `options`, else those of the
    /// replaced file, else 0644 and this user. A file with the right content but another mode or
    /// owner is replaced. `template` is the file of the template.
    ///
    /// # Errors
    /// [`WriteError`]. Then nothing visible has changed, except that directories may have been created.
    pub fn stage(
        &self,
        destination: &Path,
        content: &[u8],
        template: Option<&Path>,
        options: &FileOptions,
    ) -> Result<Stage, WriteError> {
        let target = Target::find(destination, Links::Follow)?;
        self.stage_found(destination, target, content, template, options)
    }

    /// Stages `content` as [`stage`](Self::stage) does, but only for the file that the destination led to before.
    ///
    /// # Errors
    /// [`WriteError`], also if a new link leads to another file. Then nothing visible has changed, except that
    /// directories may have been created.
    pub fn stage_known(
        &self,
        destination: &Path,
        content: &[u8],
        template: Option<&Path>,
        options: &FileOptions,
        known: &KnownTarget,
    ) -> Result<Stage, WriteError> {
        let target = Target::find(destination, Links::Follow)?;
        known.refuse_other(destination, &target)?;
        self.stage_found(destination, target, content, template, options)
    }

    /// Stages the previous content of a file that this writer has replaced. It is claimed already, as a destination or as
    /// an additional file.
    pub(crate) fn stage_restored(
        &self,
        target: Target,
        content: &[u8],
        options: &FileOptions,
    ) -> Result<Stage, WriteError> {
        let existing = target.open_existing()?;
        let plan = self.plan(&target, options)?;
        self.stage_at(target, existing.as_ref(), content, plan)
    }

    fn plan(&self, target: &Target, options: &FileOptions) -> Result<Plan, WriteError> {
        Ok(Plan {
            attributes: Attributes::of_options(options, &target.path)?,
            mode: options.write,
            backup: options.backup,
            program: self.program,
        })
    }

    fn stage_found(
        &self,
        destination: &Path,
        target: Target,
        content: &[u8],
        template: Option<&Path>,
        options: &FileOptions,
    ) -> Result<Stage, WriteError> {
        let existing = target.open_existing()?;
        let plan = self.plan(&target, options)?;
        if options.create_directories && existing.is_none() {
            directory::create_all(&target.directory, DIRECTORY_MODE)?;
        }
        let metadata = existing.as_ref().map(|existing| &existing.metadata);
        self.claims
            .claim(destination, &target, metadata, template)?;
        self.stage_at(target, existing.as_ref(), content, plan)
    }

    /// Removes the temporary files that killed processes have left beside these destinations. Returns
    /// their number. [`Writer::stage`] does the same for its destination; this is for the start of
    /// the program, when no file may have changed.
    pub fn remove_leftovers<'a>(&self, destinations: impl IntoIterator<Item = &'a Path>) -> usize {
        let targets = destinations
            .into_iter()
            .filter_map(|destination| Target::find(destination, Links::Follow).ok());
        targets
            .map(|target| {
                self.leftovers
                    .remove(&target.directory, &target.name, self.program)
            })
            .sum()
    }

    /// Stages `content` for a target, unless the existing file has the content and the attributes.
    pub(crate) fn stage_at(
        &self,
        target: Target,
        existing: Option<&Existing>,
        content: &[u8],
        plan: Plan,
    ) -> Result<Stage, WriteError> {
        if let Some(existing) = existing
            && !is_foreign(existing, plan)
            && plan.attributes.are_met(&existing.metadata)
            && existing
                .holds(content)
                .map_err(WriteError::when("read", &target.path))?
        {
            return Ok(Stage::Unchanged);
        }
        self.leftovers
            .remove(&target.directory, &target.name, plan.program);
        Ok(Stage::Staged(Box::new(Staged {
            new: prepare(&target, existing, content, plan)?,
            target,
            plan,
        })))
    }
}

/// Returns `true` if `destination` already has this content; for a dry run.
///
/// # Errors
/// [`WriteError`] if the destination cannot be read, or is not a regular file.
pub fn is_current(destination: &Path, content: &[u8]) -> Result<bool, WriteError> {
    let target = Target::find(destination, Links::Follow)?;
    let Some(existing) = target.open_existing()? else {
        return Ok(false);
    };
    existing
        .holds(content)
        .map_err(WriteError::when("read", &target.path))
}

impl Staged {
    /// The staged file, for a check command; `None` if the destination will be written in place.
    pub fn path(&self) -> Option<&Path> {
        match &self.new {
            New::Beside(file) => Some(file.path()),
            New::InPlace { .. } => None,
        }
    }

    /// The content that will be written in place; `None` if the destination will be replaced.
    pub fn content(&self) -> Option<&[u8]> {
        match &self.new {
            New::Beside(_) => None,
            New::InPlace { content, .. } => Some(content),
        }
    }

    /// The file that will be replaced or created, at the end of all links.
    pub fn target(&self) -> &Path {
        &self.target.path
    }

    /// Replaces the destination. The new content is visible when this returns.
    ///
    /// # Errors
    /// [`WriteError`]. Then the destination has its old content, and the staged file is removed.
    pub fn swap(self) -> Result<Swapped, WriteError> {
        let Self { new, target, plan } = self;
        let write = |file, content: &[u8], reason| {
            in_place::write(file, content, plan, &target)?;
            Ok(Some(reason))
        };
        let in_place = match new {
            New::InPlace {
                mut file,
                content,
                reason,
            } => write(&mut file, &content, reason)?,
            New::Beside(mut new) => match replace(&mut new, &target, plan) {
                Ok(()) => None,
                Err(error) if plan.mode == WriteMode::Auto && error.is_of_mount_point() => {
                    let content = fs::read(new.path())
                        .map_err(WriteError::when("read the new", &target.path))?;
                    write(&mut in_place::open(&target)?, &content, Reason::Mounted)?
                }
                Err(error) => return Err(error),
            },
        };
        Ok(Swapped {
            directory: target.directory,
            in_place,
        })
    }
}

/// Renames the new file over the old one.
fn replace(new: &mut Temporary, target: &Target, plan: Plan) -> Result<(), WriteError> {
    if plan.backup {
        keep_backup(target, plan.program)?;
    }
    new.rename(&target.name, "replace")
}

/// Links the existing file as `.bak`, replacing the previous backup.
///
/// The hard link gives the backup the mode and owner of the file, and a backup exists at every moment.
fn keep_backup(target: &Target, program: &str) -> Result<(), WriteError> {
    match Temporary::link(target, program)? {
        Some(mut link) => link.rename_to_backup(),
        None => Ok(()),
    }
}

impl Swapped {
    pub(crate) fn in_directory(directory: PathBuf) -> Self {
        Self {
            directory,
            in_place: None,
        }
    }

    /// The reason, as a clause for a warning, for which the destination was written in place
    /// although the options do not require it. `None` if it was replaced, or written as required.
    pub fn in_place_warning(&self) -> Option<&'static str> {
        self.in_place?.warning()
    }

    /// Flushes each of the directories once, so that the new content survives a power failure.
    pub fn flush(mut all: Vec<Self>) {
        all.sort();
        all.dedup_by(|one, other| one.directory == other.directory);
        for swapped in all {
            directory::flush(&swapped.directory);
        }
    }
}

#[cfg(test)]
mod tests;
