//! Reads and writes answers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, TransactionBehavior};

use crate::database::{Opened, VERSION, open_existing, open_or_create, remove};
use crate::error::{Failure, StoreError};
use crate::rows::{RowWriter, milliseconds, oldest, row, seen_at, time};
use crate::update::{Damage, Kept, Loaded, Update, Written};

/// The answers of one source, in a file that other sources may share. No file is open between calls.
#[derive(Debug)]
pub struct AnswerStore {
    path: PathBuf,
    source: String,
    /// `true` after the first write.
    has_written: bool,
    /// The stale answers that this process uses: they are not removed by their age.
    stale_in_use: HashSet<String>,
}

impl AnswerStore {
    /// The store in this file. `source` identifies the server. Nothing is read or written yet.
    #[must_use]
    pub fn new(path: PathBuf, source: &str) -> Self {
        Self {
            path,
            source: source.to_owned(),
            has_written: false,
            stale_in_use: HashSet::new(),
        }
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Reads the answers to these queries. Those that are missing, damaged, of another server or older than 30 days are
    /// left out.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn read<'a>(
        &self,
        queries: impl IntoIterator<Item = &'a str>,
        now: SystemTime,
    ) -> Result<Loaded<'a>, StoreError> {
        let mut loaded = Loaded::default();
        match self.try_read(queries, now, &mut loaded) {
            Ok(()) => {}
            Err(Failure::Damaged(error)) => loaded.damage = Some(Damage::File(error)),
            Err(failure) => return Err(failure.into_error("read", &self.path, VERSION)),
        }
        Ok(loaded)
    }

    fn try_read<'a>(
        &self,
        queries: impl IntoIterator<Item = &'a str>,
        now: SystemTime,
        loaded: &mut Loaded<'a>,
    ) -> Result<(), Failure> {
        let Some(connection) = open_existing(&self.path)? else {
            return Ok(());
        };
        let Some(seen) = seen_at(&connection, &self.source)? else {
            return Ok(());
        };
        for query in queries {
            let Some(row) = row(&connection, &self.source, query)? else {
                continue;
            };
            if !row.is_intact {
                loaded.damaged.insert(query);
                loaded.damage = Some(Damage::Answers(loaded.damaged.len()));
                continue;
            }
            let current_until = row.stale_since.unwrap_or(seen).min(seen);
            if current_until < oldest(now) {
                continue;
            }
            let is_known = current_until <= milliseconds(now);
            let kept = Kept {
                answer: row.answer,
                current_until: is_known.then(|| time(current_until)),
            };
            loaded.answers.insert(query, kept);
        }
        Ok(())
    }

    /// Writes changes, all or none of them. All answers that are kept and not marked as stale were current at the time
    /// `now`. A damaged file is removed first. Answers that are older than 30 days are removed, unless they are in use.
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
        let written = opened.and_then(|mut opened| {
            self.try_write(&mut opened.connection, updates, now)?;
            Ok(opened.is_new)
        });
        match written {
            Ok(is_new) => Ok(Written { damage, is_new }),
            Err(failure) => {
                // The updates are used up; the next write finds no damage.
                if matches!(failure, Failure::Damaged(_)) {
                    let _ = remove(&self.path);
                }
                Err(failure.into_error("write", &self.path, VERSION))
            }
        }
    }

    fn create_again(&self) -> Result<Opened, Failure> {
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
        let rows = RowWriter::begin(&transaction, &self.source, now)?;
        let mut in_use = self.stale_in_use.clone();
        if !self.has_written {
            // Until they are current again: this process has no answer yet.
            rows.mark_stale()?;
        }
        for (query, update) in updates {
            let is_stale = matches!(update, Update::StaleSince(_));
            rows.apply(&query, update)?;
            if is_stale {
                in_use.insert(query);
            } else {
                in_use.remove(&query);
            }
        }
        rows.remove_old_except(&in_use)?;
        rows.remove_old_of_others()?;
        transaction.commit()?;
        self.has_written = true;
        self.stale_in_use = in_use;
        Ok(())
    }

    /// Removes this file, with the answers of all sources.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be removed.
    pub fn remove(path: &Path) -> Result<(), StoreError> {
        let removed = remove(path).map_err(Failure::from);
        removed.map_err(|failure| failure.into_error("remove", path, VERSION))
    }
}

#[cfg(test)]
mod tests;
