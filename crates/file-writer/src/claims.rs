//! Ensures that only one template writes each file, and that no template overwrites its own source.
//!
//! Input: a destination, its target, and its template. Output: an error if the destination must not
//! be written.
//!
//! Links are followed, so two paths of the same file are detected.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::WriteError;
use crate::target::{Links, Target};

/// The claims of all writers that share them. Its lock is not held while the file system is
/// accessed, unless two paths may lead to one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedClaims(Arc<Mutex<Claims>>);

/// The written files, each with the destination that writes it.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    files: HashMap<File, PathBuf>,
    /// The additional files, each with the destination of its template and the function that
    /// writes it.
    additional: HashMap<File, (PathBuf, &'static str)>,
    /// The destinations that have been checked.
    checked: BTreeSet<PathBuf>,
}

/// A file, identified by its directory and its name, independent of the path.
#[derive(Debug, PartialEq, Eq, Hash)]
struct File {
    device: u64,
    directory: u64,
    name: OsString,
}

impl SharedClaims {
    /// Registers that `destination` writes the file at `target`. The directory must exist.
    pub(crate) fn claim(
        &self,
        destination: &Path,
        target: &Target,
        existing: Option<&Metadata>,
        template: Option<&Path>,
    ) -> Result<(), WriteError> {
        if self.lock().checked.contains(destination) {
            return Ok(());
        }
        if let Some(template) =
            template.filter(|template| is_same(existing, fs::metadata(template).ok().as_ref()))
        {
            let reason = format!("it is its own template {}", template.display());
            return Err(WriteError::new(
                "write",
                destination,
                io::Error::other(reason),
            ));
        }
        let directory = fs::metadata(&target.directory)
            .map_err(WriteError::when("open the directory", &target.directory))?;
        self.lock().claim(destination, (&directory, &target.name))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claims {
    /// Registers that `destination` writes the file `name` in a directory.
    pub(crate) fn claim(
        &mut self,
        destination: &Path,
        (directory, name): (&Metadata, &OsStr),
    ) -> Result<(), WriteError> {
        let refused = |reason: String| {
            Err(WriteError::new(
                "write",
                destination,
                io::Error::other(reason),
            ))
        };
        let file = File {
            device: directory.dev(),
            directory: directory.ino(),
            name: name.to_owned(),
        };
        if let Some((other, function)) = self.additional.get(&file) {
            return refused(format!(
                "the template of {} writes it with {function}",
                other.display()
            ));
        }
        if let Some(other) = self.files.get(&file).filter(|other| leads_to(other, &file)) {
            return refused(format!(
                "it is the same file as {}, which another template writes",
                other.display()
            ));
        }
        self.files.insert(file, destination.to_owned());
        self.checked.insert(destination.to_owned());
        Ok(())
    }

    /// Registers that the template of `destination` also writes the file `name` in a directory.
    /// Several templates may append to the same file.
    pub(crate) fn claim_additional(
        &mut self,
        destination: &Path,
        (path, function): (&Path, &'static str),
        append: bool,
        directory: &Metadata,
        name: &OsStr,
    ) -> Result<(), WriteError> {
        let file = File {
            device: directory.dev(),
            directory: directory.ino(),
            name: name.to_owned(),
        };
        let refused =
            |reason: String| Err(WriteError::new("write", path, io::Error::other(reason)));
        if let Some(other) = self.files.get(&file) {
            return refused(format!(
                "it is the same file as {}, which a template is rendered to",
                other.display()
            ));
        }
        match self.additional.get(&file) {
            Some((owner, _)) if owner == destination || append => Ok(()),
            Some((owner, _)) => refused(format!(
                "the template of {} writes it as well",
                owner.display()
            )),
            None => {
                self.additional
                    .insert(file, (destination.to_owned(), function));
                Ok(())
            }
        }
    }
}

/// Returns `true` if the path still leads to the file: its directory may have been removed, and its
/// inode reused.
fn leads_to(path: &Path, file: &File) -> bool {
    let target = Target::find(path, Links::Follow).ok();
    let directory = target
        .as_ref()
        .and_then(|target| fs::metadata(&target.directory).ok());
    target.zip(directory).is_some_and(|(target, directory)| {
        (directory.dev(), directory.ino(), &target.name)
            == (file.device, file.directory, &file.name)
    })
}

fn is_same(one: Option<&Metadata>, other: Option<&Metadata>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| (one.dev(), one.ino()) == (other.dev(), other.ino()))
}
