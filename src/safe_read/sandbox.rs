//! Opens a file that must lie in a sandbox: a directory that no path and no link leads out of.
//!
//! in:  a path that a template wrote, and the sandbox that the operator set
//! out: the open file, or an error that says that it lies outside, and what to do
//!
//! A path means what it means without a sandbox: links are followed, also absolute ones, as long as the file at the end
//! of them lies inside. Where that is, is looked up first; what was found is then opened from the sandbox downwards, and
//! the kernel refuses to leave it. Whoever switches a link in between gets an error, or another file of the sandbox.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// How often a file is looked up again that was moved before it could be opened.
const TRIES: usize = 8;

/// Opens a regular file for reading.
pub(super) fn open(path: &Path, sandbox: &Path) -> io::Result<File> {
    let mut outcome = Err(Errno::ENOENT);
    for _ in 0..TRIES {
        let root = sandbox
            .canonicalize()
            .map_err(|error| no_sandbox(sandbox, &error))?;
        let directory = open_directory(&root).map_err(|error| no_sandbox(sandbox, &error))?;
        let inside = find(path, &root)?.ok_or_else(|| outside(sandbox))?;
        super::refuse_special(std::fs::metadata(root.join(&inside))?.file_type())?;
        outcome = open_beneath(&directory, &inside);
        if !outcome.as_ref().is_err_and(|error| has_moved(*error)) {
            break;
        }
    }
    Ok(outcome?.into())
}

fn open_directory(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).bits())
        .open(path)
}

/// Where the file is in the sandbox, without any link on the way; `None`: it is not in there.
fn find(path: &Path, root: &Path) -> io::Result<Option<PathBuf>> {
    let path = std::path::absolute(path)?;
    match path.canonicalize() {
        Ok(real) => Ok(real.strip_prefix(root).ok().map(Path::to_owned)),
        Err(error) => {
            // What would be in the sandbox if it were there is missing; anything else is refused.
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

/// Opens what was found. The kernel sees to it that this does not lead out of the directory.
fn open_beneath(directory: &File, inside: &Path) -> nix::Result<OwnedFd> {
    match resolve_beneath(directory, inside) {
        // Linux has the call since 5.6, and some that filter system calls do not know it.
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

/// The same step by step: what was found has no links, so there is none to be followed.
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

/// Is this what the system says when a file was there a moment ago, and is elsewhere now?
fn has_moved(error: Errno) -> bool {
    matches!(
        error,
        Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EXDEV | Errno::EAGAIN
    )
}

fn outside(sandbox: &Path) -> io::Error {
    let sandbox = sandbox.display();
    let text = format!(
        "it lies outside of the sandbox {sandbox}; put it in there, or choose another --sandbox-path"
    );
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}

fn no_sandbox(sandbox: &Path, error: &io::Error) -> io::Error {
    let sandbox = sandbox.display();
    let text = format!(
        "cannot open the sandbox {sandbox} ({error}); make it, or choose another --sandbox-path"
    );
    io::Error::other(text)
}

#[cfg(test)]
mod tests;
