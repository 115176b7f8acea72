//! A change of one destination, and its result.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use apply_ledger::Hash;
use file_writer::{Additional, Previous, WriteError};

use super::budget::{DiffSize, Excess};
use crate::options::{FileConfig, GroupConfig, OnFailure};

/// One destination and its new content.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The number of the template.
    pub job: usize,
    /// The group of the template: its files are written all, or none.
    pub group: Arc<GroupConfig>,
    /// The file of the template; `None` for an inline template.
    pub source: Option<PathBuf>,
    /// The destination.
    pub destination: PathBuf,
    /// The new content. It may be secret, so `Debug` shows only its length.
    pub content: Vec<u8>,
    /// The additional files to write in the same transaction.
    pub outputs: Vec<Additional>,
    /// `true` if content or outputs differ from the last write. Outputs are appended only then.
    pub fresh: bool,
    /// `true` if the change may be above the change budget of the file.
    pub is_approved: bool,
    /// `true` if it restores a file that another program has changed.
    pub is_restoration: bool,
    /// Mode, owner and write mode.
    pub file: FileConfig,
}

impl Change {
    /// Returns `true` if the group can be rolled back, so that the replaced files are kept.
    #[must_use]
    pub fn keeps_previous(&self) -> bool {
        // What another program has written is not restored.
        self.group.on_failure == OnFailure::Rollback && !self.is_restoration
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            job,
            group,
            source,
            destination,
            content,
            outputs,
            fresh,
            is_approved,
            is_restoration,
            file,
        } = self;
        out.debug_struct("Change")
            .field("job", job)
            .field("group", &group.key)
            .field("source", source)
            .field("destination", destination)
            .field("content", &format_args!("{} bytes", content.len()))
            .field("outputs", outputs)
            .field("fresh", fresh)
            .field("is_approved", is_approved)
            .field("is_restoration", is_restoration)
            .field("file", file)
            .finish()
    }
}

/// A file of a template as it was before it was replaced, or when its command succeeded for the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedFile {
    /// The destination of the template. An additional file has another path.
    pub destination: PathBuf,
    /// The state of the file.
    pub previous: Previous,
}

impl ReplacedFile {
    /// Creates the state of the template's own file.
    #[must_use]
    pub fn of_template(previous: Previous) -> Self {
        Self {
            destination: previous.destination().to_owned(),
            previous,
        }
    }

    /// The state of the template's own file; `None` for an additional one.
    #[must_use]
    pub fn own(&self) -> Option<&Previous> {
        Some(&self.previous).filter(|previous| previous.destination() == self.destination)
    }
}

/// The result of one change.
#[derive(Debug)]
pub struct Applied {
    /// The number of the template.
    pub job: usize,
    /// The destination.
    pub destination: PathBuf,
    /// The effect, or the error of the write.
    pub outcome: Result<Effect, WriteError>,
    /// The size of the change of a file whose group has a command or a verification.
    pub size: Option<DiffSize>,
}

/// The effect of a change on its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The destination already had the content.
    Unchanged,
    /// The destination has the new content.
    Written,
    /// The destination is as before, because another file of its group could not be staged.
    Held,
    /// The destination is as before, because the change removes more lines than its budget permits; `None`:
    /// that of another file of its group does.
    Parked(Option<ParkedChange>),
}

/// A change that is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedChange {
    /// Its size.
    pub excess: Excess,
    /// The hash of the new content, which an approval names; `None` without a ledger.
    pub content: Option<Hash>,
    /// For how long it was parked already, by this process or an earlier one.
    pub waited: Duration,
}
