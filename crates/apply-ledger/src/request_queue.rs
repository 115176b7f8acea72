//! The requests of the command line to the daemon.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::columns::TimeColumn;
use crate::database;
use crate::error::{Cause, LedgerError, OpenError};
use crate::hash::Hash;
use crate::history;
use crate::requests::{Answer, RequestId, RequestKind};
use crate::{files, queries};

/// A connection for requests: the daemon carries them out, also after a restart.
#[derive(Debug)]
pub struct RequestQueue {
    connection: Connection,
    directory: PathBuf,
}

/// The columns of a request.
struct NewRequest {
    /// The row of the destination.
    destination: i64,
    kind: RequestKind,
    /// The row of the generation.
    generation: Option<i64>,
    content: Option<Hash>,
    until: Option<TimeColumn>,
}

type Result<T> = std::result::Result<T, LedgerError>;

impl RequestQueue {
    /// Opens the ledger in a directory for requests.
    ///
    /// # Errors
    /// [`OpenError`] if there is no ledger, or it cannot be written.
    pub fn open(directory: &Path) -> std::result::Result<Self, OpenError> {
        let directory = history::find(directory)?;
        let connection = database::open_existing(&directory, true)
            .map_err(|refused| refused.into_error(&files::database(&directory)))?;
        Ok(Self {
            connection,
            directory,
        })
    }

    /// Requests that a generation is written, and kept until a time or until a
    /// [release](Self::release).
    ///
    /// # Errors
    /// [`LedgerError`], also if there is [no such generation](LedgerError::is_unknown).
    pub fn hold(
        &mut self,
        destination: &Path,
        generation: u64,
        until: Option<SystemTime>,
    ) -> Result<RequestId> {
        self.add(|connection| {
            let (destination, row) = queries::generation_row(connection, destination, generation)?;
            Ok(NewRequest {
                destination,
                kind: RequestKind::Hold,
                generation: Some(row),
                content: None,
                until: until.map(TimeColumn),
            })
        })
    }

    /// Requests that the template writes the destination again.
    ///
    /// # Errors
    /// [`LedgerError`], also if the destination is [unknown](LedgerError::is_unknown).
    pub fn release(&mut self, destination: &Path) -> Result<RequestId> {
        self.add(|connection| {
            Ok(NewRequest {
                destination: queries::destination_row(connection, destination)?,
                kind: RequestKind::Release,
                generation: None,
                content: None,
                until: None,
            })
        })
    }

    /// Requests that the change of a destination is applied that is parked with this content.
    ///
    /// # Errors
    /// [`LedgerError`], also if the destination is [unknown](LedgerError::is_unknown).
    pub fn approve(&mut self, destination: &Path, content: Hash) -> Result<RequestId> {
        self.add(|connection| {
            Ok(NewRequest {
                destination: queries::destination_row(connection, destination)?,
                kind: RequestKind::Approve,
                generation: None,
                content: Some(content),
                until: None,
            })
        })
    }

    /// The answer of the daemon; `None` if there is none yet.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read.
    pub fn answer(&self, request: RequestId) -> Result<Option<Answer>> {
        let select = "SELECT succeeded, answer FROM requests
             WHERE id = ?1 AND succeeded IS NOT NULL AND answer IS NOT NULL";
        let answer = self.connection.query_row(select, [request.0], |row| {
            let (succeeded, text) = (row.get(0)?, row.get(1)?);
            Ok(Answer { succeeded, text })
        });
        answer
            .optional()
            .map_err(LedgerError::when("read an answer"))
    }

    /// Adds a request, and then tells the daemon.
    fn add(
        &mut self,
        request: impl FnOnce(&Connection) -> std::result::Result<NewRequest, Cause>,
    ) -> Result<RequestId> {
        let failed = |error: rusqlite::Error| LedgerError::when("queue a request")(error);
        let transaction = database::begin(&mut self.connection).map_err(failed)?;
        let new = request(&transaction).map_err(LedgerError::when("queue a request"))?;
        let insert = "INSERT INTO requests (destination, kind, generation, content, until, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            new.destination,
            new.kind.name(),
            new.generation,
            new.content,
            new.until,
            TimeColumn(SystemTime::now())
        ];
        transaction.execute(insert, row).map_err(failed)?;
        let id = transaction.last_insert_rowid();
        transaction.commit().map_err(failed)?;
        let path = files::requests_file(&self.directory);
        // Written and not only touched, so that every kind of watch reports it.
        files::open_requests(&self.directory)
            .and_then(|mut file| {
                file.set_len(0)?;
                writeln!(file, "{id}")
            })
            .map_err(|source| Cause::File { path, source })
            .map_err(LedgerError::when("tell the daemon about the request"))?;
        Ok(RequestId(id))
    }
}
