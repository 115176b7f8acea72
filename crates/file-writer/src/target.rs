//! The file that a path refers to, and its present content.
//!
//! Input: a configured path, and whether symlinks are followed. Output: a [`Target`], and the
//! [`Existing`] file.
//!
//! A target keeps no descriptor open, because a transaction may have thousands of targets. Every
//! step opens the directory and works relative to it. A directory that has become a link meanwhile is
//! an error.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::Uid;
use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};

use crate::directory::parent;
use crate::error::WriteError;
use crate::resolve::{open_directory, resolve};
use crate::sticky::{is_planted, planted_directory};

/// The treatment of symlinks as the file or its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// The links are followed to the target.
    Follow,
    /// The path is refused.
    Refuse,
}

/// A file to replace or create.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The path of the file after following links.
    pub(crate) path: PathBuf,
    /// Its directory, which may not exist yet.
    pub(crate) directory: PathBuf,
    /// Its name in the directory.
    pub(crate) name: OsString,
    links: Links,
}

/// The open file at a target. Content and attributes are read from the same descriptor.
#[derive(Debug)]
pub(crate) struct Existing {
    file: File,
    /// Its size, mode and owner.
    pub(crate) metadata: Metadata,
    /// `true` if another user can have created it, see [`is_planted`].
    pub(crate) is_planted: bool,
}

impl Target {
    /// Resolves a path. The file need not exist.
    pub(crate) fn find(path: &Path, links: Links) -> Result<Self, WriteError> {
        let is_of_file = path.file_name().is_some() && !ends_with_slash(path);
        let path = match links {
            _ if !is_of_file => path.to_owned(),
            Links::Follow => resolve(path, 0)?,
            // The file and its directory must not be links.
            Links::Refuse => resolve(path, 2)?,
        };
        let Some(name) = path.file_name().filter(|_| is_of_file) else {
            let cause = if path.as_os_str().is_empty() {
                Errno::ENOENT
            } else {
                Errno::EISDIR
            };
            return Err(WriteError::new("replace", &path, cause));
        };
        let name = name.to_owned();
        // Remove `.` components: after a link, one would cause the link to be followed.
        let directory: PathBuf = parent(&path).components().collect();
        Ok(Self {
            path,
            directory,
            name,
            links,
        })
    }

    /// Opens the directory for `*at` calls; this needs no read permission on it.
    pub(crate) fn open_directory(&self) -> Result<OwnedFd, WriteError> {
        open_directory(&self.directory).map_err(|error| self.directory_error(error))
    }

    fn directory_error(&self, error: Errno) -> WriteError {
        let is_link =
            || fs::symlink_metadata(&self.directory).is_ok_and(|metadata| metadata.is_symlink());
        if self.links == Links::Refuse && is_link() {
            let directory = self.directory.display();
            let reason = format!("its directory {directory} is a symlink; name the real one");
            return WriteError::new("write", &self.path, io::Error::other(reason));
        }
        WriteError::new("open the directory of", &self.path, error)
    }

    /// Opens the existing file at the target, if any. Anything but a regular file is an error.
    pub(crate) fn open_existing(&self) -> Result<Option<Existing>, WriteError> {
        if !self.directory.exists() {
            return Ok(None);
        }
        // This refuses a directory that is a link, even if the file is missing.
        let directory = self.open_directory()?;
        let kind = match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WriteError::new("read", &self.path, error)),
        };
        if kind.is_symlink() && self.links == Links::Refuse {
            let reason = io::Error::other("it is a symlink; name the file that it leads to");
            return Err(WriteError::new("write", &self.path, reason));
        }
        safe_read::refuse_special(kind).map_err(WriteError::when("replace", &self.path))?;
        self.open_in(&directory, OFlag::O_RDONLY, "read").map(Some)
    }

    /// Opens the file with `flags`, without following a link. `step` is for the error.
    pub(crate) fn open(&self, flags: OFlag, step: &'static str) -> Result<Existing, WriteError> {
        self.open_in(&self.open_directory()?, flags, step)
    }

    fn open_in(
        &self,
        directory: &OwnedFd,
        flags: OFlag,
        step: &'static str,
    ) -> Result<Existing, WriteError> {
        // The file may have become a link or a pipe meanwhile: neither follow nor block.
        let flags =
            flags | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let failed = |error| WriteError::new(step, &self.path, error);
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = openat(directory, self.name.as_os_str(), flags, mode)
            .map_err(|error| failed(error.into()))?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(failed)?;
        safe_read::refuse_special(metadata.file_type())
            .map_err(WriteError::when("replace", &self.path))?;
        let found = fstat(directory).map_err(|error| failed(error.into()))?;
        let owner = metadata.uid();
        let is_planted = owner != Uid::effective().as_raw()
            && (is_planted(owner, found.st_uid, found.st_mode)
                || planted_directory(&self.directory).is_some())
            && !is_mount_point(&file);
        Ok(Existing {
            file,
            metadata,
            is_planted,
        })
    }

    /// The name of the file followed by `suffix`.
    pub(crate) fn name_with(&self, suffix: &str) -> OsString {
        let mut name = self.name.clone();
        name.push(suffix);
        name
    }
}

/// The file that a destination refers to: the path after following links. The file need not exist.
///
/// # Errors
/// [`WriteError`] if a link cannot be followed.
pub fn target_of(destination: &Path) -> Result<PathBuf, WriteError> {
    Target::find(destination, Links::Follow).map(|target| target.path)
}

impl Existing {
    /// Returns `true` if the file has exactly this content.
    pub(crate) fn holds(&self, content: &[u8]) -> io::Result<bool> {
        if self.metadata.len() != content.len() as u64 {
            return Ok(false);
        }
        let mut found = Vec::with_capacity(content.len() + 1);
        (&self.file)
            .take(content.len() as u64 + 1)
            .read_to_end(&mut found)?;
        Ok(found == content)
    }

    /// The error for writing into a file that another user can have created, who could have opened
    /// it already.
    pub(crate) fn refuse_planted(&self, step: &'static str, path: &Path) -> Result<(), WriteError> {
        if !self.is_planted {
            return Ok(());
        }
        let owner = self.metadata.uid();
        let reason = format!(
            "it belongs to user {owner}, and another user can have created it; remove it first"
        );
        Err(WriteError::new(step, path, io::Error::other(reason)))
    }

    /// The open file.
    pub(crate) fn into_file(self) -> File {
        self.file
    }
}

/// Returns `true` if a file is a mount point. Ordinary users cannot mount files.
fn is_mount_point(file: &File) -> bool {
    let found = statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::empty());
    found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

fn ends_with_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}
