//! The SQLite database: opening, checking, transactions.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{OpenError, READ, is_damage, reason};
use crate::{files, hash};

/// The version of the format, in `schema.sql`.
const VERSION: i64 = 2;
/// Identifies a ledger among the databases of SQLite: `ctLg`.
const APPLICATION: i64 = 0x6374_4c67;
const SCHEMA: &str = include_str!("schema.sql");

/// The memory for pages, in KiB.
const CACHE_KIB: i64 = 128;
/// The number of compiled statements that are kept: those of one intent from its begin to its end.
const CACHED_STATEMENTS: usize = 24;
/// The size of the write-ahead log between two checkpoints is about 4 MB; a longer one is cut.
const LOG_BYTES: i64 = 4 << 20;
/// How long a writer waits for another process. A request of the command line takes milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of a transaction survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It survives the end of the process by a signal.
    Process,
    /// It is flushed to the disk, and survives a power failure.
    Power,
}

/// A database that cannot be opened.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is damaged, or no ledger.
    Damaged(String),
    /// A later version has written it.
    Newer(i64),
    /// An earlier version has written it, which the daemon has not converted yet.
    Older(i64),
    /// SQLite could not use it.
    Failed(rusqlite::Error),
    /// A file could not be opened.
    System(PathBuf, io::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) {
            Self::Damaged(reason(&error))
        } else {
            Self::Failed(error)
        }
    }
}

impl Refused {
    /// Converts it to the error of opening this database.
    pub(crate) fn into_error(self, path: &Path) -> OpenError {
        match self {
            Self::Newer(found) => OpenError::Newer {
                path: path.to_owned(),
                found,
                supported: VERSION,
            },
            Self::Older(found) => OpenError::Older {
                path: path.to_owned(),
                found,
                supported: VERSION,
            },
            // As a text: its causes repeat it.
            Self::Failed(error) => OpenError::when("open", path)(reason(&error)),
            Self::System(path, error) => OpenError::when("open", &path)(error),
            Self::Damaged(cause) => OpenError::when(READ, path)(cause),
        }
    }
}

/// Opens the database of a directory for the daemon, and creates its tables if it is new.
///
/// The caller has created the file: then SQLite gives its other files the same mode.
pub(crate) fn open(directory: &Path) -> Result<Connection, Refused> {
    let mut connection = connect(directory, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // A new database is not yet a ledger.
    if version(&connection)? == (0, 0) && !has_tables(&connection)? {
        connection.pragma_update(None, "journal_mode", "wal")?;
        create(&mut connection)?;
    }
    if version(&connection)? == (APPLICATION, 1) {
        upgrade(&mut connection)?;
    }
    check_version(&connection)?;
    check(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    Ok(connection)
}

/// Opens the database of a directory for the command line. `is_writer`: to queue requests.
pub(crate) fn open_existing(directory: &Path, is_writer: bool) -> Result<Connection, Refused> {
    let connection = connect(
        directory,
        if is_writer {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        } else {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        },
    )?;
    check_version(&connection)?;
    Ok(connection)
}

fn connect(directory: &Path, access: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(files::database(directory), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    set_durability(&connection, Durability::Power)?;
    Ok(connection)
}

/// The application and the version of the format.
fn version(connection: &Connection) -> Result<(i64, i64), rusqlite::Error> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn has_tables(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let any = "SELECT EXISTS (SELECT 1 FROM sqlite_schema)";
    connection.query_row(any, [], |row| row.get(0))
}

fn check_version(connection: &Connection) -> Result<(), Refused> {
    match version(connection)? {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, version) if version > VERSION => Err(Refused::Newer(version)),
        (APPLICATION, version) if version > 0 => Err(Refused::Older(version)),
        _ => Err(Refused::Damaged("it is not a ledger".to_owned())),
    }
}

fn create(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = begin(connection)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("INSERT INTO facts VALUES ('hash', ?1)", [hash::NAME])?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Converts the format 1: its requests have no kind, and nothing is parked.
fn upgrade(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = begin(connection)?;
    let (parked, requests) = (table("parked"), table("requests"));
    transaction.execute_batch(&format!(
        "CREATE TEMP TABLE old AS SELECT * FROM requests;
         DROP TABLE requests;
         {parked}{requests}
         INSERT INTO requests (id, destination, kind, generation, until, at, succeeded, answer)
             SELECT id, destination, iif(generation IS NULL, 'release', 'hold'), generation, until,
                 at, succeeded, answer FROM old;
         DROP TABLE temp.old;"
    ))?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// The statement of the schema that creates a table.
fn table(name: &str) -> &'static str {
    let begin = SCHEMA.find(&format!("CREATE TABLE {name} ("));
    let statement = begin
        .and_then(|begin| SCHEMA.get(begin..))
        .unwrap_or_default();
    let end = statement.find(';').map_or(0, |end| end + 1);
    statement.get(..end).unwrap_or_default()
}

/// Checks the structure of the database, and that its tables are those of this version.
fn check(connection: &Connection) -> Result<(), Refused> {
    let damaged = |cause: &str| Refused::Damaged(cause.to_owned());
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(Refused::Damaged(found));
    }
    let tables = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid";
    let mut statement = connection.prepare(tables)?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let sql: String = row.get(0)?;
        // SQLite creates this table itself.
        if !sql.contains("sqlite_sequence") && !SCHEMA.contains(&sql) {
            return Err(damaged("it has unknown tables"));
        }
        count += usize::from(SCHEMA.contains(&sql));
    }
    if count != SCHEMA.matches("\nCREATE ").count() {
        return Err(damaged("tables are missing"));
    }
    let hash = "SELECT value FROM facts WHERE name = 'hash'";
    let hash: String = connection.query_row(hash, [], |row| row.get(0))?;
    if hash != hash::NAME {
        return Err(damaged("its hash is unknown"));
    }
    Ok(())
}

/// Sets how much of the following transactions survives.
pub(crate) fn set_durability(
    connection: &Connection,
    durability: Durability,
) -> Result<(), rusqlite::Error> {
    let synchronous = match durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)
}

/// Begins a transaction that writes.
pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, rusqlite::Error> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failure_of_a_write_is_said_once_and_may_mean_a_full_disk() {
        let code = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
        let cause = rusqlite::ffi::Error::new(code);
        let text = Some("disk I/O error".to_owned());
        let failed = Refused::Failed(rusqlite::Error::SqliteFailure(cause, text));
        let error = failed.into_error(Path::new("/s/ledger.db"));
        let source = std::error::Error::source(&error);
        let text = source.map(ToString::to_string);
        let expected = format!("disk I/O error (code {code} of SQLite); the disk may be full");
        assert_eq!(text, Some(expected));
        assert!(source.and_then(std::error::Error::source).is_none());
    }
}
