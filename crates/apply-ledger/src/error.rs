//! The errors of the ledger.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::hash::Hash;

/// A ledger that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory has no ledger.
    #[error("there is no ledger in {}", directory.display())]
    NoLedger {
        /// The state directory.
        directory: PathBuf,
    },
    /// Another process has opened it.
    #[error("the state directory {} is in use by {}", directory.display(), process(*pid))]
    InUse {
        /// The state directory.
        directory: PathBuf,
        /// The process that has opened it, as it named itself.
        pid: Option<u32>,
    },
    /// The directory or a file in it cannot be used.
    #[error("cannot {operation} {}", path.display())]
    Unusable {
        /// The failed operation, a verb.
        operation: &'static str,
        /// The directory or the file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A later version has written the database.
    #[error(
        "{} was written by a later version: its format is {found}, this version reads up to {supported}",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The version of the format.
        found: i64,
        /// The latest version that can be read.
        supported: i64,
    },
    /// An earlier version has written the database, and the daemon has not opened it since.
    #[error(
        "{} was written by an earlier version: its format is {found}, and a daemon of this version converts it to {supported} at its start",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// The version of the format.
        found: i64,
        /// The version after the conversion.
        supported: i64,
    },
}

/// The operation that fails if the database is damaged.
pub(crate) const READ: &str = "read";

impl OpenError {
    /// Returns `true` if the database is damaged: the daemon moves it aside when it opens the ledger.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unusable { operation, .. } if *operation == READ)
    }

    /// Creates a closure for `map_err` that adds the failed operation and the path.
    pub(crate) fn when<'a, E>(
        operation: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(E) -> Self + 'a
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Unusable {
            operation,
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

fn place(database: Option<&Path>) -> String {
    database.map_or_else(String::new, |path| format!(" in {}", path.display()))
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

/// An event of opening that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The database was damaged. It was moved aside, and an empty one created.
    Rebuilt {
        /// The new name of the damaged database.
        moved_to: PathBuf,
        /// The damage.
        cause: String,
    },
}

/// A failed operation on an open ledger. It contains no content of a file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation}{}", place(database.as_deref()))]
pub struct LedgerError {
    operation: &'static str,
    /// The database, if it is named.
    database: Option<PathBuf>,
    source: Cause,
}

/// The cause of a [`LedgerError`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("{}", reason(.0))]
    Database(rusqlite::Error),
    #[error("{}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Write(#[from] file_writer::WriteError),
    #[error("the stored content {0} is damaged")]
    Damaged(Hash),
    #[error("its content of {0} bytes is larger than the ledger stores (900 MB)")]
    TooLarge(usize),
    #[error("there is no content {0}")]
    NoContent(Hash),
    #[error("it has no destination {}", .0.display())]
    NoDestination(PathBuf),
    #[error("the destination {} occurs twice", .0.display())]
    Twice(PathBuf),
    #[error("{} has no generation {number}", path.display())]
    NoGeneration { path: PathBuf, number: u64 },
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// The codes of SQLite, besides that for a full disk, for writes that fail when it is full.
const MAYBE_FULL: [i32; 2] = [
    rusqlite::ffi::SQLITE_IOERR_WRITE,
    rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
];

/// The reason that SQLite gives, without the statement.
pub(crate) fn reason(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => match error.sqlite_error().map(|cause| cause.extended_code) {
            Some(code) if MAYBE_FULL.contains(&code) => {
                format!("disk I/O error (code {code} of SQLite); the disk may be full")
            }
            _ => error.to_string(),
        },
    }
}

impl LedgerError {
    /// Creates a closure for `map_err` that adds the failed operation.
    pub(crate) fn when<E: Into<Cause>>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self {
            operation,
            database: None,
            source: source.into(),
        }
    }

    /// Names the database.
    pub(crate) fn in_database(self, database: PathBuf) -> Self {
        Self {
            database: Some(database),
            ..self
        }
    }

    /// Returns `true` if the database is damaged: opening the ledger again moves it aside.
    #[must_use]
    pub fn is_of_damaged_database(&self) -> bool {
        matches!(&self.source, Cause::Database(error) if is_damage(error))
    }

    /// Returns `true` if the database or a stored content is damaged. If it is the database, opening
    /// the ledger again moves it aside.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match &self.source {
            Cause::Database(error) => is_damage(error),
            Cause::Damaged(_) => true,
            _ => false,
        }
    }

    /// Returns `true` if the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(&self.source, Cause::Database(error)
            if error.sqlite_error_code() == Some(ErrorCode::DiskFull))
    }

    /// Returns `true` if the destination has no such generation, or the content is no longer stored.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(
            self.source,
            Cause::NoContent(_) | Cause::NoDestination(_) | Cause::NoGeneration { .. }
        )
    }
}

/// Returns `true` if an error means that the database is damaged, not that the system failed. A record that is too big
/// is damaged, because larger contents are refused before they are stored.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => {
            let short_read = rusqlite::ffi::SQLITE_IOERR_SHORT_READ;
            error.sqlite_error().map(|error| error.extended_code) == Some(short_read)
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::OperationInterrupted
            | ErrorCode::OperationAborted,
        ) => false,
        // The file can be written, see `Database::open`: the first page says otherwise.
        Some(_) | None => true,
    }
}
