//! The changes that are parked: their table.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, Transaction, params};

use crate::columns::{CountColumn, PathColumn, TimeColumn, count_column, path_column};
use crate::hash::Hash;

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// A change that is above the change budget of its destination: the file stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The destination.
    pub destination: PathBuf,
    /// The change.
    pub change: ParkedChange,
    /// The time since when this change is parked.
    pub since: SystemTime,
    /// `true` if it was [approved](crate::Ledger::approve).
    pub is_approved: bool,
}

/// The change that is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedChange {
    /// The hash of the new content.
    pub content: Hash,
    /// The number of lines that it removes from the file.
    pub removed: u64,
    /// The number of lines of the file.
    pub lines: u64,
}

/// All parked changes, sorted by destination.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Parked>> {
    let sql = "SELECT d.path, p.content, p.removed, p.lines, p.since, p.approved FROM parked p
         JOIN destinations d ON d.id = p.destination ORDER BY d.path";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Parked {
            destination: row.get::<_, PathColumn>(0)?.0,
            change: ParkedChange {
                content: row.get(1)?,
                removed: row.get::<_, CountColumn>(2)?.0,
                lines: row.get::<_, CountColumn>(3)?.0,
            },
            since: row.get::<_, TimeColumn>(4)?.0,
            is_approved: row.get(5)?,
        })
    })?;
    rows.collect()
}

/// Records a parked change. One with the same content stays as it is recorded.
pub(crate) fn park(
    transaction: &Transaction<'_>,
    destination: &Path,
    change: &ParkedChange,
    now: SystemTime,
) -> Result<Parked> {
    let path = path_column(destination);
    let insert = "INSERT INTO destinations (path) VALUES (?1) ON CONFLICT DO NOTHING";
    transaction.execute(insert, [path])?;
    let insert = "INSERT INTO parked (destination, content, removed, lines, since)
         SELECT id, ?2, ?3, ?4, ?5 FROM destinations WHERE path = ?1
         ON CONFLICT DO UPDATE SET removed = excluded.removed, lines = excluded.lines,
             since = iif(content = excluded.content, since, excluded.since),
             approved = iif(content = excluded.content, approved, 0),
             content = excluded.content
         RETURNING since, approved";
    let (removed, lines) = (count_column(change.removed), count_column(change.lines));
    let row = params![path, change.content, removed, lines, TimeColumn(now)];
    transaction.query_row(insert, row, |row| {
        Ok(Parked {
            destination: destination.to_owned(),
            change: *change,
            since: row.get::<_, TimeColumn>(0)?.0,
            is_approved: row.get(1)?,
        })
    })
}

/// Deletes the parked change of a destination.
pub(crate) fn unpark(transaction: &Transaction<'_>, destination: &Path) -> Result<()> {
    let delete = "DELETE FROM parked WHERE destination IN (
         SELECT id FROM destinations WHERE path = ?1)";
    transaction.execute(delete, [path_column(destination)])?;
    let delete = "DELETE FROM destinations WHERE path = ?1
         AND id NOT IN (SELECT destination FROM generations)";
    transaction.execute(delete, [path_column(destination)])?;
    Ok(())
}

/// Approves the change of a destination that is parked with this content. Returns `false` if none is.
pub(crate) fn approve(
    transaction: &Transaction<'_>,
    destination: &Path,
    content: Hash,
) -> Result<bool> {
    let update = "UPDATE parked SET approved = 1 WHERE content = ?2
         AND destination IN (SELECT id FROM destinations WHERE path = ?1)";
    let changed = transaction.execute(update, params![path_column(destination), content])?;
    Ok(changed > 0)
}
