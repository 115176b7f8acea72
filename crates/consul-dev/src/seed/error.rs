//! Errors of seeds.

use std::io;
use std::path::PathBuf;

/// The reason why a seed is invalid: the position, the problem, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InvalidSeed {
    pub(super) reason: String,
}

/// The reason why a seed file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file cannot be read.
    #[error("cannot read the seed file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not a valid seed.
    #[error("{}: {}", path.display(), reason)]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The position, the problem, and what is allowed.
        reason: InvalidSeed,
    },
}
