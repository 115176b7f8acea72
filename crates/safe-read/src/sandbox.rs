//! Opens files inside a sandbox: a directory that neither a path nor a link can leave.
//!
//! Input: a path from a template, and the sandbox from the configuration. Output: the open file, or
//! an error with a remedy.
//!
//! Links are followed, even absolute ones, if their target is inside. The path is resolved first.
//! The resolved path is then opened relative to the sandbox, and the kernel refuses to leave it. If
//! a link changes in between, the result is an error or another file of the sandbox.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use crate::file_kind::refuse_special;

/// The maximum number of attempts if the file is moved between resolving and opening.
const MAX_ATTEMPTS: usize = 8;

/// A directory that neither a path nor a link can leave.
#[derive(Clone, Copy, Debug)]
pub struct Sandbox<'a> {
    /// The directory.
    pub directory: &'a Path,
    /// The setting that names it, for errors.
    pub setting: &'a str,
}

impl Sandbox<'_> {
    /// Opens a regular file for reading.
    pub(crate) fn open(self, path: &Path) -> io::Result<File> {
        let mut outcome = Err(Errno::ENOENT);
        for _ in 0..MAX_ATTEMPTS {
            let root = self.directory.canonicalize();
            let root = root.map_err(|error| self.missing(&error))?;
            let directory = open_directory(&root).map_err(|error| self.missing(&error))?;
            let inside = resolve(path, &root)?.ok_or_else(|| self.outside())?;
            refuse_special(std::fs::metadata(root.join(&inside))?.file_type())?;
            outcome = open_beneath(&directory, &inside);
            if !outcome.as_ref().is_err_and(|error| has_moved(*error)) {
                break;
            }
        }
        Ok(outcome?.into())
    }

    fn outside(self) -> io::Error {
        let (directory, setting) = (self.directory.display(), self.setting);
        let text =
            format!("it is outside the sandbox {directory}; move it there, or change {setting}");
        io::Error::new(io::ErrorKind::PermissionDenied, text)
    }

    fn missing(self, error: &io::Error) -> io::Error {
        let (directory, setting) = (self.directory.display(), self.setting);
        let text = format!(
            "cannot open the sandbox {directory} ({error}); create it, or change {setting}"
        );
        io::Error::other(text)
    }
}

fn open_directory(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).bits())
        .open(path)
}

/// Resolves the path relative to the sandbox, without links; `None` if it is outside.
fn resolve(path: &Path, root: &Path) -> io::Result<Option<PathBuf>> {
    let path = std::path::absolute(path)?;
    match path.canonicalize() {
        Ok(real) => Ok(real.strip_prefix(root).ok().map(Path::to_owned)),
        Err(error) => {
            // Report a missing file only inside the sandbox, so that errors reveal nothing about the outside.
            let above = path
                .ancestors()
                .skip(1)
                .find_map(|above| above.canonicalize().ok());
            if above.is_some_and(|above| above.starts_with(root)) {
                Err(error)
            } else {
                Ok(None)
            }
        }
    }
}

/// Opens a resolved path. The kernel ensures that it does not leave the directory.
fn open_beneath(directory: &File, inside: &Path) -> nix::Result<OwnedFd> {
    match resolve_beneath(directory, inside) {
        // Linux before 5.6 does not have this call, and some system call filters reject it.
        Err(Errno::ENOSYS | Errno::EPERM) => walk_beneath(directory, inside),
        outcome => outcome,
    }
}

const FLAGS: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY)
    .union(OFlag::O_CLOEXEC);

#[cfg(target_os = "linux")]
fn resolve_beneath(directory: &File, inside: &Path) -> nix::Result<OwnedFd> {
    use nix::fcntl::{OpenHow, ResolveFlag, openat2};

    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    openat2(
        directory,
        inside,
        OpenHow::new().flags(FLAGS).resolve(resolve),
    )
}

#[cfg(not(target_os = "linux"))]
fn resolve_beneath(_: &File, _: &Path) -> nix::Result<OwnedFd> {
    Err(Errno::ENOSYS)
}

/// Opens the path component by component, without following links: a resolved path has none.
fn walk_beneath(directory: &File, inside: &Path) -> nix::Result<OwnedFd> {
    let mut open: Option<OwnedFd> = None;
    let mut parts = inside.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(Errno::EXDEV);
        };
        let kind = if parts.peek().is_some() {
            OFlag::O_DIRECTORY
        } else {
            OFlag::empty()
        };
        let above = open.as_ref().map_or(directory.as_fd(), |open| open.as_fd());
        open = Some(openat(
            above,
            name,
            FLAGS | kind | OFlag::O_NOFOLLOW,
            Mode::empty(),
        )?);
    }
    open.ok_or(Errno::EISDIR)
}

/// Returns `true` for errors that mean that the file was moved after its path was resolved.
fn has_moved(error: Errno) -> bool {
    matches!(
        error,
        Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EXDEV | Errno::EAGAIN
    )
}

#[cfg(test)]
mod tests;
