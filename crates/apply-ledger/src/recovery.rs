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
    /// The hash of the staged file; `None`: it does not exist.
    pub staged: Option<Hash>,
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
    /// Rename the staged file to the destination.
    Rename {
        /// The staged file.
        staged: PathBuf,
        /// The destination.
        destination: PathBuf,
    },
    /// Write a stored content, because the staged file is missing.
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
/// If a file has been swapped, the others are swapped as well: the new contents were complete, and
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
        let staged = files
            .into_iter()
            .filter(|(_, state)| state.staged.is_some());
        RecoveryPlan {
            result: Recovery::Old,
            steps: staged.filter_map(|(file, _)| remove(file)).collect(),
        }
    }
}

/// Returns `true` if the destination was replaced, or if writing it in place had begun.
fn is_new(file: &PendingFile, state: FileState) -> bool {
    if file.staged.is_some() {
        state.staged.is_none() && state.destination == Some(file.new)
    } else {
        state.destination.is_some() && state.destination != file.old
    }
}

fn steps_to_new(file: &PendingFile, state: FileState) -> Vec<RecoveryStep> {
    let destination = file.destination.clone();
    if state.staged == Some(file.new)
        && let Some(staged) = file.staged.clone()
    {
        return vec![RecoveryStep::Rename {
            staged,
            destination,
        }];
    }
    let leftover = state.staged.and_then(|_| remove(file));
    let write = (state.destination != Some(file.new)).then_some(RecoveryStep::Write {
        destination,
        content: file.new,
        attributes: file.attributes,
    });
    write.into_iter().chain(leftover).collect()
}

fn remove(file: &PendingFile) -> Option<RecoveryStep> {
    let staged = file.staged.clone()?;
    Some(RecoveryStep::Remove { staged })
}

#[cfg(test)]
mod tests;
