//! The ledger as the command line sees it: other processes read it, also while the daemon runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::content::Content;
use crate::error::{Cause, LedgerError, OpenError};
use crate::hash::Hash;
use crate::parked::{self, Parked};
use crate::records::{Destination, Generation, Hold, OwedGroup, PendingIntent};
use crate::{database, files, lock, queries};

/// A connection for reading. All methods block.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    directory: PathBuf,
}

type Result<T> = std::result::Result<T, LedgerError>;

/// Finds the ledger in a directory. Returns the path of the directory without symbolic links, which
/// SQLite refuses.
pub(crate) fn find(directory: &Path) -> std::result::Result<PathBuf, OpenError> {
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let no_ledger = || OpenError::NoLedger {
        directory: directory.to_owned(),
    };
    let found = match fs::canonicalize(directory) {
        Err(error) if missing(&error) => return Err(no_ledger()),
        found => found.map_err(OpenError::when("open", directory))?,
    };
    let database = files::database(&found);
    match fs::metadata(&database) {
        Err(error) if missing(&error) => Err(no_ledger()),
        Err(error) => Err(OpenError::when("open", &database)(error)),
        Ok(_) => Ok(found),
    }
}

impl History {
    /// Opens the ledger in a directory for reading.
    ///
    /// # Errors
    /// [`OpenError`] if there is no ledger, or it cannot be read.
    pub fn open(directory: &Path) -> std::result::Result<Self, OpenError> {
        let directory = find(directory)?;
        let connection = database::open_existing(&directory, false)
            .map_err(|refused| refused.into_error(&files::database(&directory)))?;
        Ok(Self {
            connection,
            directory,
        })
    }

    /// Returns `true` if a daemon has opened the ledger.
    ///
    /// # Errors
    /// The error of opening or locking the lock file.
    pub fn is_in_use(&self) -> io::Result<bool> {
        lock::is_taken(&self.directory)
    }

    /// Creates a closure for `map_err` that adds the failed operation and the database.
    fn failed<E: Into<Cause>>(&self, operation: &'static str) -> impl FnOnce(E) -> LedgerError {
        let database = files::database(&self.directory);
        move |source| LedgerError::when(operation)(source).in_database(database)
    }

    /// All destinations, sorted by path.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn destinations(&self) -> Result<Vec<Destination>> {
        queries::destinations(&self.connection).map_err(self.failed("read the destinations"))
    }

    /// The stored generations of a destination, the latest first.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn generations(&self, destination: &Path) -> Result<Vec<Generation>> {
        queries::generations(&self.connection, destination)
            .map_err(self.failed("read the generations"))
    }

    /// The content with this hash; `None` if it is no longer stored.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read, or does not have this hash.
    pub fn content(&self, hash: Hash) -> Result<Option<Content>> {
        queries::content(&self.connection, hash).map_err(self.failed("read a content"))
    }

    /// The intents whose swap has not ended: a daemon is about to end it, or was killed.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn pending(&self) -> Result<Vec<PendingIntent>> {
        queries::pending(&self.connection).map_err(self.failed("read the intents"))
    }

    /// The groups whose files are in place and whose command has not succeeded since.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn owed(&self) -> Result<Vec<OwedGroup>> {
        queries::owed(&self.connection).map_err(self.failed("read what is owed"))
    }

    /// All holds, also those whose time is over.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn holds(&self) -> Result<Vec<Hold>> {
        queries::holds(&self.connection).map_err(self.failed("read the holds"))
    }

    /// The changes that are parked, sorted by destination.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn parked(&self) -> Result<Vec<Parked>> {
        parked::all(&self.connection).map_err(self.failed("read the parked changes"))
    }
}
