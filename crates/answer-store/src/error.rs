//! The errors of the store.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A store that cannot be used now. Nothing in it has changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("cannot {operation} {}", path.display())]
    Unusable {
        /// The failed operation, a verb.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A later version has written the file.
    #[error(
        "{} was written by a later version: its format is {found}, this version reads {supported}; remove the file, or \
         run that version",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the format.
        found: i64,
        /// The version that can be read.
        supported: i64,
    },
}

/// The failure of a step inside the store.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file is damaged, or no store.
    Damaged(String),
    /// A later version has written it: this is its format.
    Newer(i64),
    /// It cannot be used.
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        // Only a damaged file has other tables, values of another type, or violates a constraint.
        let is_damage = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::SchemaChanged
                    | ErrorCode::ConstraintViolation
                    | ErrorCode::TypeMismatch
                    // A table or a column is missing.
                    | ErrorCode::Unknown
            )
        ) || error.sqlite_error().is_some_and(|error| {
            // The file could be opened to write, so it says itself that it is not to be written.
            error.extended_code == rusqlite::ffi::SQLITE_READONLY
        }) || matches!(
            error,
            rusqlite::Error::SqlInputError { .. }
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::Utf8Error(..)
        );
        if is_damage {
            Self::Damaged(error.to_string())
        } else {
            // As a text: its causes repeat it.
            Self::Failed(error.to_string().into())
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Failure {
    /// Converts it to the error of this operation on this file.
    pub(crate) fn into_error(
        self,
        operation: &'static str,
        path: &Path,
        supported: i64,
    ) -> StoreError {
        let path = path.to_owned();
        let unusable = |path, source| StoreError::Unusable {
            operation,
            path,
            source,
        };
        match self {
            Self::Newer(found) => StoreError::Newer {
                path,
                found,
                supported,
            },
            Self::Damaged(cause) => unusable(path, cause.into()),
            Self::Failed(source) => unusable(path, source),
        }
    }
}
