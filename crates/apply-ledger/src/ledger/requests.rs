//! The requests of the command line, which the daemon takes and answers.

use std::time::{Duration, SystemTime};

use rusqlite::{Transaction, params};

use super::{Ledger, Result};
use crate::columns::TimeColumn;
use crate::database::Durability;
use crate::error::LedgerError;
use crate::queries;
use crate::requests::{Answer, Request, RequestId, RequestState};

/// How long the answer to a request is kept for the command line.
const ANSWER_AGE: Duration = Duration::from_secs(60 * 60);

impl Ledger {
    /// The requests of the command line that are not taken and have no answer. The file
    /// [`requests_file`](crate::requests_file) changes when there is a new one.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn requests(&self) -> Result<Vec<Request>> {
        queries::requests(&self.connection, RequestState::New)
            .map_err(LedgerError::when("read the requests"))
    }

    /// Takes a request out of the [requests](Self::requests). It is [answered](Self::answer) later.
    ///
    /// # Errors
    /// [`LedgerError`]; then the request remains.
    pub fn take(&mut self, request: RequestId) -> Result<()> {
        self.write("take a request", Durability::Power, |transaction| {
            let update = "UPDATE requests SET succeeded = 0 WHERE id = ?1";
            transaction.execute(update, [request.0])?;
            Ok(())
        })
    }

    /// The requests that are [taken](Self::take) and have no answer, also those of an earlier process.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn taken(&self) -> Result<Vec<Request>> {
        queries::requests(&self.connection, RequestState::Taken)
            .map_err(LedgerError::when("read the requests"))
    }

    /// Answers a request, which then is no longer among the [requests](Self::requests). The first answer counts.
    ///
    /// # Errors
    /// [`LedgerError`]; then the request remains.
    pub fn answer(&mut self, request: RequestId, answer: &Answer) -> Result<()> {
        self.write("answer a request", Durability::Process, |transaction| {
            Ok(answered(transaction, request, answer)?)
        })
    }

    /// [Answers](Self::answer) a request whose generation is in the file, and [keeps](Self::hold) this generation. A request
    /// that has an answer already, because a later one has replaced it, changes nothing.
    ///
    /// # Errors
    /// [`LedgerError`]; then the request remains.
    pub fn answer_held(&mut self, request: RequestId, answer: &Answer) -> Result<()> {
        let now = TimeColumn(SystemTime::now());
        self.write("hold a destination", Durability::Power, |transaction| {
            let insert = "INSERT OR REPLACE INTO holds (destination, generation, until, since)
                 SELECT destination, generation, until, ?2 FROM requests
                 WHERE id = ?1 AND generation IS NOT NULL AND answer IS NULL";
            transaction.execute(insert, params![request.0, now])?;
            Ok(answered(transaction, request, answer)?)
        })
    }
}

/// Stores an answer, and deletes old ones.
fn answered(
    transaction: &Transaction<'_>,
    request: RequestId,
    answer: &Answer,
) -> rusqlite::Result<()> {
    let oldest = SystemTime::now().checked_sub(ANSWER_AGE);
    let delete = "DELETE FROM requests WHERE answer IS NOT NULL AND at < ?1";
    transaction.execute(delete, [oldest.map(TimeColumn)])?;
    let update = "UPDATE requests SET succeeded = ?2, answer = ?3 WHERE id = ?1 AND answer IS NULL";
    transaction.execute(update, params![request.0, answer.succeeded, answer.text])?;
    Ok(())
}
