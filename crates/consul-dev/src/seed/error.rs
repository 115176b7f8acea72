//! Errors of seeds.

use std::io;
use std::path::PathBuf;

/// Why a seed cannot be used: the place in it, what is wrong there, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InvalidSeed {
    pub(super) reason: String,
}

/// Why a seed file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It cannot be read.
    #[error("cannot read the seed file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Its content is not a seed.
    #[error("{}: {}", path.display(), reason)]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The place, what is wrong there, and what is allowed.
        reason: InvalidSeed,
    },
}
