//! Converts between the columns of the database and the values of the ledger.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::hash::Hash;
use crate::records::Outcome;
use crate::requests::RequestKind;

impl ToSql for Hash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes())))
    }
}

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_bytes(value.as_blob()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for Outcome {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::named(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for RequestKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::named(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// A path as bytes.
pub(crate) struct PathColumn(pub(crate) PathBuf);

impl FromSql for PathColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let path = Path::new(OsStr::from_bytes(value.as_blob()?));
        Ok(Self(path.to_owned()))
    }
}

/// The column of a path.
pub(crate) fn path_column(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// A time in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct TimeColumn(pub(crate) SystemTime);

impl ToSql for TimeColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Ok(ToSqlOutput::from(milliseconds))
    }
}

impl FromSql for TimeColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let milliseconds = unsigned(value)?;
        let time = UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
        time.map(Self).ok_or(FromSqlError::InvalidType)
    }
}

/// A number that is not negative.
pub(crate) struct CountColumn(pub(crate) u64);

impl FromSql for CountColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        unsigned(value).map(Self)
    }
}

fn unsigned(value: ValueRef<'_>) -> FromSqlResult<u64> {
    let number = value.as_i64()?;
    u64::try_from(number).map_err(|_| FromSqlError::OutOfRange(number))
}

/// The column of a number.
pub(crate) fn count_column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
