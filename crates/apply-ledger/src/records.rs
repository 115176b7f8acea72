//! The values that the ledger takes and returns.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::hash::Hash;

/// Identifies an intent. Later intents have greater identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub(crate) i64);

/// A group of files that is about to be swapped.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// The name of the group.
    pub group: &'a str,
    /// The command that the group owes after the swap, for messages; it must not contain secrets.
    /// `None`: the group has no command.
    pub command: Option<&'a str>,
    /// The changed files. Each destination occurs once.
    pub files: Vec<IntentFile<'a>>,
    /// The failed intent whose previous contents these files have; `None`: this is no rollback.
    pub rolls_back: Option<IntentId>,
}

/// A file of an [`Intent`]. Its `Debug` shows no content.
#[derive(Clone)]
pub struct IntentFile<'a> {
    /// The destination, an absolute path.
    pub destination: &'a Path,
    /// The staged file beside the destination; `None`: the destination is written in place.
    pub staged: Option<&'a Path>,
    /// The file that is replaced; `None`: there is none.
    pub old: Option<Old<'a>>,
    /// The new content.
    pub new: &'a [u8],
    /// The attributes of the new file.
    pub attributes: Attributes,
}

impl IntentFile<'_> {
    /// The size of its larger content, the new or the old one.
    pub(crate) fn largest(&self) -> usize {
        match self.old {
            Some(Old::Content(old)) => old.len().max(self.new.len()),
            _ => self.new.len(),
        }
    }
}

impl fmt::Debug for IntentFile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IntentFile")
            .field("destination", &self.destination)
            .field("staged", &self.staged)
            .field("old", &self.old)
            .field("new", &format_args!("{} bytes", self.new.len()))
            .field("attributes", &self.attributes)
            .finish()
    }
}

/// A file that is replaced. Its `Debug` shows no content.
#[derive(Clone, Copy)]
pub enum Old<'a> {
    /// Its content. If the ledger does not have it, it becomes a generation, so that it can be
    /// restored.
    Content(&'a [u8]),
    /// Its hash.
    Hash(Hash),
}

impl Old<'_> {
    /// The hash of the file.
    pub(crate) fn hash(&self) -> Hash {
        match self {
            Self::Content(content) => Hash::of(content),
            Self::Hash(hash) => *hash,
        }
    }
}

impl fmt::Debug for Old<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(content) => write!(formatter, "Content({} bytes)", content.len()),
            Self::Hash(hash) => hash.fmt(formatter),
        }
    }
}

/// Mode and owner of a file, for writing it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The permission bits; `None`: those of the replaced file.
    pub mode: Option<u32>,
    /// The owner, likewise.
    pub uid: Option<u32>,
    /// The group, likewise.
    pub gid: Option<u32>,
}

impl Attributes {
    /// Reads the attributes of a staged file.
    ///
    /// # Errors
    /// The error of reading its metadata.
    pub fn of(staged: &Path) -> io::Result<Self> {
        let found = fs::symlink_metadata(staged)?;
        Ok(Self {
            mode: Some(found.mode() & 0o7777),
            uid: Some(found.uid()),
            gid: Some(found.gid()),
        })
    }
}

/// The end of the swap of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapEnd {
    /// All files are in place, and the command is owed.
    Owed,
    /// All files are in place, and no command is owed.
    Settled,
    /// No file is in place: nothing was swapped, or the old files were restored. The intent is deleted.
    Discarded,
}

/// The end of the command of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The command succeeded, or there is none: what is written is applied, and nothing is owed.
    Applied,
    /// The command failed: it is still owed.
    Failed,
    /// The command will not run, and is not owed any more: it is not configured now.
    Dropped,
}

/// The outcome of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was in the file before the first write, or after a change by another program.
    Found,
    /// The command has not ended yet.
    Pending,
    /// The command succeeded.
    Applied,
    /// The command failed.
    Failed,
    /// The command failed, and the previous content was written again.
    RolledBack,
    /// A newer content replaced it before the command ran.
    Superseded,
    /// The command did not run, because it is not configured any more.
    Dropped,
}

impl Outcome {
    const ALL: [Self; 7] = [
        Self::Found,
        Self::Pending,
        Self::Applied,
        Self::Failed,
        Self::RolledBack,
        Self::Superseded,
        Self::Dropped,
    ];

    /// The name, as the database and the command line show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::RolledBack => "rolled back",
            Self::Superseded => "superseded",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// An intent that has begun and is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingIntent {
    /// The intent.
    pub id: IntentId,
    /// The name of the group.
    pub group: String,
    /// The command of the group.
    pub command: Option<String>,
    /// The time at which it began.
    pub begun: SystemTime,
    /// The files.
    pub files: Vec<PendingFile>,
}

/// A file of a [`PendingIntent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingFile {
    /// The destination.
    pub destination: PathBuf,
    /// The staged file; `None`: the destination is written in place.
    pub staged: Option<PathBuf>,
    /// The hash of the replaced file; `None`: there was none.
    pub old: Option<Hash>,
    /// The hash of the new content.
    pub new: Hash,
    /// The attributes of the new file.
    pub attributes: Attributes,
}

/// A group whose files are in place and whose command has not succeeded since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedGroup {
    /// The latest intent. It is to be [finished](crate::Ledger::finished) after the command.
    pub intent: IntentId,
    /// The name of the group.
    pub group: String,
    /// The command of the latest intent; `None`: the group has none, and was killed before the end.
    pub command: Option<String>,
    /// The time of the first write since the last success.
    pub since: SystemTime,
    /// The files that were written.
    pub destinations: Vec<PathBuf>,
    /// The same files as they were at the last success, for a rollback.
    pub replaced: Vec<Replaced>,
}

/// A file as it was when the command of its group succeeded for the last time; before the first write since then if no
/// command has succeeded with a content of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The destination.
    pub destination: PathBuf,
    /// The hash of its content; `None`: it did not exist.
    pub hash: Option<Hash>,
    /// `true` if it was to be restored, and this has not succeeded.
    pub is_unrestored: bool,
}

/// A file that the ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The path.
    pub path: PathBuf,
    /// The content that was written last; `None`: the first write is pending, or a rollback has removed the file.
    pub written: Option<Hash>,
    /// The content of the last successful command; `None` likewise.
    pub applied: Option<Hash>,
    /// The content that the last write has rolled back; `None`: it was no rollback.
    pub rolled_back: Option<Hash>,
    /// The fingerprint of the additional files of its template at the last rollback of its group; `None`: there were none.
    pub outputs: Option<String>,
    /// The latest generation.
    pub latest: Generation,
    /// The number of stored generations.
    pub generations: u64,
}

/// A content of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The number: 1 for the first content of the destination. The removal of a file by a rollback has one as well.
    pub number: u64,
    /// The hash of the content.
    pub hash: Hash,
    /// The number of bytes.
    pub size: u64,
    /// The outcome.
    pub outcome: Outcome,
    /// The time at which it was written or found.
    pub at: SystemTime,
    /// The group that wrote it.
    pub group: String,
    /// The attributes of the file.
    pub attributes: Attributes,
    /// `true` if this content was written last.
    pub is_written: bool,
    /// `true` if this content is that of the last successful command.
    pub is_applied: bool,
}

/// A destination that keeps one generation, whatever its template renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The destination.
    pub destination: PathBuf,
    /// The number of the generation.
    pub generation: u64,
    /// The hash of its content.
    pub hash: Hash,
    /// The time at which the hold began.
    pub since: SystemTime,
    /// The time at which the hold ends; `None`: when it is released.
    pub until: Option<SystemTime>,
}

impl Hold {
    /// Returns `true` if the hold has not ended at this time.
    #[must_use]
    pub fn is_active(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
