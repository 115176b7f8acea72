//! The errors of built-in checks.

use std::path::PathBuf;

use super::program::CheckProgram;
use crate::shadow::ShadowError;

/// A built-in check that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The program is not installed.
    #[error(
        "cannot find {programs} on PATH or in /usr/sbin to check the files: install {check}, or set check to a command"
    )]
    NotInstalled {
        /// The check.
        check: CheckProgram,
        /// The names of its programs.
        programs: String,
    },
    /// The tree cannot be shadowed.
    #[error(transparent)]
    Shadow(#[from] ShadowError),
    /// The tree has no main file.
    #[error(
        "the tree {} has no main file of {check} ({expected}): set check_tree to its configuration directory, or check to a command",
        tree.display()
    )]
    NoMainFile {
        /// The check.
        check: CheckProgram,
        /// The tree.
        tree: PathBuf,
        /// The names that were tried.
        expected: String,
    },
    /// Several files outside of the configuration directory.
    #[error(
        "{count} files cannot be checked as one {check} configuration: set check_tree to the directory that contains them and the main file, or check to a command"
    )]
    SeveralFiles {
        /// The check.
        check: CheckProgram,
        /// The number of files.
        count: usize,
    },
}
