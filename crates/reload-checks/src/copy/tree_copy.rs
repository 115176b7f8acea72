//! The private directory of a copy.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::{CopyError, Limits, create_directory};
use super::{entries, leftovers};
use crate::staged::TreeFiles;

/// A copy of a tree. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct TreeCopy {
    root: PathBuf,
    _directory: TempDir,
    /// Locked while the copy is in use, see [`remove_leftovers`](leftovers::remove_leftovers).
    _lock: File,
}

impl TreeCopy {
    /// Copies the tree into a new directory in `scratch`. `program` is a part of its name.
    pub(crate) fn create(
        tree_files: &TreeFiles,
        scratch: &Path,
        program: &str,
        limits: Limits,
    ) -> Result<Self, CopyError> {
        let (directory, lock) = private_directory(scratch, program)?;
        // Links in the path would let `..` lead elsewhere.
        let real = fs::canonicalize(directory.path())
            .map_err(CopyError::when("read", directory.path()))?;
        let root = real.join("tree");
        create_directory(&root)?;
        entries::copy(tree_files, &root, limits)?;
        Ok(Self {
            root,
            _directory: directory,
            _lock: lock,
        })
    }

    /// The path of the copy.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

/// Creates a directory that only this user can enter, and locks it.
fn private_directory(scratch: &Path, program: &str) -> Result<(TempDir, File), CopyError> {
    let failed = || CopyError::when("create a private directory in", scratch);
    loop {
        let directory = tempfile::Builder::new()
            .prefix(&leftovers::prefix(program))
            .rand_bytes(12)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(scratch)
            .map_err(failed())?;
        let lock = File::open(directory.path()).map_err(failed())?;
        // Some file systems have no locks. There, no process removes leftovers.
        let _ = lock.lock();
        // Another process may have removed the directory before it was locked.
        let inode = lock.metadata().map_err(failed())?.ino();
        if fs::metadata(directory.path()).is_ok_and(|found| found.ino() == inode) {
            return Ok((directory, lock));
        }
    }
}
