//! Additional files of a template, whose path may come from data.
//!
//! Input: an [`Additional`] file, and the destination of its template. Output: a staged file, or
//! content to append.
//!
//! Because of the origin of the path, a symlink is refused as the file and as its directory, even
//! if it appears between staging and swapping. A component `..` is refused anywhere: a name such as
//! `certs/KEY` must stay in `certs`, whatever KEY is, and a path does not show which part of it is
//! data.

use std::fs;
use std::io;
use std::path::{Component, Path};

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
#[derive(Clone, Copy, Debug)]
pub struct Additional<'a> {
    /// The file.
    pub path: &'a Path,
    /// The owner, by name or number; empty: this user, or with an empty group that of the replaced
    /// file.
    pub user: &'a str,
    /// The group, in the same form.
    pub group: &'a str,
    /// The permission bits.
    pub mode: u32,
    /// The function of the template that writes the file, for errors.
    pub function: &'static str,
}

impl Additional<'_> {
    /// Checks that the path leads to a regular file, or to no file, without links.
    ///
    /// # Errors
    /// [`WriteError`] if it does not.
    pub fn check(&self) -> Result<(), WriteError> {
        self.existing().map(drop)
    }

    /// Returns `true` if the file has this content and its attributes.
    ///
    /// # Errors
    /// Those of [`Additional::check`], and [`WriteError`] if the file cannot be read or an account
    /// does not exist.
    pub fn is_current(&self, content: &[u8]) -> Result<bool, WriteError> {
        let (target, Some(existing)) = self.existing()? else {
            return Ok(false);
        };
        let attributes = self.attributes(&target)?;
        let is_same = existing
            .holds(content)
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
                self.path,
                io::Error::other(reason),
            ));
        }
        Target::find(self.path, Links::Refuse)
    }

    fn existing(&self) -> Result<(Target, Option<Existing>), WriteError> {
        let target = self.target()?;
        let existing = target.open_existing()?;
        Ok((target, existing))
    }

    fn attributes(&self, target: &Target) -> Result<Attributes, WriteError> {
        Attributes::of_names(self.user, self.group, self.mode, &target.path)
    }
}

impl Writer {
    /// Stages `content` for an additional file of the template whose destination is `destination`,
    /// unless the file already has the content and the attributes. Missing directories are created.
    ///
    /// # Errors
    /// [`WriteError`]. Then nothing visible has changed, except that directories may have been
    /// created.
    pub fn stage_additional(
        &self,
        destination: &Path,
        file: &Additional<'_>,
        content: &[u8],
    ) -> Result<Stage, WriteError> {
        let (target, existing, attributes) = self.claim_additional(destination, file, false)?;
        let plan = Plan {
            attributes,
            mode: WriteMode::Rename,
            backup: false,
            program: self.program,
        };
        self.stage_at(target, existing.as_ref(), content, plan)
    }

    /// Prepares to append `content` to an additional file, which several templates may do. Missing
    /// directories are created; the file itself is unchanged until [`Append::run`].
    ///
    /// # Errors
    /// Those of [`Writer::stage_additional`].
    pub fn stage_append(
        &self,
        destination: &Path,
        file: &Additional<'_>,
        content: Vec<u8>,
    ) -> Result<Append, WriteError> {
        let (target, _, attributes) = self.claim_additional(destination, file, true)?;
        Ok(Append {
            target,
            content,
            attributes,
        })
    }

    fn claim_additional(
        &self,
        destination: &Path,
        file: &Additional<'_>,
        append: bool,
    ) -> Result<(Target, Option<Existing>, Attributes), WriteError> {
        let target = file.target()?;
        directory::create_all(&target.directory, DIRECTORY_MODE)?;
        let existing = target.open_existing()?;
        let metadata = fs::metadata(&target.directory)
            .map_err(WriteError::when("open the directory", &target.directory))?;
        self.claims.lock().claim_additional(
            destination,
            (file.path, file.function),
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
