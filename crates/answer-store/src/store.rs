//! Reads and writes answers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{Context, Digest, SHA256};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::database::{VERSION, open_existing, open_or_create, remove};
use crate::error::{Failure, StoreError};

/// The time after which an answer that was not current since is removed.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The answers of one server, in a file. No file is open between calls.
#[derive(Debug)]
pub struct AnswerStore {
    path: PathBuf,
    source: String,
    /// `true` after the first write of this process.
    has_written: bool,
}

/// A change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// This is the answer now, and it is current.
    Answer(Vec<u8>),
    /// The answer that is kept is current again.
    Current,
    /// The answer that is kept has not been current since this time.
    StaleSince(SystemTime),
    /// The query is not used any more.
    Remove,
}

/// An answer of an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The answer.
    pub answer: Vec<u8>,
    /// The last time at which it was known to be current.
    pub current_until: SystemTime,
}

/// The result of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The damage because of which the file was removed before; `None`: it was not damaged.
    pub damage: Option<String>,
}

impl AnswerStore {
    /// The store in this file. `source` identifies the server. Nothing is read or written yet.
    #[must_use]
    pub fn new(path: PathBuf, source: &str) -> Self {
        Self {
            path,
            source: source.to_owned(),
            has_written: false,
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another server answers from now on. The answers of the earlier one are removed with the next write.
    pub fn set_source(&mut self, source: &str) {
        source.clone_into(&mut self.source);
    }

    /// Reads the answers to these queries. Those that are missing, damaged or of another server are left out, and so are
    /// all answers of a damaged file.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn read<'a>(
        &self,
        queries: impl IntoIterator<Item = &'a str>,
    ) -> Result<HashMap<&'a str, Kept>, StoreError> {
        match self.try_read(queries) {
            Ok(kept) => Ok(kept),
            Err(Failure::Damaged(_)) => Ok(HashMap::new()),
            Err(failure) => Err(failure.into_error("read", &self.path, VERSION)),
        }
    }

    fn try_read<'a>(
        &self,
        queries: impl IntoIterator<Item = &'a str>,
    ) -> Result<HashMap<&'a str, Kept>, Failure> {
        let mut kept = HashMap::new();
        let Some(connection) = open_existing(&self.path)? else {
            return Ok(kept);
        };
        let seen = Seen::read(&connection)?;
        let Some(seen) = seen.filter(|seen| seen.source == self.source) else {
            return Ok(kept);
        };
        let mut statement =
            connection.prepare("SELECT answer, hash, stale_since FROM answers WHERE query = ?1")?;
        for query in queries {
            let row = statement.query_row([query], |row| {
                let row: (Vec<u8>, Vec<u8>, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(row)
            });
            let Some((answer, hash, stale_since)) = row.optional()? else {
                continue;
            };
            if hash_of(query, &answer).as_ref() == hash {
                let current_until = time(stale_since.unwrap_or(seen.at).min(seen.at));
                kept.insert(
                    query,
                    Kept {
                        answer,
                        current_until,
                    },
                );
            }
        }
        Ok(kept)
    }

    /// Writes changes, all or none of them. All answers that are kept and not marked as stale were current at the time
    /// `now`. A damaged file is removed first.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be written.
    pub fn write(
        &mut self,
        updates: impl IntoIterator<Item = (String, Update)>,
        now: SystemTime,
    ) -> Result<Written, StoreError> {
        let mut damage = None;
        let opened = match open_or_create(&self.path) {
            Err(Failure::Damaged(cause)) => {
                damage = Some(cause);
                self.create_again()
            }
            opened => opened,
        };
        let written =
            opened.and_then(|mut connection| self.try_write(&mut connection, updates, now));
        match written {
            Ok(()) => Ok(Written { damage }),
            Err(failure) => {
                // The updates are used up; the next write finds no damage.
                if matches!(failure, Failure::Damaged(_)) {
                    let _ = remove(&self.path);
                }
                Err(failure.into_error("write", &self.path, VERSION))
            }
        }
    }

    fn create_again(&self) -> Result<Connection, Failure> {
        remove(&self.path)?;
        open_or_create(&self.path)
    }

    fn try_write(
        &mut self,
        connection: &mut Connection,
        updates: impl IntoIterator<Item = (String, Update)>,
        now: SystemTime,
    ) -> Result<(), Failure> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.mark_seen(&transaction, now)?;
        for (query, update) in updates {
            apply(&transaction, &query, update)?;
        }
        transaction.commit()?;
        self.has_written = true;
        Ok(())
    }

    /// Records that answers of this server were current at this time. With the first write of a process, all answers
    /// count as stale since the process before, until they are current again.
    fn mark_seen(
        &self,
        transaction: &Transaction<'_>,
        now: SystemTime,
    ) -> Result<(), rusqlite::Error> {
        let seen = Seen::read(transaction)?;
        match seen.filter(|seen| seen.source == self.source) {
            None => drop(transaction.execute("DELETE FROM answers", [])?),
            Some(seen) if !self.has_written => {
                let stale = "UPDATE answers SET stale_since = ?1 WHERE stale_since IS NULL";
                transaction.execute(stale, [seen.at])?;
                let oldest = now.checked_sub(MAX_AGE).map_or(0, milliseconds);
                transaction.execute("DELETE FROM answers WHERE stale_since < ?1", [oldest])?;
            }
            Some(_) => {}
        }
        transaction.execute("DELETE FROM seen", [])?;
        let seen = "INSERT INTO seen VALUES (?1, ?2)";
        transaction.execute(seen, params![self.source, milliseconds(now)])?;
        Ok(())
    }

    /// Removes the file.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be removed.
    pub fn remove(&mut self) -> Result<(), StoreError> {
        self.has_written = false;
        let removed = remove(&self.path).map_err(Failure::from);
        removed.map_err(|failure| failure.into_error("remove", &self.path, VERSION))
    }
}

/// The last write.
struct Seen {
    source: String,
    at: i64,
}

impl Seen {
    fn read(connection: &Connection) -> Result<Option<Self>, rusqlite::Error> {
        let row = connection.query_row("SELECT source, at FROM seen", [], |row| {
            Ok(Self {
                source: row.get(0)?,
                at: row.get(1)?,
            })
        });
        row.optional()
    }
}

fn apply(
    transaction: &Transaction<'_>,
    query: &str,
    update: Update,
) -> Result<(), rusqlite::Error> {
    let current = "UPDATE answers SET stale_since = NULL WHERE query = ?1";
    match update {
        Update::Answer(answer) => {
            let hash = hash_of(query, &answer);
            let mut known =
                transaction.prepare_cached("SELECT hash FROM answers WHERE query = ?1")?;
            let known: Option<Vec<u8>> = known.query_row([query], |row| row.get(0)).optional()?;
            if known.as_deref() == Some(hash.as_ref()) {
                transaction.prepare_cached(current)?.execute([query])?;
            } else {
                let replace = "INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, NULL)";
                let mut replace = transaction.prepare_cached(replace)?;
                replace.execute(params![query, answer, hash.as_ref()])?;
            }
        }
        Update::Current => {
            transaction.prepare_cached(current)?.execute([query])?;
        }
        Update::StaleSince(since) => {
            // It may have been stale before.
            let stale = "UPDATE answers SET stale_since = min(coalesce(stale_since, ?2), ?2) WHERE query = ?1";
            let mut stale = transaction.prepare_cached(stale)?;
            stale.execute(params![query, milliseconds(since)])?;
        }
        Update::Remove => {
            let mut remove = transaction.prepare_cached("DELETE FROM answers WHERE query = ?1")?;
            remove.execute([query])?;
        }
    }
    Ok(())
}

/// The hash of an answer together with its query, so that an answer is never taken for that to another query.
fn hash_of(query: &str, answer: &[u8]) -> Digest {
    let mut hash = Context::new(&SHA256);
    hash.update(query.as_bytes());
    hash.update(&[0]);
    hash.update(answer);
    hash.finish()
}

/// The milliseconds since 1970.
fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn time(milliseconds: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
