//! Temporary files beside a target, which are renamed into place or removed.
//!
//! A temporary file is locked as long as its process needs it, so that another process can remove
//! the files of a killed one. A file without a name (`O_TMPFILE`) would not help: it must have one
//! for a check, and to replace an existing file.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::{AtFlags as LinkFlags, OFlag, openat, renameat};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};
use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};

use crate::error::{BACKUP, CREATE, WriteError};
use crate::leftover;
use crate::target::Target;

/// The maximum number of random names that are tried.
const MAX_ATTEMPTS: usize = 100;

/// A file with a temporary name in the directory of its target. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Temporary {
    target: Target,
    /// The temporary name; `None` after the file was renamed.
    name: Option<OsString>,
    path: PathBuf,
    _lock: Option<Lock>,
}

impl Temporary {
    /// Creates an empty file that only this user can read.
    pub(crate) fn create(target: &Target, program: &str) -> Result<(Self, File), WriteError> {
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let directory = target.open_directory()?;
        refuse_append_only(&directory, target)?;
        loop {
            let (name, file) = with_random_name(target, program, |name| {
                openat(&directory, name, flags, mode)
            })
            .map_err(WriteError::when(CREATE, &target.path))?;
            let file = File::from(file);
            // Before it is locked, another process may take it for one of a killed process.
            let is_taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock))
                || file.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
            if !is_taken {
                let lock = Lock::keep(&file);
                return Ok((Self::named(target, name, lock), file));
            }
        }
    }

    /// Creates a hard link to the target with a temporary name; `None` if the target does not exist.
    pub(crate) fn link(target: &Target, program: &str) -> Result<Option<Self>, WriteError> {
        let directory = target.open_directory()?;
        let existing = target.name.as_os_str();
        let linked = with_random_name(target, program, |name| {
            linkat(&directory, existing, &directory, name, LinkFlags::empty())
        });
        match linked {
            Ok((name, ())) => Ok(Some(Self::named(target, name, None))),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(WriteError::new("keep a backup of", &target.path, error)),
        }
    }

    fn named(target: &Target, name: OsString, lock: Option<Lock>) -> Self {
        Self {
            target: target.clone(),
            path: target.directory.join(&name),
            name: Some(name),
            _lock: lock,
        }
    }

    /// The path before the file is renamed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file to `name`, replacing an existing file. `step` is for the error.
    pub(crate) fn rename(&mut self, name: &OsStr, step: &'static str) -> Result<(), WriteError> {
        let directory = self.target.open_directory()?;
        if let Some(temporary) = &self.name {
            renameat(&directory, temporary.as_os_str(), &directory, name)
                .map_err(WriteError::when(step, &self.target.path))?;
        }
        self.name = None;
        Ok(())
    }

    /// Renames it to the backup of its target.
    pub(crate) fn rename_to_backup(&mut self) -> Result<(), WriteError> {
        let name = self.target.name_with(".bak");
        let backup = self.target.path.with_file_name(&name);
        self.rename(&name, BACKUP)
            .map_err(|error| error.at_path(backup))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let (Some(name), Ok(directory)) = (self.name.take(), self.target.open_directory()) {
            // If the file cannot be removed, a later process removes it as a leftover.
            let _ = unlinkat(&directory, name.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// A lock on a temporary file.
#[derive(Debug)]
struct Lock {
    #[expect(dead_code, reason = "an open file holds its lock")]
    file: File,
}

/// The number of locks that this process holds.
static LOCKS: AtomicU64 = AtomicU64::new(0);

impl Lock {
    /// Keeps the lock of `file`. A lock needs an open file, so a large group of staged files must
    /// not use all that the process may have: `None` if it holds many locks. Then the file is
    /// unlocked when it is closed.
    fn keep(file: &File) -> Option<Self> {
        static LIMIT: OnceLock<u64> = OnceLock::new();
        let limit = *LIMIT.get_or_init(|| {
            let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
            (files / 8).min(1024)
        });
        let file = file.try_clone().ok()?;
        // Creating it here counts it, and dropping it beyond the limit subtracts it.
        let is_within = LOCKS.fetch_add(1, Ordering::Relaxed) < limit;
        let lock = Self { file };
        is_within.then_some(lock)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        LOCKS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Refuses a directory in which files can be created, but neither renamed nor removed: each attempt
/// would leave a file.
fn refuse_append_only(directory: &OwnedFd, target: &Target) -> Result<(), WriteError> {
    let found = statx(directory, c"", AtFlags::EMPTY_PATH, StatxFlags::empty());
    if found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::APPEND)) {
        let reason = "its directory is append-only; remove the attribute with chattr -a";
        let error = io::Error::new(io::ErrorKind::Unsupported, reason);
        return Err(WriteError::new(CREATE, &target.path, error));
    }
    Ok(())
}

/// Calls `create` with random names until one is free.
fn with_random_name<T>(
    target: &Target,
    program: &str,
    create: impl Fn(&OsStr) -> nix::Result<T>,
) -> nix::Result<(OsString, T)> {
    let prefix = leftover::prefix(&target.name, program);
    for _ in 0..MAX_ATTEMPTS {
        let random = (0..leftover::RANDOM_LEN).map(|_| fastrand::alphanumeric());
        let mut name = prefix.clone();
        name.push(random.collect::<String>());
        match create(&name) {
            Ok(created) => return Ok((name, created)),
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::EEXIST)
}
