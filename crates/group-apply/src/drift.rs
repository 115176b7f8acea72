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
use file_writer::{KnownTarget, Previous, Stage};
use serde::Serialize;

use crate::options::FileConfig;

/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o7777;

/// What another program has done with a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// It has another content.
    Changed,
    /// It is empty.
    Truncated,
    /// It does not exist.
    Deleted,
    /// It has another mode or owner than the configured one.
    Attributes,
    /// A new link leads to another file.
    Redirected,
}

impl DriftKind {
    /// The word for log lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Truncated => "truncated",
            Self::Deleted => "deleted",
            Self::Attributes => "given another mode or owner",
            Self::Redirected => "replaced by a link",
        }
    }
}

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The kind of the change.
    pub kind: DriftKind,
    /// A fingerprint of the metadata of the file: the same difference is reported once.
    pub version: u64,
    /// The file that a new link leads to.
    pub target: Option<PathBuf>,
}

/// Content and attributes of a destination after its last write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    hash: Hash,
    length: u64,
    /// The file that was written.
    pub(crate) target: KnownTarget,
    /// Mode and owner; `None`: unknown, because the file was deleted before they were read.
    pub(crate) attributes: Option<FileAttributes>,
}

/// What is known about a destination before its content becomes visible. Another program may change the file, or the
/// path to it, at any time after that.
#[derive(Clone, Debug, Default)]
pub(crate) struct BeforeSwap {
    /// The file that is written; `None` if another program has changed the path meanwhile.
    target: Option<KnownTarget>,
    /// The attributes of the new file; `None` if the destination stays, or is written in place.
    attributes: Option<FileAttributes>,
}

impl BeforeSwap {
    /// What is known about a staged destination. `known`: the file that it led to before it was staged; `None` if changes
    /// by other programs are not noticed.
    pub(crate) fn of(destination: &Path, stage: &Stage, known: Option<KnownTarget>) -> Self {
        let (new, known) = match (stage, known) {
            (_, None) => return Self::default(),
            (Stage::Unchanged, Some(known)) => return Self::unchanged(known),
            (Stage::Staged(new), Some(_)) => (new, KnownTarget::of(destination).ok()),
        };
        Self {
            target: known.filter(|target| target.is(new.target())),
            attributes: new.path().and_then(|path| FileAttributes::read(path).ok()),
        }
    }

    /// What is known about a destination that stays, or is restored to what it was.
    pub(crate) fn unchanged(target: KnownTarget) -> Self {
        Self {
            target: Some(target),
            attributes: None,
        }
    }
}

/// Mode and owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileAttributes {
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Written {
    /// The state of a destination after a write; `None` if it cannot be read, or is not the file that was written, so that it
    /// is not compared.
    pub(crate) fn of(destination: &Path, content: &[u8], before: BeforeSwap) -> Option<Self> {
        let BeforeSwap { target, attributes } = before;
        let attributes = match attributes.map_or_else(|| FileAttributes::read(destination), Ok) {
            Ok(attributes) => Some(attributes),
            Err(error) if is_missing(&error) => None,
            Err(_) => return None,
        };
        Some(Self {
            hash: Hash::of(content),
            length: content.len() as u64,
            target: target?,
            attributes,
        })
    }

    /// Returns `true` if both have the same content.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// Compares the destination now. Returns its attributes, or the difference; `None` if it cannot be read.
    pub(crate) fn compare(
        &self,
        destination: &Path,
        file: &FileConfig,
    ) -> Option<Result<FileAttributes, Difference>> {
        let found = self.compare_file(destination, file)?;
        Some(found.map_err(|difference| {
            // A link that cannot be followed is the error of the restoration.
            let other = self.target.other(destination).ok().flatten();
            other.map_or(difference, Difference::redirected)
        }))
    }

    /// Compares the file at the end of the links.
    fn compare_file(
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
        } else if self
            .attributes
            .is_some_and(|written| !attributes.are_kept(written, file))
        {
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
    /// Reads the attributes of a file.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::of(&metadata))
    }

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
            target: None,
        }
    }

    /// The file has become a link to another one. Changes of that file are not reported.
    fn redirected(target: PathBuf) -> Self {
        Self {
            kind: DriftKind::Redirected,
            version: 0,
            target: Some(target),
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
            target: None,
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use file_writer::FileOptions;

    use super::*;

    /// The file that it led to was taken for the one that had been written, and a restoration overwrote it.
    #[test]
    fn a_link_that_appears_right_after_the_swap_leads_to_no_known_file() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        let (out, other) = (root.join("out"), root.join("other"));
        fs::write(&other, "other").unwrap();
        let (writer, options) = (file_writer::Writer::new("ctmpl"), FileOptions::default());
        for is_unchanged in [false, true] {
            let known = KnownTarget::of(&out).ok();
            let stage = writer.stage(&out, b"new", None, &options).unwrap();
            assert_eq!(matches!(stage, Stage::Unchanged), is_unchanged);
            let before = BeforeSwap::of(&out, &stage, known);
            if let Stage::Staged(new) = stage {
                let _ = new.swap().unwrap();
            }
            fs::rename(&out, root.join("moved")).unwrap();
            symlink("other", &out).unwrap();
            let written = Written::of(&out, b"new", before).unwrap();
            assert_eq!(written.target.other(&out).unwrap(), Some(other.clone()));
            fs::rename(root.join("moved"), &out).unwrap();
        }
    }

    /// Such a file is not compared, because it is not known which one was written.
    #[test]
    fn a_link_that_appears_while_a_file_is_staged_leads_to_no_known_file() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        let out = root.join("out");
        let writer = file_writer::Writer::new("ctmpl");
        let known = KnownTarget::of(&out).ok();
        let stage = writer.stage(&out, b"new", None, &FileOptions::default());
        symlink("other", &out).unwrap();
        let before = BeforeSwap::of(&out, &stage.unwrap(), known);
        assert_eq!(before.target, None);
    }

    #[test]
    fn a_file_that_is_deleted_right_after_its_write_is_compared() {
        let directory = tempfile::tempdir().unwrap();
        let (deleted, file) = (directory.path().join("out"), FileConfig::default());
        let attributes = FileAttributes::read(directory.path()).ok();
        for attributes in [None, attributes] {
            let target = KnownTarget::of(&deleted).ok();
            let before = BeforeSwap { target, attributes };
            let written = Written::of(&deleted, b"text", before).expect("it is compared");
            assert_eq!(written.attributes, attributes);
            let difference = written.compare(&deleted, &file);
            assert_eq!(difference, Some(Err(Difference::deleted())));
        }
    }
}
