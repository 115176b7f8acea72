//! The errors of a mount namespace.

use std::path::{Path, PathBuf};

use crate::staged::TreeError;

/// A namespace that could not be entered.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// The tree cannot be checked with these staged files.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The system refuses a step.
    #[error("cannot {step} {}", path.display())]
    Step {
        /// The step, a verb phrase.
        step: &'static str,
        /// The file, directory or mount point.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl NamespaceError {
    /// Creates a closure for `map_err` that adds the failed step and its path.
    pub(super) fn when<'a, E: Into<std::io::Error>>(
        step: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(E) -> Self + 'a {
        move |source| Self::Step {
            step,
            path: path.to_owned(),
            source: source.into(),
        }
    }
}
