//! Writes into an existing file that cannot be replaced, because it is a mount point or its
//! directory is not writable.
//!
//! Input: a file, its new content, mode and owner. Output: the same file with that content, on the disk.
//!
//! A reader may see a mixture of old and new content during the write, and after a power failure.
//! To avoid a mixture in other cases, space is allocated before the first byte changes, and a
//! failed write restores the old content.

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, OFlag, fallocate};

use crate::attributes::{Plan, keep_owner};
use crate::error::WriteError;
use crate::target::{Existing, Target};
use crate::temporary::Temporary;

/// The reason for which a file is written in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The options require it.
    Configured,
    /// The file is a mount point.
    Mounted,
    /// No file can be created in the directory.
    UnwritableDirectory,
}

impl Reason {
    /// The reason as a clause for the warning; `None` if no warning is needed.
    pub(crate) fn warning(self) -> Option<&'static str> {
        match self {
            Self::Configured => None,
            Self::Mounted => Some("it is a mount point"),
            Self::UnwritableDirectory => Some("its directory is not writable"),
        }
    }
}

/// Opens the existing file for reading and writing; its content stays.
pub(crate) fn open(target: &Target) -> Result<File, WriteError> {
    target
        .open(OFlag::O_RDWR, "write into")
        .map(Existing::into_file)
}

/// Writes `content` into the file. Mode and owner are set first, so that other users can never read
/// the content.
pub(crate) fn write(
    file: &mut File,
    content: &[u8],
    plan: Plan,
    target: &Target,
) -> Result<(), WriteError> {
    let path = &target.path;
    let failed = |step| WriteError::when(step, path);
    let mut old = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut old))
        .map_err(failed("read"))?;
    allocate(file, old.len(), content.len()).map_err(failed("allocate space for"))?;
    if plan.backup {
        keep_backup(file, &old, target, plan.program)?;
    }
    plan.attributes.give_in_place(file, path)?;
    overwrite(file, content).map_err(|error| {
        let error = match overwrite(file, &old) {
            Ok(()) => error,
            Err(_) => io::Error::new(
                error.kind(),
                format!("{error}; its old content could not be restored"),
            ),
        };
        WriteError::new("write into", path, error)
    })
}

/// Overwrites the content, then sets the length, so that the file is never empty in between.
fn overwrite(file: &mut File, content: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(content)?;
    file.set_len(content.len() as u64)?;
    file.sync_all()
}

/// Allocates space for longer content without extending the file. Some file systems do not support this.
fn allocate(file: &File, old_len: usize, new_len: usize) -> io::Result<()> {
    if new_len <= old_len {
        return Ok(());
    }
    let length = i64::try_from(new_len).map_err(io::Error::other)?;
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Copies the old content to `.bak`. A hard link would not do, because the file is overwritten.
fn keep_backup(file: &File, old: &[u8], target: &Target, program: &str) -> Result<(), WriteError> {
    const STEP: &str = "keep a backup of";
    let failed = |error| WriteError::new(STEP, &target.path, error);
    let metadata = file.metadata().map_err(failed)?;
    let (mut new, mut copy) =
        Temporary::create(target, program).map_err(|error| error.at_step(STEP))?;
    copy.write_all(old).map_err(failed)?;
    let owner_kept = keep_owner(&copy, &metadata, &target.path);
    let mode = metadata.mode() & if owner_kept { 0o7777 } else { 0o777 };
    copy.set_permissions(Permissions::from_mode(mode))
        .and_then(|()| copy.sync_all())
        .map_err(failed)?;
    new.rename_to_backup()
}
