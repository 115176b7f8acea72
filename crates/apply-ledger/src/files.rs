//! The state directory and the files in it.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

use crate::error::OpenError;

const DATABASE: &str = "ledger.db";
const LOCK: &str = "lock";
/// It has a directory of its own, so that who watches it is not woken up by each write to the database.
const REQUESTS: &str = "queue/requests";

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const WRITABLE_BY_OTHERS: u32 = 0o002;

/// The directory below which programs keep their state, if the user chooses none: `/var/lib` for
/// root, otherwise `state_home` (`$XDG_STATE_HOME`), or `.local/state` below `home`. `None`: there is
/// no home directory.
#[must_use]
pub fn default_parent(
    is_root: bool,
    state_home: Option<PathBuf>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    if is_root {
        return Some(PathBuf::from("/var/lib"));
    }
    // Relative paths are invalid in these variables.
    let absolute = |path: Option<PathBuf>| path.filter(|path| path.is_absolute());
    absolute(state_home).or_else(|| Some(absolute(home)?.join(".local/state")))
}

/// The first of the state directories that systemd passes to a service, in `STATE_DIRECTORY`.
#[must_use]
pub fn service_directory(variable: &OsStr) -> Option<PathBuf> {
    let first = variable.as_bytes().split(|byte| *byte == b':').next()?;
    Some(PathBuf::from(OsStr::from_bytes(first))).filter(|path| path.is_absolute())
}

/// The database in a state directory.
pub(crate) fn database(directory: &Path) -> PathBuf {
    directory.join(DATABASE)
}

/// The file that the daemon locks.
pub(crate) fn lock(directory: &Path) -> PathBuf {
    directory.join(LOCK)
}

/// The file that changes when a request is queued, for the daemon to watch.
#[must_use]
pub fn requests_file(directory: &Path) -> PathBuf {
    directory.join(REQUESTS)
}

/// Creates the directory if it is missing. Returns its path without symbolic links, which SQLite
/// refuses.
pub(crate) fn create_directory(directory: &Path) -> Result<PathBuf, OpenError> {
    let failed = |operation| OpenError::when(operation, directory);
    let is_new = !directory.exists();
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(directory)
        .map_err(failed("create"))?;
    let directory = fs::canonicalize(directory).map_err(failed("open"))?;
    if is_new && let Some(parent) = directory.parent() {
        // The new directory survives a power failure. Some file systems cannot flush a directory.
        let _ = File::open(parent).and_then(|parent| parent.sync_all());
    }
    let metadata = fs::metadata(&directory).map_err(failed("open"))?;
    if let Some(reason) = distrust(&directory, &metadata) {
        return Err(failed("use")(io::Error::other(reason)));
    }
    Ok(directory)
}

/// The reason for which a directory is not used: another user could replace the contents that this
/// process writes into files.
fn distrust(directory: &Path, metadata: &Metadata) -> Option<String> {
    let own = nix::unistd::geteuid().as_raw();
    if ![own, 0].contains(&metadata.uid()) {
        let owner = metadata.uid();
        Some(format!(
            "it belongs to the user {owner}, and this is the user {own}"
        ))
    } else if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let inside = directory.join("state");
        Some(format!(
            "every user can write to it; use a directory inside it, such as {}",
            inside.display()
        ))
    } else {
        None
    }
}

/// Opens or creates a file for reading and writing that only its owner can access.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

/// Opens or creates the file that changes when a request is queued.
pub(crate) fn open_requests(directory: &Path) -> io::Result<File> {
    let path = requests_file(directory);
    if let Some(queue) = path.parent() {
        let mut builder = DirBuilder::new();
        accept_existing(builder.mode(DIRECTORY_MODE).create(queue))?;
    }
    open_private(&path)
}

/// Returns `true` if the database of an earlier process has lost its content. A process that is killed while it creates
/// the database leaves an empty file as well, but no file for requests, which it creates afterwards.
pub(crate) fn is_emptied(directory: &Path) -> bool {
    let database = database(directory);
    fs::metadata(&database).is_ok_and(|file| file.len() == 0)
        && (requests_file(directory).exists() || with_suffix(&database, "-wal").exists())
}

/// Renames a damaged database, with its write-ahead log. The next one is new: see [`is_emptied`]. Returns the new name.
pub(crate) fn move_aside(database: &Path) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let first = now.unwrap_or_default().as_secs();
    let mut names = (first..).map(|time| with_suffix(database, &format!(".damaged-{time}")));
    let moved_to = names
        .find(|name| fs::symlink_metadata(name).is_err())
        .unwrap_or_default();
    fs::rename(database, &moved_to)?;
    let moved = fs::rename(
        with_suffix(database, "-wal"),
        with_suffix(&moved_to, "-wal"),
    );
    accept_missing(moved)?;
    accept_missing(fs::remove_file(with_suffix(database, "-shm")))?;
    accept_missing(fs::remove_file(database.with_file_name(REQUESTS)))?;
    Ok(moved_to)
}

fn accept_existing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn accept_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next start reported a damaged ledger again.
    #[test]
    fn a_rebuild_that_is_interrupted_leaves_no_damage() {
        let directory = tempfile::tempdir().unwrap();
        let database = database(directory.path());
        fs::write(&database, "").unwrap();
        open_requests(directory.path()).unwrap();
        assert!(is_emptied(directory.path()));
        move_aside(&database).unwrap();
        fs::write(&database, "").unwrap();
        assert!(!is_emptied(directory.path()));
    }

    #[test]
    fn the_default_directory_depends_on_the_user() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(
            default_parent(true, path("/x"), path("/h")),
            path("/var/lib")
        );
        assert_eq!(default_parent(false, path("/x"), path("/h")), path("/x"));
        let in_home = path("/h/.local/state");
        assert_eq!(default_parent(false, None, path("/h")), in_home);
        assert_eq!(default_parent(false, path("x"), path("/h")), in_home);
        assert_eq!(default_parent(false, path(""), None), None);
    }
}
