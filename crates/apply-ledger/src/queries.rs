//! Reads the tables, for the daemon and for the command line.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::columns::{CountColumn, PathColumn, TimeColumn, count_column, path_column};
use crate::content::Content;
use crate::error::Cause;
use crate::hash::Hash;
use crate::records::{
    Attributes, Destination, Generation, Hold, IntentId, OwedGroup, PendingFile, PendingIntent,
    Replaced,
};
use crate::requests::{Request, RequestAction, RequestId, RequestKind, RequestState};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// The columns of [`generation`]; `g` is the generation, `d` its destination. A content that was to be rolled back, but is
/// still in the file, has only failed.
const GENERATION: &str = "g.number, g.hash, g.size, \
     iif(g.outcome = 'rolled back' AND g.id IS d.written, 'failed', g.outcome), g.at, g.group_name, g.mode, g.uid, g.gid, \
     g.id IS d.written, g.id IS d.applied";

fn generation(row: &Row<'_>) -> Result<Generation> {
    Ok(Generation {
        number: row.get::<_, CountColumn>(0)?.0,
        hash: row.get(1)?,
        size: row.get::<_, CountColumn>(2)?.0,
        outcome: row.get(3)?,
        at: row.get::<_, TimeColumn>(4)?.0,
        group: row.get(5)?,
        attributes: attributes(row, 6)?,
        is_written: row.get(9)?,
        is_applied: row.get(10)?,
    })
}

fn attributes(row: &Row<'_>, first: usize) -> Result<Attributes> {
    Ok(Attributes {
        mode: row.get(first)?,
        uid: row.get(first + 1)?,
        gid: row.get(first + 2)?,
    })
}

fn path(row: &Row<'_>, index: usize) -> Result<PathBuf> {
    Ok(row.get::<_, PathColumn>(index)?.0)
}

fn time(row: &Row<'_>, index: usize) -> Result<Option<std::time::SystemTime>> {
    Ok(row.get::<_, Option<TimeColumn>>(index)?.map(|time| time.0))
}

/// All destinations, sorted by path. The content before a restored one was rolled back. Between them may be contents of
/// other programs, after each of which the restored one was written again, but no number that is unused. If nothing is
/// written, a rollback has removed the file, and the latest content was rolled back.
pub(crate) fn destinations(connection: &Connection) -> Result<Vec<Destination>> {
    let sql = format!(
        "SELECT {GENERATION}, d.path, written.hash, applied.hash,
             (SELECT count(*) FROM generations WHERE destination = d.id), failed.hash,
             (SELECT value FROM facts WHERE name = 'outputs ' || hex(d.path))
         FROM destinations d
         JOIN generations g ON g.destination = d.id
             AND g.number = (SELECT max(number) FROM generations WHERE destination = d.id)
         LEFT JOIN generations written ON written.id = d.written
         LEFT JOIN generations applied ON applied.id = d.applied
         LEFT JOIN generations failed ON failed.destination = d.id
             AND failed.outcome = 'rolled back'
             AND failed.number = CASE
                 WHEN written.id IS NULL THEN g.number
                 WHEN written.outcome = 'rolled back' THEN written.number
                 ELSE (SELECT max(number) FROM generations WHERE destination = d.id
                     AND number < written.number AND outcome <> 'found' AND hash <> written.hash) END
             AND ifnull(written.number, g.number) - failed.number < (
                 SELECT count(*) FROM generations WHERE destination = d.id
                 AND number BETWEEN failed.number AND ifnull(written.number, g.number))
         ORDER BY d.path"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Destination {
            latest: generation(row)?,
            path: path(row, 11)?,
            written: row.get(12)?,
            applied: row.get(13)?,
            generations: row.get::<_, CountColumn>(14)?.0,
            rolled_back: row.get(15)?,
            outputs: row.get(16)?,
        })
    })?;
    rows.collect()
}

/// The stored generations of a destination, the latest first.
pub(crate) fn generations(connection: &Connection, destination: &Path) -> Result<Vec<Generation>> {
    let sql = format!(
        "SELECT {GENERATION} FROM generations g JOIN destinations d ON d.id = g.destination
         WHERE d.path = ?1 ORDER BY g.number DESC"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([path_column(destination)], generation)?;
    rows.collect()
}

/// The hash that a column of `destinations` refers to.
pub(crate) fn hash_of(
    connection: &Connection,
    column: &'static str,
    destination: &Path,
) -> Result<Option<Hash>> {
    let sql = format!(
        "SELECT g.hash FROM destinations d JOIN generations g ON g.id = d.{column} WHERE d.path = ?1"
    );
    let row = connection.query_row(&sql, [path_column(destination)], |row| row.get(0));
    row.optional()
}

/// The row of a generation, with the one of its destination.
pub(crate) fn generation_row(
    connection: &Connection,
    destination: &Path,
    number: u64,
) -> std::result::Result<(i64, i64), Cause> {
    let sql = "SELECT d.id, g.id FROM destinations d JOIN generations g ON g.destination = d.id
         WHERE d.path = ?1 AND g.number = ?2";
    let row = params![path_column(destination), count_column(number)];
    let found = connection.query_row(sql, row, |row| Ok((row.get(0)?, row.get(1)?)));
    found.optional()?.ok_or_else(|| Cause::NoGeneration {
        path: destination.to_owned(),
        number,
    })
}

/// The content with this hash.
pub(crate) fn content(
    connection: &Connection,
    hash: Hash,
) -> std::result::Result<Option<Content>, Cause> {
    let sql = "SELECT data FROM contents WHERE hash = ?1";
    let found: Option<Vec<u8>> = connection
        .query_row(sql, [hash], |row| row.get(0))
        .optional()?;
    match found {
        Some(data) if Hash::of(&data) != hash => Err(Cause::Damaged(hash)),
        found => Ok(found.map(Content::from)),
    }
}

/// The intents that may have been interrupted between two renames, in their order.
pub(crate) fn pending(connection: &Connection) -> Result<Vec<PendingIntent>> {
    let sql = "SELECT id, group_name, command, at FROM intents WHERE swapped = 0 ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let id = row.get(0)?;
        Ok(PendingIntent {
            id: IntentId(id),
            group: row.get(1)?,
            command: row.get(2)?,
            begun: row.get::<_, TimeColumn>(3)?.0,
            files: pending_files(connection, id)?,
        })
    })?;
    rows.collect()
}

fn pending_files(connection: &Connection, intent: i64) -> Result<Vec<PendingFile>> {
    let sql = "SELECT d.path, f.staged, f.old, g.hash, g.mode, g.uid, g.gid
         FROM intent_files f
         JOIN destinations d ON d.id = f.destination
         JOIN generations g ON g.id = f.generation
         WHERE f.intent = ?1 ORDER BY d.path";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([intent], |row| {
        Ok(PendingFile {
            destination: path(row, 0)?,
            staged: row.get::<_, Option<PathColumn>>(1)?.map(|path| path.0),
            old: row.get(2)?,
            new: row.get(3)?,
            attributes: attributes(row, 4)?,
        })
    })?;
    rows.collect()
}

/// The groups whose files are in place and whose command has not succeeded since.
pub(crate) fn owed(connection: &Connection) -> Result<Vec<OwedGroup>> {
    let sql = "SELECT max(id), group_name, min(at),
             (SELECT command FROM intents latest WHERE latest.group_name = intents.group_name
              AND swapped = 1 AND command IS NOT NULL ORDER BY id DESC LIMIT 1)
         FROM intents WHERE swapped = 1 GROUP BY group_name ORDER BY min(id)";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let group: String = row.get(1)?;
        Ok(OwedGroup {
            intent: IntentId(row.get(0)?),
            since: row.get::<_, TimeColumn>(2)?.0,
            command: row.get(3)?,
            destinations: owed_destinations(connection, &group)?,
            replaced: replaced(connection, &group)?,
            group,
        })
    })?;
    rows.collect()
}

fn owed_destinations(connection: &Connection, group: &str) -> Result<Vec<PathBuf>> {
    let sql = "SELECT path FROM destinations WHERE id IN (
             SELECT f.destination FROM intent_files f JOIN intents i ON i.id = f.intent
             WHERE i.group_name = ?1 AND i.swapped = 1)
         ORDER BY path";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([group], |row| path(row, 0))?;
    rows.collect()
}

/// The files of a group that owes its command, with the contents of its last success. A file without one has its content
/// before the first write since then.
fn replaced(connection: &Connection, group: &str) -> Result<Vec<Replaced>> {
    // With `min`, the other columns are those of the same row.
    let sql = "SELECT d.path, ifnull((SELECT hash FROM generations WHERE id = d.applied), f.old), min(i.id), EXISTS (
             SELECT 1 FROM generations WHERE id = d.written AND outcome = 'rolled back') FROM intent_files f
         JOIN intents i ON i.id = f.intent JOIN destinations d ON d.id = f.destination
         WHERE i.group_name = ?1 AND i.swapped = 1 GROUP BY d.id ORDER BY d.path";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([group], |row| {
        Ok(Replaced {
            destination: path(row, 0)?,
            hash: row.get(1)?,
            is_unrestored: row.get(3)?,
        })
    })?;
    rows.collect()
}

/// All holds, also those that have ended, sorted by destination.
pub(crate) fn holds(connection: &Connection) -> Result<Vec<Hold>> {
    let sql = "SELECT d.path, g.number, g.hash, h.since, h.until FROM holds h
         JOIN destinations d ON d.id = h.destination JOIN generations g ON g.id = h.generation
         ORDER BY d.path";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Hold {
            destination: path(row, 0)?,
            generation: row.get::<_, CountColumn>(1)?.0,
            hash: row.get(2)?,
            since: row.get::<_, TimeColumn>(3)?.0,
            until: time(row, 4)?,
        })
    })?;
    rows.collect()
}

/// The row of a destination.
pub(crate) fn destination_row(
    connection: &Connection,
    destination: &Path,
) -> std::result::Result<i64, Cause> {
    let select = "SELECT id FROM destinations WHERE path = ?1";
    let row = connection.query_row(select, [path_column(destination)], |row| row.get(0));
    let row = row.optional()?;
    row.ok_or_else(|| Cause::NoDestination(destination.to_owned()))
}

/// The requests in this state, in their order.
pub(crate) fn requests(connection: &Connection, state: RequestState) -> Result<Vec<Request>> {
    let is_in_state = match state {
        RequestState::New => "r.succeeded IS NULL",
        RequestState::Taken => "r.succeeded = 0 AND r.answer IS NULL",
    };
    let sql = format!(
        "SELECT r.id, d.path, r.at, r.kind, r.until, g.number, g.hash, r.content FROM requests r
         JOIN destinations d ON d.id = r.destination
         LEFT JOIN generations g ON g.id = r.generation
         WHERE {is_in_state} ORDER BY r.id"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        let action = match row.get(3)? {
            RequestKind::Release => RequestAction::Release,
            RequestKind::Hold => RequestAction::Hold {
                until: time(row, 4)?,
                generation: row.get::<_, CountColumn>(5)?.0,
                hash: row.get(6)?,
            },
            RequestKind::Approve => RequestAction::Approve {
                content: row.get(7)?,
            },
        };
        Ok(Request {
            id: RequestId(row.get(0)?),
            destination: path(row, 1)?,
            action,
            at: row.get::<_, TimeColumn>(2)?.0,
        })
    })?;
    rows.collect()
}
