//! The generations of destinations: adds them with their contents, and deletes old ones.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, Params, Transaction, params};

use crate::columns::{TimeColumn, count_column, path_column};
use crate::hash::Hash;
use crate::records::{Attributes, IntentFile, Old, Outcome};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// The number of generations that are kept for each kept content: one content may return often.
const GENERATIONS_PER_CONTENT: usize = 4;

/// Selects the generations of a destination that are in use. With a join, SQLite compiles this statement again each time
/// that a value is bound to it, which takes longer than everything else that is recorded about a file.
pub(crate) const USED: &str = "SELECT written FROM destinations WHERE id = ?1
     UNION ALL SELECT applied FROM destinations WHERE id = ?1
     UNION ALL SELECT generation FROM intent_files WHERE destination = ?1
     UNION ALL SELECT id FROM generations WHERE destination = ?1
         AND hash IN (SELECT old FROM intent_files WHERE destination = ?1)
     UNION ALL SELECT generation FROM holds WHERE destination = ?1
     UNION ALL SELECT generation FROM requests WHERE destination = ?1";

/// Adds the files of an intent.
pub(crate) struct Adder<'a> {
    pub(crate) transaction: &'a Transaction<'a>,
    pub(crate) group: &'a str,
    pub(crate) now: TimeColumn,
    /// `true` if the files are restored.
    pub(crate) is_rollback: bool,
}

/// The rows of a file that was added.
pub(crate) struct Added {
    pub(crate) destination: i64,
    pub(crate) generation: i64,
    /// The hash of the file before the swap.
    pub(crate) old: Option<Hash>,
}

impl Adder<'_> {
    /// Adds a file. If it had another content than the one that was written last, that is added, too.
    pub(crate) fn add_file(&self, file: &IntentFile<'_>, outcome: Outcome) -> Result<Added> {
        let path = path_column(file.destination);
        let select = "SELECT d.id, g.hash FROM destinations d
             LEFT JOIN generations g ON g.id = d.written WHERE d.path = ?1";
        let known: Option<(i64, Option<Hash>)> = self
            .transaction
            .prepare_cached(select)?
            .query_row([path], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (destination, written) = if let Some(known) = known {
            known
        } else {
            let insert = "INSERT INTO destinations (path) VALUES (?1)";
            execute(self.transaction, insert, [path])?;
            (self.transaction.last_insert_rowid(), None)
        };
        let old = file.old.as_ref().map(Old::hash);
        if let Some(Old::Content(content)) = file.old
            && old != written
        {
            let found = self.add_generation(destination, file, content, Outcome::Found)?;
            let update = "UPDATE destinations SET written = ?2 WHERE id = ?1";
            execute(self.transaction, update, params![destination, found])?;
        }
        Ok(Added {
            destination,
            generation: self.add_generation(destination, file, file.new, outcome)?,
            old,
        })
    }

    /// Adds a generation with its content. Returns its row.
    fn add_generation(
        &self,
        destination: i64,
        file: &IntentFile<'_>,
        content: &[u8],
        outcome: Outcome,
    ) -> Result<i64> {
        let hash = Hash::of(content);
        // A damaged content is repaired.
        let insert = "INSERT INTO contents (hash, data) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET data = excluded.data";
        execute(self.transaction, insert, params![hash, content])?;
        // A rollback gives the restored content the next number. If there was no file, it has removed the file: then
        // this number stays unused, so that a later content is not taken for a restored one.
        let next = "SELECT number + iif(outcome = 'rolled back' AND NOT ?2, 2, 1) FROM generations
             WHERE destination = ?1 ORDER BY number DESC LIMIT 1";
        let next: Option<i64> = self
            .transaction
            .prepare_cached(next)?
            .query_row(params![destination, self.is_rollback], |row| row.get(0))
            .optional()?;
        let insert = "INSERT INTO generations (destination, number, hash, size, outcome, at,
                 group_name, mode, uid, gid)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let is_new = outcome != Outcome::Found;
        let attributes = if is_new {
            file.attributes
        } else {
            Attributes::default()
        };
        let row = params![
            destination,
            next.unwrap_or(1),
            hash,
            count_column(content.len() as u64),
            outcome.name(),
            self.now,
            self.group,
            attributes.mode,
            attributes.uid,
            attributes.gid
        ];
        execute(self.transaction, insert, row)?;
        Ok(self.transaction.last_insert_rowid())
    }
}

/// Deletes the generations of a destination that are neither in use nor among the last ones.
pub(crate) fn prune(transaction: &Transaction<'_>, destination: i64, keep: usize) -> Result<()> {
    let stored = "SELECT id, hash FROM generations WHERE destination = ?1 ORDER BY number DESC";
    let mut statement = transaction.prepare_cached(stored)?;
    let stored = statement.query_map([destination], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let stored: Vec<(i64, Hash)> = stored.collect::<Result<_>>()?;
    if stored.len() <= keep {
        return Ok(());
    }
    let used: Vec<Option<i64>> = rows(transaction, USED, destination)?;
    let mut recent = BTreeSet::new();
    let mut deleted = Vec::new();
    for (index, (id, hash)) in stored.into_iter().enumerate() {
        if recent.len() < keep {
            recent.insert(hash);
        }
        let is_recent =
            recent.contains(&hash) && index < keep.saturating_mul(GENERATIONS_PER_CONTENT);
        if !is_recent && !used.contains(&Some(id)) {
            execute(transaction, "DELETE FROM generations WHERE id = ?1", [id])?;
            deleted.push(hash);
        }
    }
    collect_contents(transaction, &deleted)
}

/// Deletes those of these contents that no generation has.
pub(crate) fn collect_contents(transaction: &Transaction<'_>, hashes: &[Hash]) -> Result<()> {
    if hashes.is_empty() {
        return Ok(());
    }
    let delete = "DELETE FROM contents WHERE hash = ?1
         AND NOT EXISTS (SELECT 1 FROM generations WHERE hash = ?1)";
    let mut delete = transaction.prepare_cached(delete)?;
    for hash in hashes {
        delete.execute([hash])?;
    }
    Ok(())
}

/// Executes a statement. Its compiled form is kept: compiling takes longer than executing.
pub(crate) fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl Params,
) -> Result<usize> {
    transaction.prepare_cached(sql)?.execute(values)
}

/// The first column of all rows that a statement returns.
pub(crate) fn rows<T: rusqlite::types::FromSql>(
    transaction: &Transaction<'_>,
    sql: &str,
    id: i64,
) -> Result<Vec<T>> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    rows.collect()
}
