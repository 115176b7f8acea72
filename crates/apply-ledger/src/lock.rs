//! The lock by which at most one daemon uses a state directory.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::error::OpenError;
use crate::files;

/// The number of attempts. A command that asks whether a daemon runs has the lock for microseconds.
const ATTEMPTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// The lock, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the directory for this process.
    pub(crate) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = files::lock(directory);
        let mut file = files::open_private(&path).map_err(OpenError::when("open", &path))?;
        if !lock(&file).map_err(OpenError::when("lock", &path))? {
            return Err(OpenError::InUse {
                directory: directory.to_owned(),
                pid: owner(&path),
            });
        }
        let pid = format!("{}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(OpenError::when("write", &path))?;
        Ok(Self { _file: file })
    }
}

/// Returns `true` if the file is locked now, `false` if another process has the lock.
fn lock(file: &File) -> io::Result<bool> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// The process that has written its number into the lock file.
fn owner(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Returns `true` if a process has the lock of this directory.
pub(crate) fn is_taken(directory: &Path) -> io::Result<bool> {
    let file = match File::open(files::lock(directory)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
