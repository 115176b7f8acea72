//! The changes that the daemon makes, each within one transaction.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{OptionalExtension as _, Params, Transaction, params};

use crate::columns::{TimeColumn, count_column, path_column};
use crate::error::Cause;
use crate::hash::Hash;
use crate::records::{Attributes, Ending, Intent, IntentFile, IntentId, Old, Outcome};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// The number of generations that are kept for each kept content: one content may return often.
const GENERATIONS_PER_CONTENT: usize = 4;

/// The number of swapped intents of a group that are kept apart, in case its command started between
/// them.
const MAX_UNFINISHED: usize = 16;

/// Inserts an intent with its contents.
pub(crate) fn begin(
    transaction: &Transaction<'_>,
    intent: &Intent<'_>,
    keep: usize,
    now: TimeColumn,
) -> std::result::Result<IntentId, Cause> {
    let insert = "INSERT INTO intents (group_name, command, at) VALUES (?1, ?2, ?3)";
    execute(
        transaction,
        insert,
        params![intent.group, intent.command, now],
    )?;
    let id = transaction.last_insert_rowid();
    if let Some(failed) = intent.rolls_back {
        let update = "UPDATE generations SET outcome = ?2
             WHERE id IN (SELECT generation FROM intent_files WHERE intent = ?1)";
        execute(
            transaction,
            update,
            params![failed.0, Outcome::RolledBack.name()],
        )?;
    }
    let adder = Adder {
        transaction,
        group: intent.group,
        intent: id,
        now,
    };
    let mut destinations = BTreeSet::new();
    for file in &intent.files {
        if !destinations.insert(file.destination) {
            return Err(Cause::Twice(file.destination.to_owned()));
        }
        let destination = adder.add_file(file)?;
        prune(transaction, destination, keep)?;
    }
    Ok(IntentId(id))
}

/// Adds the files of an intent.
struct Adder<'a> {
    transaction: &'a Transaction<'a>,
    group: &'a str,
    intent: i64,
    now: TimeColumn,
}

impl Adder<'_> {
    /// Adds a file. Returns the row of its destination.
    fn add_file(&self, file: &IntentFile<'_>) -> Result<i64> {
        let path = path_column(file.destination);
        let insert = "INSERT INTO destinations (path) VALUES (?1) ON CONFLICT DO NOTHING";
        execute(self.transaction, insert, [path])?;
        let select = "SELECT d.id, g.hash FROM destinations d
             LEFT JOIN generations g ON g.id = d.written WHERE d.path = ?1";
        let (destination, written): (i64, Option<Hash>) = self
            .transaction
            .prepare_cached(select)?
            .query_row([path], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let old = file.old.as_ref().map(Old::hash);
        if let Some(Old::Content(content)) = file.old
            && old != written
        {
            let found = self.add_generation(destination, file, content, Outcome::Found)?;
            let update = "UPDATE destinations SET written = ?2 WHERE id = ?1";
            execute(self.transaction, update, params![destination, found])?;
        }
        let generation = self.add_generation(destination, file, file.new, Outcome::Pending)?;
        let insert = "INSERT INTO intent_files (intent, destination, generation, staged, old)
             VALUES (?1, ?2, ?3, ?4, ?5)";
        let staged = file.staged.map(path_column);
        let row = params![self.intent, destination, generation, staged, old];
        execute(self.transaction, insert, row)?;
        Ok(destination)
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
        let last = "SELECT number FROM generations WHERE destination = ?1
             ORDER BY number DESC LIMIT 1";
        let last: Option<i64> = rows(self.transaction, last, destination)?.pop();
        let insert = "INSERT INTO generations (destination, number, hash, size, outcome, at,
                 group_name, mode, uid, gid)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let is_new = outcome == Outcome::Pending;
        let attributes = if is_new {
            file.attributes
        } else {
            Attributes::default()
        };
        let row = params![
            destination,
            last.unwrap_or(0) + 1,
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
fn prune(transaction: &Transaction<'_>, destination: i64, keep: usize) -> Result<()> {
    let stored = "SELECT id, hash FROM generations WHERE destination = ?1 ORDER BY number DESC";
    let mut statement = transaction.prepare_cached(stored)?;
    let stored = statement.query_map([destination], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let stored: Vec<(i64, Hash)> = stored.collect::<Result<_>>()?;
    if stored.len() <= keep {
        return Ok(());
    }
    let used = "SELECT written FROM destinations WHERE id = ?1
         UNION ALL SELECT applied FROM destinations WHERE id = ?1
         UNION ALL SELECT generation FROM intent_files WHERE destination = ?1
         UNION ALL SELECT generation FROM holds WHERE destination = ?1
         UNION ALL SELECT generation FROM requests WHERE destination = ?1";
    let used: Vec<Option<i64>> = rows(transaction, used, destination)?;
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
fn collect_contents(transaction: &Transaction<'_>, hashes: &[Hash]) -> Result<()> {
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

/// Marks the files of an intent as written.
pub(crate) fn swapped(transaction: &Transaction<'_>, intent: IntentId) -> Result<()> {
    let update = "UPDATE intents SET swapped = 1 WHERE id = ?1";
    execute(transaction, update, [intent.0])?;
    let update = "UPDATE destinations SET written = (
             SELECT generation FROM intent_files WHERE intent = ?1 AND destination = destinations.id)
         WHERE id IN (SELECT destination FROM intent_files WHERE intent = ?1)";
    execute(transaction, update, [intent.0])?;
    let covered = covered_by(transaction, intent)?;
    if covered.len() > MAX_UNFINISHED {
        merge(transaction, &covered)?;
    }
    Ok(())
}

/// Ends the swapped intents of a group, up to this one.
pub(crate) fn finished(
    transaction: &Transaction<'_>,
    intent: IntentId,
    ending: Ending,
) -> Result<()> {
    let Some(intent) = merge(transaction, &covered_by(transaction, intent)?)? else {
        return Ok(());
    };
    let (outcome, replaces_failed) = match ending {
        Ending::Applied => (Outcome::Applied, true),
        Ending::Failed => (Outcome::Failed, false),
    };
    let update = "UPDATE generations SET outcome = ?2
         WHERE id IN (SELECT generation FROM intent_files WHERE intent = ?1)
         AND (outcome = 'pending' OR outcome = 'failed' AND ?3)";
    execute(
        transaction,
        update,
        params![intent, outcome.name(), replaces_failed],
    )?;
    if ending == Ending::Applied {
        let update = "UPDATE destinations SET applied = (
             SELECT generation FROM intent_files WHERE intent = ?1 AND destination = destinations.id)
         WHERE id IN (SELECT destination FROM intent_files WHERE intent = ?1)";
        execute(transaction, update, [intent])?;
        delete_intent(transaction, intent)?;
    }
    Ok(())
}

/// The swapped intents of the group of an intent, up to this one: those that its command covers.
fn covered_by(transaction: &Transaction<'_>, intent: IntentId) -> Result<Vec<i64>> {
    let select = "SELECT id FROM intents WHERE swapped = 1 AND id <= ?1
         AND group_name = (SELECT group_name FROM intents WHERE id = ?1) ORDER BY id";
    rows(transaction, select, intent.0)
}

/// Merges intents of a group into the last one, and returns it. A content that a later one has
/// replaced is no longer needed.
fn merge(transaction: &Transaction<'_>, intents: &[i64]) -> Result<Option<i64>> {
    let Some((&last, older)) = intents.split_last() else {
        return Ok(None);
    };
    for &intent in older.iter().rev() {
        let replaced = "UPDATE generations SET outcome = ?3 WHERE outcome = 'pending' AND id IN (
             SELECT f.generation FROM intent_files f JOIN intent_files latest
             ON latest.destination = f.destination AND latest.intent = ?2 WHERE f.intent = ?1)";
        let superseded = Outcome::Superseded.name();
        execute(transaction, replaced, params![intent, last, superseded])?;
        let update = "UPDATE OR IGNORE intent_files SET intent = ?2 WHERE intent = ?1";
        execute(transaction, update, [intent, last])?;
        let update = "UPDATE intents SET at = min(intents.at, older.at),
                 command = ifnull(intents.command, older.command)
             FROM intents older WHERE intents.id = ?2 AND older.id = ?1";
        execute(transaction, update, [intent, last])?;
        delete_intent(transaction, intent)?;
    }
    Ok(Some(last))
}

/// Deletes an intent with its generations.
pub(crate) fn discarded(transaction: &Transaction<'_>, intent: IntentId) -> Result<()> {
    let swapped = "SELECT swapped FROM intents WHERE id = ?1";
    let swapped: Option<bool> = transaction
        .prepare_cached(swapped)?
        .query_row([intent.0], |row| row.get(0))
        .optional()?;
    if swapped != Some(false) {
        return Ok(());
    }
    let delete = "DELETE FROM generations
         WHERE id IN (SELECT generation FROM intent_files WHERE intent = ?1) RETURNING hash";
    let hashes: Vec<Hash> = rows(transaction, delete, intent.0)?;
    collect_contents(transaction, &hashes)?;
    let delete = "DELETE FROM destinations
         WHERE id IN (SELECT destination FROM intent_files WHERE intent = ?1)
         AND id NOT IN (SELECT destination FROM generations)
         AND id NOT IN (SELECT destination FROM parked)";
    execute(transaction, delete, [intent.0])?;
    delete_intent(transaction, intent.0)
}

fn delete_intent(transaction: &Transaction<'_>, intent: i64) -> Result<()> {
    execute(
        transaction,
        "DELETE FROM intent_files WHERE intent = ?1",
        [intent],
    )?;
    execute(transaction, "DELETE FROM intents WHERE id = ?1", [intent])?;
    Ok(())
}

/// Deletes all rows of a destination.
pub(crate) fn forget(transaction: &Transaction<'_>, destination: &Path) -> Result<()> {
    let delete = "DELETE FROM destinations WHERE path = ?1 RETURNING id";
    let deleted = transaction
        .prepare_cached(delete)?
        .query_row([path_column(destination)], |row| row.get(0));
    let Some(id) = deleted.optional()? else {
        return Ok(());
    };
    let delete = "DELETE FROM generations WHERE destination = ?1 RETURNING hash";
    let hashes: Vec<Hash> = rows(transaction, delete, id)?;
    collect_contents(transaction, &hashes)?;
    for table in ["intent_files", "holds", "parked", "requests"] {
        let delete = format!("DELETE FROM {table} WHERE destination = ?1");
        transaction.execute(&delete, [id])?;
    }
    let empty = "DELETE FROM intents WHERE id NOT IN (SELECT intent FROM intent_files)";
    execute(transaction, empty, [])?;
    Ok(())
}

/// Executes a statement. Its compiled form is kept: compiling takes longer than executing.
fn execute(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> Result<usize> {
    transaction.prepare_cached(sql)?.execute(values)
}

/// The first column of all rows that a statement returns.
fn rows<T: rusqlite::types::FromSql>(
    transaction: &Transaction<'_>,
    sql: &str,
    id: i64,
) -> Result<Vec<T>> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    rows.collect()
}
