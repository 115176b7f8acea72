//! The requests of the command line, which the daemon takes and answers.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::params;

use super::{Ledger, Result};
use crate::columns::TimeColumn;
use crate::database::Durability;
use crate::error::LedgerError;
use crate::requests::{Answer, Request, RequestId, RequestState};
use crate::{queries, transactions};

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

    /// [Keeps](Self::hold) a generation, and takes its request out of the [requests](Self::requests). It is
    /// [answered](Self::answer) later.
    ///
    /// # Errors
    /// [`LedgerError`], also if there is [no such generation](LedgerError::is_unknown); then the request remains.
    pub fn hold_for(
        &mut self,
        request: RequestId,
        destination: &Path,
        generation: u64,
        until: Option<SystemTime>,
    ) -> Result<()> {
        let now = TimeColumn(SystemTime::now());
        self.write("hold a destination", Durability::Power, |transaction| {
            transactions::hold(transaction, destination, generation, (until, now))?;
            let update = "UPDATE requests SET succeeded = 0 WHERE id = ?1";
            transaction.execute(update, [request.0])?;
            Ok(())
        })
    }

    /// The requests that are [taken](Self::hold_for) and have no answer, also those of an earlier process.
    ///
    /// # Errors
    /// [`LedgerError`] if they cannot be read.
    pub fn taken(&self) -> Result<Vec<Request>> {
        queries::requests(&self.connection, RequestState::Taken)
            .map_err(LedgerError::when("read the requests"))
    }

    /// Answers a request, which then is no longer among the [requests](Self::requests).
    ///
    /// # Errors
    /// [`LedgerError`]; then the request remains.
    pub fn answer(&mut self, request: RequestId, answer: &Answer) -> Result<()> {
        let oldest = SystemTime::now().checked_sub(ANSWER_AGE);
        self.write("answer a request", Durability::Process, |transaction| {
            let delete = "DELETE FROM requests WHERE answer IS NOT NULL AND at < ?1";
            transaction.execute(delete, [oldest.map(TimeColumn)])?;
            let update = "UPDATE requests SET succeeded = ?2, answer = ?3 WHERE id = ?1";
            transaction.execute(update, params![request.0, answer.succeeded, answer.text])?;
            Ok(())
        })
    }
}
