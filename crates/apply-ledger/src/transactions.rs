//! The changes that the daemon makes, each within one transaction.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::columns::{TimeColumn, path_column};
use crate::error::Cause;
use crate::generations::{Added, Adder, collect_contents, execute, prune, rows};
use crate::hash::Hash;
use crate::queries;
use crate::records::{Ending, Intent, IntentFile, IntentId, Outcome, SwapEnd};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// The maximum size of a content in bytes. SQLite has a limit of 1,000,000,000 bytes for a row.
const MAX_CONTENT: usize = 900_000_000;
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
        // The command that failed was for all of them.
        merge(transaction, &covered_by(transaction, failed)?)?;
        // A content that an earlier rollback has restored has not failed.
        let update = "UPDATE generations SET outcome = ?2
             WHERE id IN (SELECT generation FROM intent_files WHERE intent = ?1)
             AND NOT EXISTS (SELECT 1 FROM generations before WHERE before.outcome = 'rolled back'
                 AND before.destination = generations.destination AND before.number = generations.number - 1)";
        execute(
            transaction,
            update,
            params![failed.0, Outcome::RolledBack.name()],
        )?;
    }
    add_files(
        transaction,
        intent,
        keep,
        now,
        Outcome::Pending,
        |added, file| {
            let insert = "INSERT INTO intent_files (intent, destination, generation, staged, old)
             VALUES (?1, ?2, ?3, ?4, ?5)";
            let Added {
                destination,
                generation,
                old,
            } = added;
            let staged = file.staged.map(path_column);
            let row = params![id, destination, generation, staged, old];
            execute(transaction, insert, row)
        },
    )?;
    Ok(IntentId(id))
}

/// Inserts the files of an intent that are in place already, and owe no command.
pub(crate) fn record(
    transaction: &Transaction<'_>,
    intent: &Intent<'_>,
    keep: usize,
    now: TimeColumn,
) -> std::result::Result<(), Cause> {
    add_files(
        transaction,
        intent,
        keep,
        now,
        Outcome::Applied,
        |added, _| {
            let update = "UPDATE destinations SET written = ?2, applied = ?2 WHERE id = ?1";
            execute(transaction, update, [added.destination, added.generation])
        },
    )
}

/// Adds the files of an intent, and deletes their old generations. `refer` makes another table refer to the new
/// generation.
fn add_files(
    transaction: &Transaction<'_>,
    intent: &Intent<'_>,
    keep: usize,
    now: TimeColumn,
    outcome: Outcome,
    refer: impl Fn(&Added, &IntentFile<'_>) -> Result<usize>,
) -> std::result::Result<(), Cause> {
    let files = Adder {
        transaction,
        group: intent.group,
        now,
        is_rollback: intent.rolls_back.is_some(),
    };
    let mut destinations = BTreeSet::new();
    for file in &intent.files {
        if !destinations.insert(file.destination) {
            return Err(Cause::Twice(file.destination.to_owned()));
        }
        if file.largest() > MAX_CONTENT {
            return Err(Cause::TooLarge(file.largest()));
        }
        let added = files.add_file(file, outcome)?;
        refer(&added, file)?;
        prune(transaction, added.destination, keep)?;
    }
    Ok(())
}

/// Records the end of a swap.
pub(crate) fn swap_ended(
    transaction: &Transaction<'_>,
    intent: IntentId,
    end: SwapEnd,
) -> Result<()> {
    match end {
        SwapEnd::Owed => swapped(transaction, intent),
        SwapEnd::Settled => {
            swapped(transaction, intent)?;
            finished(transaction, intent, Ending::Applied)
        }
        SwapEnd::Discarded => discarded(transaction, intent),
    }
}

/// Marks the files of an intent as written. An earlier one of its group that was interrupted and could not be recovered
/// is covered by its command as well.
fn swapped(transaction: &Transaction<'_>, intent: IntentId) -> Result<()> {
    let update = "UPDATE intents SET swapped = 1 WHERE swapped = 0 AND id <= ?1
         AND group_name = (SELECT group_name FROM intents WHERE id = ?1)";
    execute(transaction, update, [intent.0])?;
    let update = "UPDATE destinations SET written = (
             SELECT generation FROM intent_files WHERE intent = ?1 AND destination = destinations.id)
         WHERE id IN (SELECT destination FROM intent_files WHERE intent = ?1)";
    execute(transaction, update, [intent.0])?;
    let covered = covered_by(transaction, intent)?;
    if covered.len() > 1 {
        // A rollback has restored the files of an earlier intent, and removed those that did not exist before.
        let removed = "UPDATE destinations SET written = NULL WHERE written IN (
             SELECT f.generation FROM intent_files f JOIN intents i ON i.id = f.intent
             JOIN generations g ON g.id = f.generation
             WHERE i.swapped = 1 AND i.id < ?1 AND g.outcome = 'rolled back'
             AND i.group_name = (SELECT group_name FROM intents WHERE id = ?1))";
        execute(transaction, removed, [intent.0])?;
    }
    if covered.len() > MAX_UNFINISHED {
        merge(transaction, &covered)?;
    }
    Ok(())
}

/// Records the end of a restoration in which these files could not be restored: they still have the content that was
/// written last.
pub(crate) fn restored(
    transaction: &Transaction<'_>,
    intent: IntentId,
    unrestored: &[&Path],
) -> Result<()> {
    let mut kept: Vec<(i64, Option<i64>)> = Vec::new();
    for path in unrestored {
        let select = "SELECT id, written FROM destinations WHERE path = ?1";
        let mut select = transaction.prepare_cached(select)?;
        let row = select.query_row([path_column(path)], |row| Ok((row.get(0)?, row.get(1)?)));
        kept.extend(row.optional()?);
    }
    for (destination, _) in &kept {
        let delete =
            "DELETE FROM intent_files WHERE intent = ?1 AND destination = ?2 RETURNING generation";
        let mut delete = transaction.prepare_cached(delete)?;
        let row = delete.query_row([intent.0, *destination], |row| row.get(0));
        if let Some(generation) = row.optional()? {
            let delete = "DELETE FROM generations WHERE id = ?1 RETURNING hash";
            let hashes: Vec<Hash> = rows(transaction, delete, generation)?;
            collect_contents(transaction, &hashes)?;
        }
    }
    swapped(transaction, intent)?;
    for (destination, written) in kept {
        let update = "UPDATE destinations SET written = ?2 WHERE id = ?1";
        execute(transaction, update, params![destination, written])?;
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
        Ending::Dropped => (Outcome::Dropped, false),
    };
    // A content that could not be rolled back has been tried again.
    let update = "UPDATE generations SET outcome = ?2
         WHERE id IN (SELECT generation FROM intent_files WHERE intent = ?1)
         AND (outcome = 'pending' OR ?3 AND (outcome = 'failed'
             OR outcome = 'rolled back' AND id IN (SELECT written FROM destinations)))";
    execute(
        transaction,
        update,
        params![intent, outcome.name(), replaces_failed],
    )?;
    if ending == Ending::Applied {
        // A content that was rolled back and not replaced is that of a file that the rollback has removed.
        let update = "UPDATE destinations SET applied = (
             SELECT f.generation FROM intent_files f JOIN generations g ON g.id = f.generation
             WHERE f.intent = ?1 AND f.destination = destinations.id AND g.outcome <> 'rolled back')
         WHERE id IN (SELECT destination FROM intent_files WHERE intent = ?1)";
        execute(transaction, update, [intent])?;
    }
    if ending != Ending::Failed {
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
        // The last one has replaced what the first one has replaced.
        let update = "UPDATE intent_files SET old = older.old FROM intent_files older
             WHERE intent_files.intent = ?2 AND older.intent = ?1
             AND intent_files.destination = older.destination";
        execute(transaction, update, [intent, last])?;
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
fn discarded(transaction: &Transaction<'_>, intent: IntentId) -> Result<()> {
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

/// Keeps a generation in a destination until a time.
pub(crate) fn hold(
    transaction: &Transaction<'_>,
    destination: &Path,
    generation: u64,
    (until, now): (Option<SystemTime>, TimeColumn),
) -> std::result::Result<(), Cause> {
    let (destination, generation) = queries::generation_row(transaction, destination, generation)?;
    let insert = "INSERT OR REPLACE INTO holds (destination, generation, until, since)
         VALUES (?1, ?2, ?3, ?4)";
    let row = params![destination, generation, until.map(TimeColumn), now];
    transaction.execute(insert, row)?;
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
    let outputs = "DELETE FROM facts WHERE name = 'outputs ' || hex(?1)";
    execute(transaction, outputs, [path_column(destination)])?;
    for table in ["intent_files", "holds", "parked", "requests"] {
        let delete = format!("DELETE FROM {table} WHERE destination = ?1");
        transaction.execute(&delete, [id])?;
    }
    let empty = "DELETE FROM intents WHERE id NOT IN (SELECT intent FROM intent_files)";
    execute(transaction, empty, [])?;
    Ok(())
}
