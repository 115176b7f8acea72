//! The SQLite database: opening, checking, removing.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;
use rusqlite::{Connection, OpenFlags};

use crate::error::Failure;

/// The version of the format, in `SCHEMA`.
pub(crate) const VERSION: i64 = 1;
/// Identifies a store among the databases of SQLite: `ctAn`.
const APPLICATION: i64 = 0x6374_416e;
/// The tables. Times are in milliseconds since 1970: `at` is that of the last write for a source, and `stale_since` is
/// `NULL` while the answer is current. The answer is the last column, so that the others are read without it.
const SCHEMA: &str = "
CREATE TABLE seen (source TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE answers (
    source TEXT NOT NULL,
    query TEXT NOT NULL,
    stale_since INTEGER,
    hash BLOB NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (source, query)
) STRICT;
";

/// Only the user of the process may read the file.
const MODE: u32 = 0o600;
/// The memory for pages, in KiB.
const CACHE_KIB: i64 = 128;
/// How long a call waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A database to write.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// `true` if it was created now.
    pub(crate) is_new: bool,
}

/// Opens the database to write, and creates it if it is missing.
pub(crate) fn open_or_create(path: &Path) -> Result<Opened, Failure> {
    // SQLite gives its other files the mode of this one.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != MODE {
        file.set_permissions(Permissions::from_mode(MODE))?;
    }
    drop(file);
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let is_new = version(&connection)? == (0, 0) && !has_tables(&connection)?;
    if is_new {
        // It has to be set first. The file shrinks when answers are removed.
        connection.pragma_update(None, "auto_vacuum", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    check_version(&connection)?;
    // A reader of a database with a write-ahead log has to create files beside it, which fails on a full disk.
    connection.pragma_update(None, "journal_mode", "delete")?;
    Ok(Opened { connection, is_new })
}

/// Opens the database to read; `None` if there is none.
pub(crate) fn open_existing(path: &Path) -> Result<Option<Connection>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // A reader has to be able to undo a write that was interrupted.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if version(&connection)? == (0, 0) && !has_tables(&connection)? {
        return Ok(None);
    }
    check_version(&connection)?;
    Ok(Some(connection))
}

/// Removes the database with the files beside it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["-wal", "-shm", "-journal", ""] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Values may be secret: what is removed is overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    // After a power failure, the answers may be needed before the server answers.
    connection.pragma_update(None, "synchronous", "FULL")?;
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

fn check_version(connection: &Connection) -> Result<(), Failure> {
    match version(connection)? {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, version) if version > VERSION => Err(Failure::Newer(version)),
        _ => Err(Failure::Damaged("it is no store of answers".to_owned())),
    }
}
