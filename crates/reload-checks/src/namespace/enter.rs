//! Enters the namespace, and covers the files of the tree in it.

use std::fmt;
use std::path::Path;

use nix::errno::Errno;

use super::error::NamespaceError;
use super::new_file::NewFile;
use super::scratch::Scratch;
use super::{binds, isolate, overlay};
use crate::staged::{StagedFile, TreeFiles};

/// The kind of mounts by which staged files are shown at their destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounts {
    /// An overlay of the tree.
    Overlay,
    /// Bind mounts over single files and directories.
    Binds,
}

impl fmt::Display for Mounts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Overlay => "overlay",
            Self::Binds => "bind mounts",
        })
    }
}

/// Moves this process into a mount namespace of its own, in which the staged files are at their
/// destinations. Call it in a process with a single thread that is about to execute the check.
///
/// # Errors
/// [`NamespaceError`] if a destination is not below the tree, or if the system permits no
/// namespace or mount. Then the process must not be used any more.
pub fn enter(tree: &Path, files: &[StagedFile]) -> Result<Mounts, NamespaceError> {
    let tree_files = TreeFiles::find(tree, files)?;
    let directory = std::env::current_dir().ok();
    isolate::isolate()?;
    let files = tree_files.files.iter().map(NewFile::open);
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let mounts = {
        let scratch = Scratch::mount(&tree_files.real)?;
        match overlay::cover(&tree_files, &files, &scratch) {
            Ok(()) => Mounts::Overlay,
            Err(error) => binds::cover(&tree_files, &files, &scratch)
                .map(|()| Mounts::Binds)
                // The first error is usually the reason for the second one.
                .map_err(|second| match second {
                    NamespaceError::Step { source, .. }
                        if source.raw_os_error() == Some(Errno::EPERM as i32) =>
                    {
                        error
                    }
                    second => second,
                })?,
        }
    };
    // The working directory may be in the tree. It must lead to the shadow.
    if let Some(directory) = directory {
        let _ = std::env::set_current_dir(directory);
    }
    Ok(mounts)
}

/// Creates a mount namespace with a file system in it, as [`enter`] does.
pub(crate) fn attempt() -> Result<(), NamespaceError> {
    isolate::isolate()?;
    Scratch::mount(Path::new("/etc")).map(drop)
}
