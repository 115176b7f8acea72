//! Temporary files beside a target, which are renamed into place or removed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

use crate::error::{CREATE, WriteError};
use crate::leftover;
use crate::target::Target;

/// The maximum number of random names that are tried.
const MAX_ATTEMPTS: usize = 100;

/// A file with a temporary name in the directory of its target. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Temporary {
    target: Target,
    /// The temporary name; `None` after the file was renamed.
    name: Option<OsString>,
    path: PathBuf,
}

impl Temporary {
    /// Creates an empty file that only this user can read.
    pub(crate) fn create(target: &Target, program: &str) -> Result<(Self, File), WriteError> {
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let directory = target.open_directory()?;
        let (name, file) = with_random_name(target, program, |name| {
            openat(&directory, name, flags, mode)
        })
        .map_err(WriteError::when(CREATE, &target.path))?;
        Ok((Self::named(target, name), File::from(file)))
    }

    /// Creates a hard link to the target with a temporary name; `None` if the target does not exist.
    pub(crate) fn link(target: &Target, program: &str) -> Result<Option<Self>, WriteError> {
        let directory = target.open_directory()?;
        let existing = target.name.as_os_str();
        let linked = with_random_name(target, program, |name| {
            linkat(&directory, existing, &directory, name, AtFlags::empty())
        });
        match linked {
            Ok((name, ())) => Ok(Some(Self::named(target, name))),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(WriteError::new("keep a backup of", &target.path, error)),
        }
    }

    fn named(target: &Target, name: OsString) -> Self {
        Self {
            target: target.clone(),
            path: target.directory.join(&name),
            name: Some(name),
        }
    }

    /// The path before the file is renamed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file to `name`, replacing an existing file. `step` is for the error.
    pub(crate) fn rename(&mut self, name: &OsStr, step: &'static str) -> Result<(), WriteError> {
        let directory = self.target.open_directory()?;
        if let Some(temporary) = &self.name {
            renameat(&directory, temporary.as_os_str(), &directory, name)
                .map_err(WriteError::when(step, &self.target.path))?;
        }
        self.name = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let (Some(name), Ok(directory)) = (self.name.take(), self.target.open_directory()) {
            // If the file cannot be removed, a later process removes it as a leftover.
            let _ = unlinkat(&directory, name.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// Calls `create` with random names until one is free.
fn with_random_name<T>(
    target: &Target,
    program: &str,
    create: impl Fn(&OsStr) -> nix::Result<T>,
) -> nix::Result<(OsString, T)> {
    let prefix = leftover::prefix(&target.name, program);
    for _ in 0..MAX_ATTEMPTS {
        let random = (0..leftover::RANDOM_LEN).map(|_| fastrand::alphanumeric());
        let mut name = prefix.clone();
        name.push(random.collect::<String>());
        match create(&name) {
            Ok(created) => return Ok((name, created)),
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::EEXIST)
}
