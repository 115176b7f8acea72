//! The limits and the errors of a copy.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The limits of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of files and directories in the tree.
    pub entries: usize,
    /// The maximum size of all rewritten files, and of each file that is searched, in bytes.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 20_000,
            bytes: 64 << 20,
        }
    }
}

/// A tree that could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The tree has too many files and directories.
    #[error("the tree {} has more than {limit} files and directories", tree.display())]
    TooManyEntries {
        /// The tree.
        tree: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A file is too large to be searched, or all rewritten files together are too large.
    #[error(
        "the text files of the tree {} have more than {limit} bytes (at {})",
        tree.display(), file.display()
    )]
    TooLarge {
        /// The tree.
        tree: PathBuf,
        /// The file at which the limit was reached.
        file: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// A step failed.
    #[error("cannot {step} {}", path.display())]
    Step {
        /// The step, a verb phrase.
        step: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl CopyError {
    /// Creates a closure for `map_err` that adds the failed step and its path.
    pub(super) fn when(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Step {
            step,
            path: path.to_owned(),
            source,
        }
    }
}

/// Creates a directory of a copy.
pub(super) fn create_directory(path: &Path) -> Result<(), CopyError> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(CopyError::when("create the directory", path))
}
