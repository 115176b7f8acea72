//! Decides how an interrupted intent ends: all files are old, or all files are new.
//!
//! Input: a [`PendingIntent`] and the present [state](FileState) of its files. Output: a
//! [`RecoveryPlan`]. Executing a plan, completely or in part, and planning again leads to the same
//! end.

mod execute;

use std::path::PathBuf;

use crate::hash::Hash;
use crate::records::{Attributes, PendingFile, PendingIntent};

/// The present state of a file of an intent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// `true` if the staged file exists.
    pub is_staged: bool,
    /// The hash of the destination; `None`: it does not exist.
    pub destination: Option<Hash>,
}

/// The files after the recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// No file was swapped: all are old, and the intent is to be
    /// [discarded](crate::Ledger::discarded).
    Old,
    /// All files are new. The intent is [swapped](crate::Ledger::swapped), and its command owed.
    New,
}

/// A step of a recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryStep {
    /// Write a stored content. The staged file is not used: since the crash, another user may have
    /// put a file of his own in its place, or a link in that of the destination.
    Write {
        /// The destination.
        destination: PathBuf,
        /// The hash of the content.
        content: Hash,
        /// The attributes of the file.
        attributes: Attributes,
    },
    /// Remove the staged file, if it exists.
    Remove {
        /// The staged file.
        staged: PathBuf,
    },
}

/// The steps after which all files of an intent are old, or all are new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryPlan {
    /// The files after the steps.
    pub result: Recovery,
    /// The steps, in their order.
    pub steps: Vec<RecoveryStep>,
}

/// Plans the recovery of an interrupted intent. `states` are those of its files, in their order; a
/// missing state is that of a missing file.
///
/// If a file has been swapped, the others are written as well: the new contents were complete, and
/// had passed all checks. Otherwise the staged files are removed.
#[must_use]
pub fn recover(intent: &PendingIntent, states: &[FileState]) -> RecoveryPlan {
    let states = states.iter().copied();
    let states = states.chain(std::iter::repeat(FileState::default()));
    let files: Vec<_> = intent.files.iter().zip(states).collect();
    // A file with the same content shows that it was swapped only by its missing staged file, which
    // a removal explains as well. If all are such files, their contents do not depend on the answer.
    let is_same = |file: &PendingFile| file.old == Some(file.new);
    let all_same = files.iter().all(|(file, _)| is_same(file));
    let is_swapped = files
        .iter()
        .any(|(file, state)| (all_same || !is_same(file)) && is_new(file, *state));
    if is_swapped {
        RecoveryPlan {
            result: Recovery::New,
            steps: files
                .into_iter()
                .flat_map(|(file, state)| steps_to_new(file, state))
                .collect(),
        }
    } else {
        RecoveryPlan {
            result: Recovery::Old,
            steps: files
                .into_iter()
                .filter_map(|(file, state)| remove(file, state))
                .collect(),
        }
    }
}

/// Returns `true` if the destination was replaced, or if writing it in place had begun.
fn is_new(file: &PendingFile, state: FileState) -> bool {
    if file.staged.is_some() {
        !state.is_staged && state.destination == Some(file.new)
    } else {
        // A file that keeps its content stands for files that are not recorded, and may have been written.
        let is_same = file.old == Some(file.new);
        state.destination.is_some() && (is_same || state.destination != file.old)
    }
}

fn steps_to_new(file: &PendingFile, state: FileState) -> impl Iterator<Item = RecoveryStep> {
    let is_written = !state.is_staged && state.destination == Some(file.new);
    let write = (!is_written).then(|| RecoveryStep::Write {
        destination: file.destination.clone(),
        content: file.new,
        attributes: file.attributes,
    });
    write.into_iter().chain(remove(file, state))
}

/// Removes the staged file, if it exists.
fn remove(file: &PendingFile, state: FileState) -> Option<RecoveryStep> {
    let staged = file.staged.clone().filter(|_| state.is_staged)?;
    Some(RecoveryStep::Remove { staged })
}

#[cfg(test)]
mod tests;
