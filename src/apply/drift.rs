//! Compares a destination with what was written last.
//!
//! Input: the content of a write, and later the file. Output: a [`Difference`], if another program has changed
//! the file.
//!
//! Reading blocks: call it on a worker thread.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use apply_ledger::Hash;
use file_writer::Previous;

use crate::config::resolved::FileConfig;
use crate::report::DriftKind;

/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o7777;

/// A destination to compare.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The number of the template.
    pub job: usize,
    /// The destination.
    pub destination: PathBuf,
    /// The attributes that are compared: those that are configured.
    pub file: FileConfig,
}

/// The difference between a file and what was written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The kind of the change.
    pub kind: DriftKind,
    /// A fingerprint of the metadata of the file: the same difference is reported once.
    pub version: u64,
}

/// Content and attributes of a destination after its last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    hash: Hash,
    length: u64,
    pub(super) attributes: FileAttributes,
}

/// Mode and owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileAttributes {
    pub(super) mode: u32,
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Written {
    /// The state of a destination after a write; `None` if it cannot be read, so that it is not compared.
    pub(super) fn of(destination: &Path, content: &[u8]) -> Option<Self> {
        let metadata = fs::metadata(destination).ok()?;
        Some(Self {
            hash: Hash::of(content),
            length: content.len() as u64,
            attributes: FileAttributes::of(&metadata),
        })
    }

    /// Returns `true` if both have the same content.
    pub(super) fn has_content_of(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// Compares the destination now. Returns its attributes, or the difference; `None` if it cannot be read.
    pub(super) fn compare(
        &self,
        destination: &Path,
        file: &FileConfig,
    ) -> Option<Result<FileAttributes, Difference>> {
        let metadata = match fs::metadata(destination) {
            Ok(metadata) => metadata,
            Err(error) if is_missing(&error) => {
                return Some(Err(Difference::deleted()));
            }
            Err(_) => return None,
        };
        let attributes = FileAttributes::of(&metadata);
        let kind = if !metadata.is_file() {
            Some(DriftKind::Changed)
        } else if metadata.len() != self.length {
            let is_empty = metadata.len() == 0;
            Some(if is_empty {
                DriftKind::Truncated
            } else {
                DriftKind::Changed
            })
        } else if !self.is_content_of(destination)? {
            Some(DriftKind::Changed)
        } else if !attributes.are_kept(self.attributes, file) {
            Some(DriftKind::Attributes)
        } else {
            None
        };
        Some(match kind {
            None => Ok(attributes),
            Some(kind) => Err(Difference::of(kind, &metadata)),
        })
    }

    /// Returns `true` if the file has the content; `None` if it cannot be read.
    fn is_content_of(&self, destination: &Path) -> Option<bool> {
        let found = Previous::read(destination).ok()?;
        Some(
            found
                .content()
                .is_some_and(|content| Hash::of(content) == self.hash),
        )
    }
}

impl FileAttributes {
    fn of(metadata: &Metadata) -> Self {
        Self {
            mode: metadata.mode() & PERMISSIONS,
            user: metadata.uid(),
            group: metadata.gid(),
        }
    }

    /// Returns `true` if the configured attributes are those of the last write. The others belong to the
    /// administrator.
    fn are_kept(self, written: Self, file: &FileConfig) -> bool {
        (file.perms.is_none() || self.mode == written.mode)
            && (file.user.is_none() || self.user == written.user)
            && (file.group.is_none() || self.group == written.group)
    }
}

impl Difference {
    fn deleted() -> Self {
        Self {
            kind: DriftKind::Deleted,
            version: 0,
        }
    }

    fn of(kind: DriftKind, metadata: &Metadata) -> Self {
        let mut hasher = DefaultHasher::new();
        let file = (metadata.dev(), metadata.ino(), metadata.len());
        let time = (metadata.mtime(), metadata.mtime_nsec());
        let owner = (metadata.mode(), metadata.uid(), metadata.gid());
        (kind, file, time, owner).hash(&mut hasher);
        Self {
            kind,
            version: hasher.finish(),
        }
    }
}

/// Returns `true` if the file or one of its directories does not exist.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
