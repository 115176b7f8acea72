//! The ledger of the daemon, which is its only writer.

mod outputs;
mod parked_changes;
mod requests;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, Transaction};

use crate::columns::{TimeColumn, path_column};
use crate::content::Content;
use crate::database::{self, Durability, Refused};
use crate::error::{Cause, LedgerError, Notice, OpenError};
use crate::hash::Hash;
use crate::lock::Lock;
use crate::records::{
    Destination, Ending, Generation, Hold, Intent, IntentId, OwedGroup, PendingIntent, SwapEnd,
};
use crate::requests::RequestState;
use crate::{files, parked, queries, transactions};

/// The options of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerOptions {
    /// The number of last contents that are kept for each destination. The written, the applied and
    /// the held content are kept in any case.
    pub contents: usize,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self { contents: 5 }
    }
}

/// What was written and applied, on the disk. All methods block: call them on a worker thread.
///
/// The state directory is locked until the ledger is dropped.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    /// The durability of the next transaction.
    durability: Durability,
    options: LedgerOptions,
    directory: PathBuf,
    /// Released after the connection is closed.
    _lock: Lock,
}

type Result<T> = std::result::Result<T, LedgerError>;

impl Ledger {
    /// Opens the ledger in a directory, which is created if it is missing. A damaged database is
    /// moved aside and replaced by an empty one; then there is a [`Notice::Rebuilt`].
    ///
    /// # Errors
    /// [`OpenError`] if another process has opened it, a later version has written it, or the
    /// directory cannot be used.
    pub fn open(
        directory: &Path,
        options: LedgerOptions,
    ) -> std::result::Result<(Self, Vec<Notice>), OpenError> {
        let directory = files::create_directory(directory)?;
        let lock = Lock::take(&directory)?;
        let database = files::database(&directory);
        let mut notices = Vec::new();
        let connection = match open_checked(&directory) {
            Err(Refused::Damaged(cause)) => {
                let moved_to = files::move_aside(&database)
                    .map_err(OpenError::when("move the damaged", &database))?;
                notices.push(Notice::Rebuilt { moved_to, cause });
                open_checked(&directory)
            }
            opened => opened,
        }
        .map_err(|refused| refused.into_error(&database))?;
        // It shows that the database is complete: see `files::is_emptied`.
        let requests = files::requests_file(&directory);
        files::open_requests(&directory).map_err(OpenError::when("open", &requests))?;
        let ledger = Self {
            connection,
            durability: Durability::Power,
            options,
            directory,
            _lock: lock,
        };
        Ok((ledger, notices))
    }

    /// The state directory, without symbolic links.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Records that the files of an intent are about to be swapped. The intent and the contents are
    /// on the disk when this returns, and survive a power failure.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing is recorded.
    pub fn begin(&mut self, intent: &Intent<'_>) -> Result<IntentId> {
        let keep = self.options.contents;
        let now = TimeColumn(SystemTime::now());
        self.write("record an intent", Durability::Power, |transaction| {
            transactions::begin(transaction, intent, keep, now)
        })
    }

    /// Records several intents at once, for the cost of one flush. They are recorded all or none.
    ///
    /// # Errors
    /// Those of [`Ledger::begin`].
    pub fn begin_all(&mut self, intents: &[Intent<'_>]) -> Result<Vec<IntentId>> {
        let keep = self.options.contents;
        let now = TimeColumn(SystemTime::now());
        self.write("record intents", Durability::Power, |transaction| {
            let begin = |intent| transactions::begin(transaction, intent, keep, now);
            intents.iter().map(begin).collect()
        })
    }

    /// Records that all files of an intent are in place: its command is owed.
    ///
    /// # Errors
    /// [`LedgerError`]; then the intent is still pending.
    pub fn swapped(&mut self, intent: IntentId) -> Result<()> {
        self.swaps_ended(&[(intent, SwapEnd::Owed)], &[])
    }

    /// Deletes an intent of which no file is in place: nothing was swapped, or the old files were
    /// restored.
    ///
    /// # Errors
    /// [`LedgerError`]; then the intent is still pending.
    pub fn discarded(&mut self, intent: IntentId) -> Result<()> {
        self.swaps_ended(&[(intent, SwapEnd::Discarded)], &[])
    }

    /// Records the ends of several swaps at once. `written` are intents that never began: their files are in place,
    /// and owe no command. This is enough for a single file without a command, which a rename replaces as a whole.
    ///
    /// # Errors
    /// [`LedgerError`]; then the intents are still pending, and the others are not recorded.
    pub fn swaps_ended(
        &mut self,
        ends: &[(IntentId, SwapEnd)],
        written: &[Intent<'_>],
    ) -> Result<()> {
        let keep = self.options.contents;
        let now = TimeColumn(SystemTime::now());
        self.write("record a swap", Durability::Process, |transaction| {
            for (intent, end) in ends {
                transactions::swap_ended(transaction, *intent, *end)?;
            }
            for intent in written {
                transactions::record(transaction, intent, keep, now)?;
            }
            Ok(())
        })
    }

    /// Records the end of a restoration: its command is owed. `unrestored` are the files that could not be restored, and
    /// still have the content that has failed.
    ///
    /// # Errors
    /// [`LedgerError`]; then the intent is still pending.
    pub fn restored(&mut self, intent: IntentId, unrestored: &[&Path]) -> Result<()> {
        let operation = "record a restoration";
        self.write(operation, Durability::Process, |transaction| {
            Ok(transactions::restored(transaction, intent, unrestored)?)
        })
    }

    /// Records the end of the command of an intent, which covers all earlier intents of its group.
    /// An intent that is not swapped, or not stored, is ignored.
    ///
    /// # Errors
    /// [`LedgerError`]; then the command is still owed.
    pub fn finished(&mut self, intent: IntentId, ending: Ending) -> Result<()> {
        let operation = "record the end of a command";
        self.write(operation, Durability::Process, |transaction| {
            Ok(transactions::finished(transaction, intent, ending)?)
        })
    }

    /// Deletes a destination with its contents, its hold, and its part of what is owed.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing is deleted.
    pub fn forget(&mut self, destination: &Path) -> Result<()> {
        self.write("forget a destination", Durability::Power, |transaction| {
            Ok(transactions::forget(transaction, destination)?)
        })
    }

    /// Keeps a generation in a destination until a time, or until it is [released](Self::release).
    ///
    /// # Errors
    /// [`LedgerError`], also if there is [no such generation](LedgerError::is_unknown).
    pub fn hold(
        &mut self,
        destination: &Path,
        generation: u64,
        until: Option<SystemTime>,
    ) -> Result<()> {
        let now = TimeColumn(SystemTime::now());
        self.write("hold a destination", Durability::Power, |transaction| {
            transactions::hold(transaction, destination, generation, (until, now))
        })
    }

    /// Ends the hold of a destination.
    ///
    /// # Errors
    /// [`LedgerError`]; then the hold remains.
    pub fn release(&mut self, destination: &Path) -> Result<()> {
        self.write("release a destination", Durability::Power, |transaction| {
            let delete = "DELETE FROM holds WHERE destination IN (
                 SELECT id FROM destinations WHERE path = ?1)";
            transaction.execute(delete, [path_column(destination)])?;
            Ok(())
        })
    }

    /// The intents that were interrupted, for [`recover`](crate::recover) at the start.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn pending(&self) -> Result<Vec<PendingIntent>> {
        queries::pending(&self.connection).map_err(LedgerError::when("read the intents"))
    }

    /// The groups whose files are in place and whose command has not succeeded since.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn owed(&self) -> Result<Vec<OwedGroup>> {
        queries::owed(&self.connection).map_err(LedgerError::when("read what is owed"))
    }

    /// All holds, also those whose time is over.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn holds(&self) -> Result<Vec<Hold>> {
        queries::holds(&self.connection).map_err(LedgerError::when("read the holds"))
    }

    /// All destinations, sorted by path.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn destinations(&self) -> Result<Vec<Destination>> {
        queries::destinations(&self.connection).map_err(LedgerError::when("read the destinations"))
    }

    /// The stored generations of a destination, the latest first.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn generations(&self, destination: &Path) -> Result<Vec<Generation>> {
        queries::generations(&self.connection, destination)
            .map_err(LedgerError::when("read the generations"))
    }

    /// The hash of the content that was written last.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read.
    pub fn written(&self, destination: &Path) -> Result<Option<Hash>> {
        queries::hash_of(&self.connection, "written", destination)
            .map_err(LedgerError::when("read a destination"))
    }

    /// The hash of the content of the last successful command.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read.
    pub fn applied(&self, destination: &Path) -> Result<Option<Hash>> {
        queries::hash_of(&self.connection, "applied", destination)
            .map_err(LedgerError::when("read a destination"))
    }

    /// The content with this hash; `None` if it is no longer stored.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read, or does not have this hash.
    pub fn content(&self, hash: Hash) -> Result<Option<Content>> {
        queries::content(&self.connection, hash).map_err(LedgerError::when("read a content"))
    }

    fn write<T>(
        &mut self,
        operation: &'static str,
        durability: Durability,
        change: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Cause>,
    ) -> Result<T> {
        let failed = |cause: rusqlite::Error| LedgerError::when(operation)(cause);
        if self.durability != durability {
            database::set_durability(&self.connection, durability).map_err(failed)?;
            self.durability = durability;
        }
        let transaction = database::begin(&mut self.connection).map_err(failed)?;
        let value = change(&transaction).map_err(LedgerError::when(operation))?;
        transaction.commit().map_err(failed)?;
        Ok(value)
    }
}

/// Opens the database, and reads what a daemon reads at its start.
fn open_checked(directory: &Path) -> std::result::Result<Connection, Refused> {
    if files::is_emptied(directory) {
        return Err(Refused::Damaged("it is empty".to_owned()));
    }
    let path = files::database(directory);
    files::open_private(&path).map_err(|error| Refused::System(path, error))?;
    let connection = database::open(directory)?;
    queries::pending(&connection)?;
    queries::owed(&connection)?;
    queries::holds(&connection)?;
    queries::requests(&connection, RequestState::New)?;
    parked::all(&connection)?;
    queries::destinations(&connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
