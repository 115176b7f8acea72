//! Additional files of a template, whose path may come from data.
//!
//! Input: an [`Additional`] file, and the destination of its template. Output: a staged file, or
//! content to append.
//!
//! Because of the origin of the path, a symlink is refused as the file and as its directory, even
//! if it appears between staging and swapping. A component `..` is refused anywhere: a name such as
//! `certs/KEY` must stay in `certs`, whatever KEY is, and a path does not show which part of it is
//! data.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::append::Append;
use crate::attributes::{Attributes, Plan};
use crate::directory;
use crate::error::WriteError;
use crate::options::WriteMode;
use crate::target::{Existing, Links, Target};
use crate::write::{Stage, Writer};

/// The mode of missing directories of an additional file, before the umask.
const DIRECTORY_MODE: u32 = 0o777;

/// A file that a template writes besides its destination.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Additional {
    /// The file.
    pub path: PathBuf,
    /// The owner, by name or number; empty: this user, or with an empty group that of the replaced
    /// file.
    pub user: String,
    /// The group, in the same form.
    pub group: String,
    /// The permission bits.
    pub mode: u32,
    /// The function of the template that writes the file, for errors.
    pub function: &'static str,
    /// `true` to append the content to the file.
    pub append: bool,
    /// The content. It may be secret, so `Debug` shows only its length.
    pub content: Vec<u8>,
}

impl fmt::Debug for Additional {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            user,
            group,
            mode,
            function,
            append,
            content,
        } = self;
        out.debug_struct("Additional")
            .field("path", path)
            .field("user", user)
            .field("group", group)
            .field("mode", &format_args!("{mode:o}"))
            .field("function", function)
            .field("append", append)
            .field("content", &format_args!("{} bytes", content.len()))
            .finish()
    }
}

impl Additional {
    /// Merges the writes to the same file, so that each file occurs once.
    #[must_use]
    pub fn merged(all: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::with_capacity(all.len());
        for file in all {
            match merged.iter_mut().find(|before| before.path == file.path) {
                Some(before) if file.append => {
                    let mut content = std::mem::take(&mut before.content);
                    content.extend_from_slice(&file.content);
                    *before = Self {
                        append: before.append,
                        content,
                        ..file
                    };
                }
                Some(before) => *before = file,
                None => merged.push(file),
            }
        }
        merged
    }

    /// Checks that the path leads to a regular file, or to no file, without links.
    ///
    /// # Errors
    /// [`WriteError`] if it does not.
    pub fn check(&self) -> Result<(), WriteError> {
        self.existing().map(drop)
    }

    /// Returns `true` if the file has the content and the attributes.
    ///
    /// # Errors
    /// Those of [`Additional::check`], and [`WriteError`] if the file cannot be read or an account
    /// does not exist.
    pub fn is_current(&self) -> Result<bool, WriteError> {
        let (target, Some(existing)) = self.existing()? else {
            return Ok(false);
        };
        let attributes = self.attributes(&target)?;
        let is_same = existing
            .holds(&self.content)
            .map_err(WriteError::when("read", &target.path))?;
        let is_foreign = existing.is_planted && !attributes.name_owner_of(&existing.metadata);
        Ok(is_same && !is_foreign && attributes.are_met(&existing.metadata))
    }

    fn target(&self) -> Result<Target, WriteError> {
        if self
            .path
            .components()
            .any(|part| part == Component::ParentDir)
        {
            let reason = "its path contains .., which may lead out of the directory; name the directory itself";
            return Err(WriteError::new(
                "write",
                &self.path,
                io::Error::other(reason),
            ));
        }
        Target::find(&self.path, Links::Refuse)
    }

    fn existing(&self) -> Result<(Target, Option<Existing>), WriteError> {
        let target = self.target()?;
        let existing = target.open_existing()?;
        Ok((target, existing))
    }

    fn attributes(&self, target: &Target) -> Result<Attributes, WriteError> {
        Attributes::of_names(&self.user, &self.group, self.mode, &target.path)
    }
}

impl Writer {
    /// Stages the content of an additional file of the template whose destination is `destination`,
    /// unless the file already has the content and the attributes. Missing directories are created.
    ///
    /// # Errors
    /// [`WriteError`]. Then nothing visible has changed, except that directories may have been
    /// created.
    pub fn stage_additional(
        &self,
        destination: &Path,
        file: &Additional,
    ) -> Result<Stage, WriteError> {
        let (target, existing, attributes) = self.claim_additional(destination, file, false)?;
        let plan = Plan {
            attributes,
            mode: WriteMode::Rename,
            backup: false,
            program: self.program,
        };
        self.stage_at(target, existing.as_ref(), &file.content, plan)
    }

    /// Prepares to append the content to an additional file, which several templates may do. Missing
    /// directories are created; the file itself is unchanged until [`Append::run`].
    ///
    /// # Errors
    /// Those of [`Writer::stage_additional`].
    pub fn stage_append(&self, destination: &Path, file: Additional) -> Result<Append, WriteError> {
        let (target, _, attributes) = self.claim_additional(destination, &file, true)?;
        Ok(Append {
            target,
            content: file.content,
            attributes,
        })
    }

    fn claim_additional(
        &self,
        destination: &Path,
        file: &Additional,
        append: bool,
    ) -> Result<(Target, Option<Existing>, Attributes), WriteError> {
        let target = file.target()?;
        directory::create_all(&target.directory, DIRECTORY_MODE)?;
        let existing = target.open_existing()?;
        let metadata = fs::metadata(&target.directory)
            .map_err(WriteError::when("open the directory", &target.directory))?;
        self.claims.lock().claim_additional(
            destination,
            (&file.path, file.function),
            append,
            &metadata,
            &target.name,
        )?;
        let attributes = file.attributes(&target)?;
        Ok((target, existing, attributes))
    }
}

#[cfg(test)]
mod tests;
