//! Copies of staged files and of their directories, with mode and owner.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, Seek as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::error::NamespaceError;
use crate::staged::TreeFile;

/// An open staged file. It can be read after its path is covered.
#[derive(Debug)]
pub(super) struct NewFile {
    /// The destination, relative to the tree.
    pub(super) relative: PathBuf,
    file: File,
    metadata: Metadata,
}

impl NewFile {
    /// Opens a staged file.
    pub(super) fn open(staged: &TreeFile) -> Result<Self, NamespaceError> {
        let path = &staged.staged;
        let open = || {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_file() {
                let relative = staged.relative.clone();
                Ok(Self {
                    relative,
                    file,
                    metadata,
                })
            } else {
                Err(io::Error::other("it is not a regular file"))
            }
        };
        open().map_err(NamespaceError::when("read the staged file", path))
    }

    /// Writes a copy with the same mode and owner.
    pub(super) fn copy_to(&self, path: &Path) -> Result<(), NamespaceError> {
        let copy = || {
            let mut copy = File::create(path)?;
            let mut file = &self.file;
            file.rewind()?;
            io::copy(&mut file, &mut copy)?;
            give_attributes(path, &self.metadata)
        };
        copy().map_err(NamespaceError::when("copy the staged file to", path))
    }
}

/// Creates a directory with the mode and the owner of `like`. If that does not exist, the mode is
/// 0755. An existing directory is left alone.
pub(super) fn create_directory(path: &Path, like: &Path) -> Result<(), NamespaceError> {
    let create = || {
        match DirBuilder::new().mode(0o755).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            created => created?,
        }
        match fs::symlink_metadata(like) {
            Ok(metadata) => give_attributes(path, &metadata),
            Err(_) => Ok(()),
        }
    };
    create().map_err(NamespaceError::when("create the directory", path))
}

/// Sets owner and mode. In a user namespace only the own user exists; then the owner stays.
pub(super) fn give_attributes(path: &Path, metadata: &Metadata) -> io::Result<()> {
    let _ = chown(path, Some(metadata.uid()), Some(metadata.gid()));
    fs::set_permissions(path, Permissions::from_mode(metadata.mode() & 0o7777))
}
