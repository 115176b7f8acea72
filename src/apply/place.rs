//! Finds out where a destination really is, and what is there now.
//!
//! in:  a destination as configured, perhaps a symlink
//! out: a [`Place`]: the file that is to be replaced, its directory, and what the file holds now

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::error::WriteError;
use crate::safe_read;

/// As many links as the kernel itself follows.
const MOST_LINKS: usize = 40;
/// What missing directories are made with, less the umask.
const DIRECTORY_MODE: u32 = 0o755;

/// Where a destination really is.
#[derive(Debug)]
pub(super) struct Place {
    /// The file that is to be replaced or created; not a symlink.
    pub(super) path: PathBuf,
    /// Its directory, which may not exist yet.
    pub(super) directory: PathBuf,
    /// Its name in the directory.
    pub(super) name: OsString,
    /// The file that is there now.
    pub(super) present: Option<Present>,
}

/// A file that is there already, open for reading, so that what is compared and what is copied is the same file.
#[derive(Debug)]
pub(super) struct Present {
    file: File,
    /// Its size, mode and owner.
    pub(super) metadata: Metadata,
}

impl Place {
    /// Follows symlinks, and opens what is there.
    pub(super) fn find(destination: &Path) -> Result<Self, WriteError> {
        let (path, kind) = follow(destination)?;
        let names_a_directory = path.as_os_str().as_bytes().ends_with(b"/");
        let (false, Some(name)) = (names_a_directory, path.file_name()) else {
            let cause = if path.as_os_str().is_empty() {
                Errno::ENOENT
            } else {
                Errno::EISDIR
            };
            return Err(WriteError::new("replace", &path, cause));
        };
        let name = name.to_owned();
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let present = kind.map(|kind| Present::open(&path, kind)).transpose()?;
        Ok(Self {
            path,
            directory,
            name,
            present,
        })
    }

    /// Whether `content` is what the file holds already.
    pub(super) fn holds(&mut self, content: &[u8]) -> Result<bool, WriteError> {
        let Some(present) = &mut self.present else {
            return Ok(false);
        };
        if present.metadata.len() != content.len() as u64 {
            return Ok(false);
        }
        let mut held = Vec::with_capacity(content.len() + 1);
        let file = Read::by_ref(&mut present.file);
        file.take(content.len() as u64 + 1)
            .read_to_end(&mut held)
            .map_err(WriteError::when("read", &self.path))?;
        Ok(held == content)
    }

    /// Makes the directory and those above it, as `mkdir -p` does: 0755 less the umask.
    pub(super) fn make_directory(&self) -> Result<(), WriteError> {
        if self.present.is_some() {
            return Ok(());
        }
        make_directories(&self.directory, DIRECTORY_MODE)
    }
}

/// Makes a directory and those above it that are missing.
pub(super) fn make_directories(directory: &Path, mode: u32) -> Result<(), WriteError> {
    let missing: Vec<_> = directory
        .ancestors()
        .take_while(|above| is_missing(above))
        .collect();
    for directory in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(directory) {
            Ok(()) => {}
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
            Err(error) => return Err(WriteError::new("make the directory", directory, error)),
        }
        let above = directory
            .parent()
            .filter(|above| !above.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        flush_directory(above);
    }
    Ok(())
}

impl Present {
    fn open(path: &Path, kind: FileType) -> Result<Self, WriteError> {
        refuse_special(path, kind)?;
        // The path was looked at a moment ago; should it have become a link or a pipe since, this does not hang.
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(path);
        let file = file.map_err(WriteError::when("read", path))?;
        let metadata = file.metadata().map_err(WriteError::when("read", path))?;
        refuse_special(path, metadata.file_type())?;
        Ok(Self { file, metadata })
    }
}

/// Makes what was renamed or created in `directory` outlast a power failure.
///
/// The files are visible already, so a failure is reported and nothing else; some file systems cannot do it at all.
pub(super) fn flush_directory(directory: &Path) {
    let flushed = File::open(directory).and_then(|open| open.sync_all());
    if let Err(error) = flushed {
        let directory = directory.display();
        tracing::warn!(
            name: "directory.not_flushed", %directory, %error,
            "cannot flush the directory: a power failure could undo the last write directory={directory} error={error}"
        );
    }
}

/// The path at the end of a chain of symlinks, and what is there, if anything.
fn follow(destination: &Path) -> Result<(PathBuf, Option<FileType>), WriteError> {
    let mut path = destination.to_owned();
    for _ in 0..=MOST_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let target =
                    fs::read_link(&path).map_err(WriteError::when("follow the link", &path))?;
                path = path.parent().unwrap_or(Path::new("")).join(target);
            }
            Ok(metadata) => return Ok((path, Some(metadata.file_type()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((path, None)),
            Err(error) => return Err(WriteError::new("read", &path, error)),
        }
    }
    Err(WriteError::new(
        "follow the link",
        destination,
        Errno::ELOOP,
    ))
}

fn is_missing(path: &Path) -> bool {
    let error = (!path.as_os_str().is_empty())
        .then(|| fs::metadata(path).err())
        .flatten();
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Only a regular file is replaced: whoever names `/dev/stdout` or a pipe did not mean to lose it.
fn refuse_special(path: &Path, kind: FileType) -> Result<(), WriteError> {
    safe_read::refuse_special(kind).map_err(WriteError::when("replace", path))
}
