//! A file system in memory for the files of the shadow.

use std::fs::{self, DirBuilder, File};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;

use super::error::NamespaceError;

/// Directories that exist on most systems. One that neither contains the tree nor lies in it is
/// covered until the shadow is complete.
const MOUNT_POINTS: [&str; 8] = [
    "/tmp", "/run", "/mnt", "/var/tmp", "/dev", "/usr", "/var", "/etc",
];

/// A mounted file system in memory. Dropping it removes it from the namespace; mounts of its
/// directories stay.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Mounts the file system where it does not cover `tree`.
    pub(super) fn mount(tree: &Path) -> Result<Self, NamespaceError> {
        let is_apart =
            |path: &&Path| path.is_dir() && !path.starts_with(tree) && !tree.starts_with(path);
        let path = MOUNT_POINTS.iter().map(Path::new).find(is_apart);
        let path = path
            .ok_or_else(|| NamespaceError::when("find a mount point beside", tree)(Errno::ENOENT))?
            .to_owned();
        mount(
            Some("reload-checks"),
            &path,
            Some("tmpfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            Some("mode=0700"),
        )
        .map_err(NamespaceError::when(
            "mount a file system in memory at",
            &path,
        ))?;
        Ok(Self { path })
    }

    /// Creates a directory in it.
    pub(super) fn directory(&self, name: &str) -> Result<PathBuf, NamespaceError> {
        let path = self.path.join(name);
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(NamespaceError::when("create the directory", &path))?;
        Ok(path)
    }

    /// Creates an empty file in it.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, NamespaceError> {
        let path = self.path.join(name);
        File::create_new(&path).map_err(NamespaceError::when("create the file", &path))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = umount2(&self.path, MntFlags::MNT_DETACH);
    }
}

/// An open file or directory, which can be mounted although its path is covered.
#[derive(Debug)]
pub(super) struct Handle(OwnedFd);

impl Handle {
    /// Opens a file or directory, without following a link.
    pub(super) fn open(path: &Path) -> Result<Self, NamespaceError> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        open(path, flags, Mode::empty())
            .map(Self)
            .map_err(NamespaceError::when("open", path))
    }

    /// A path of it that contains no characters with a meaning in mount options.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }

    /// Mounts it at `target`, with the mounts below it.
    pub(super) fn bind(&self, target: &Path) -> Result<(), NamespaceError> {
        mount(
            Some(&self.path()),
            target,
            None::<&str>,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            None::<&str>,
        )
        .map_err(NamespaceError::when("mount over", target))
    }

    /// Returns `true` if it is a directory.
    pub(super) fn is_directory(&self) -> bool {
        fs::metadata(self.path()).is_ok_and(|metadata| metadata.is_dir())
    }
}
