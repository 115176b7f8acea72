//! The text of a destination on its way to the file.

use std::sync::Arc;
use std::time::Instant;

use group_apply::change::ParkedChange;
use group_apply::hold_results::HoldRequest;
use group_apply::requests::HeldContent;

use crate::daemon::text::Text;
use crate::decide::ChangeTimes;

/// The text that is to be written.
#[derive(Debug)]
pub(super) enum Pending {
    /// No text is waiting: none was rendered, or the last one is written.
    Nothing,
    /// The text is waiting to be written.
    Waiting(Candidate),
    /// The text is being written.
    Writing(Candidate, Next),
}

/// The continuation after a write in progress.
#[derive(Debug)]
pub(super) enum Next {
    /// If the write fails, the same text is written again.
    Nothing,
    /// Nothing is written, even if the write fails: the template has failed since.
    Dropped,
    /// This text is written next. It may be the same text, rendered again: another program may have
    /// changed the file.
    Text(Candidate),
}

/// A rendered text, and the time since when it has been waiting.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) text: Arc<Text>,
    pub(super) since: ChangeTimes,
}

/// A failed write that is retried.
#[derive(Debug)]
pub(super) struct WriteFailure {
    /// The number of consecutive failures.
    pub(super) count: u32,
    pub(super) text: String,
    pub(super) retry: Instant,
}

/// The content of a file, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InFile {
    /// Nothing was written yet.
    Unknown,
    /// The text with this fingerprint.
    Text(u64),
    /// A content that was restored.
    Other,
    /// The content of a failed change, because the previous one could not be restored.
    Unrestored,
}

impl InFile {
    /// The fingerprint of the text in the file.
    pub(super) fn text(self) -> Option<u64> {
        match self {
            Self::Text(fingerprint) => Some(fingerprint),
            Self::Unknown | Self::Other | Self::Unrestored => None,
        }
    }
}

impl Candidate {
    /// The content of the file after this text was written.
    pub(super) fn in_file(&self) -> InFile {
        InFile::Text(self.text.fingerprint)
    }
}

/// A text that is above the change budget.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parked {
    /// The fingerprint of the text.
    pub(super) text: u64,
    /// The time since when this process has it parked.
    pub(super) since: Instant,
    pub(super) change: ParkedChange,
    pub(super) approval: Approval,
}

/// Whether the command line has approved a parked text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Approval {
    Missing,
    Given,
}

/// The content that a destination keeps.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) held: HeldContent,
    /// The fingerprint of the content.
    pub(super) fingerprint: u64,
    /// The request that waits for the result; `None`: it is known.
    pub(super) request: Option<HoldRequest>,
    /// The hold before, which continues if this content is refused.
    pub(super) earlier: Option<HeldContent>,
    /// The end; `None`: when it is released.
    pub(super) until: Option<Instant>,
    /// The latest text of the template.
    pub(super) rendered: Option<Arc<Text>>,
}

/// Whether the template has to be rendered, because its last text was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rendering {
    Done,
    Needed,
}
