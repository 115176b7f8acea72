//! Writes into a file that is there, where it cannot be replaced: it is mounted by itself, or its directory is closed.
//!
//! in:  a file, the bytes it shall hold, and what it shall be like
//! out: the same file with these bytes, on the disk
//!
//! A reader may see a mixture meanwhile, and so it is after a power failure. All else is done to avoid one: room is
//! taken before the first byte is changed, and a write that fails is taken back.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, OFlag, fallocate};
use tempfile::Builder;

use super::attributes::{Attributes, keep_owner};
use super::error::WriteError;
use super::leftover;
use super::write::create;
use crate::safe_read;

/// Why a file was not replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The configuration says so.
    Asked,
    /// The file is a mount point.
    Mounted,
    /// No file can be created beside it.
    Closed,
}

impl Reason {
    /// What it is that the operator should know, once.
    pub(super) fn warning(self) -> Option<&'static str> {
        match self {
            Self::Asked => None,
            Self::Mounted => Some("it is mounted by itself"),
            Self::Closed => Some("no file can be created beside it"),
        }
    }
}

/// The file, open for reading and writing, and as it is.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags.bits())
        .open(path)?;
    safe_read::refuse_special(file.metadata()?.file_type())?;
    Ok(file)
}

/// Writes `content` into the file. Mode and owner come first, so that nobody reads what is not meant for them.
pub(super) fn write(
    file: &mut File,
    content: &[u8],
    attributes: Attributes,
    backup: bool,
    path: &Path,
) -> Result<(), WriteError> {
    let failed = |step| WriteError::when(step, path);
    let mut old = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut old))
        .map_err(failed("read"))?;
    make_room(file, old.len(), content.len()).map_err(failed("make room in"))?;
    if backup {
        keep(file, &old, path).map_err(failed("keep a backup of"))?;
    }
    attributes.give_in_place(file, path)?;
    put(file, content).map_err(|error| {
        let error = match put(file, &old) {
            Ok(()) => error,
            Err(_) => io::Error::new(
                error.kind(),
                format!("{error}; what it held before could not be put back"),
            ),
        };
        WriteError::new("write into", path, error)
    })
}

/// Overwrites first and cuts off after that, so that the file is never empty in between.
fn put(file: &mut File, content: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(content)?;
    file.set_len(content.len() as u64)?;
    file.sync_all()
}

/// Takes the room that is missing, without making the file longer; some file systems cannot do that.
fn make_room(file: &File, held: usize, wanted: usize) -> io::Result<()> {
    if wanted <= held {
        return Ok(());
    }
    let length = i64::try_from(wanted).map_err(io::Error::other)?;
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A copy: a second name would be that of the file that is written into.
fn keep(file: &File, old: &[u8], path: &Path) -> io::Result<()> {
    let metadata = file.metadata()?;
    let Some(name) = path.file_name() else {
        return Ok(());
    };
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let new = Builder::new()
        .prefix(&leftover::prefix(name))
        .rand_bytes(leftover::RANDOM_LEN)
        .make_in(directory, create)?;
    let mut copy = new.as_file();
    copy.write_all(old)?;
    let owned = keep_owner(copy, &metadata, path);
    copy.set_permissions(Permissions::from_mode(
        metadata.mode() & if owned { 0o7777 } else { 0o777 },
    ))?;
    copy.sync_all()?;
    let mut backup = name.to_owned();
    backup.push(".bak");
    new.into_temp_path()
        .persist(directory.join(backup))
        .map_err(|failed| failed.error)
}
