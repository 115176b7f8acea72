//! Writes a batch of changes: stages all of them, then swaps all of them.
//!
//! Input: [`Change`]s, in the order of their templates. Output: a [`Swap`] with one [`Applied`] per
//! change, in the same order.
//!
//! The additional files of a template belong to the same transaction: they are staged before any
//! file is swapped, and swapped before the template's own file.
//!
//! All files of a group become visible together, or none. A failure does not affect other groups.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use file_writer::{Previous, Stage, Swapped};
use tempfile::TempDir;

use super::change::{Applied, Change, Effect, ReplacedFile};
use super::fault;
use super::staged_change::StagedChange;
use super::write::Writer;
use crate::options::{GroupConfig, GroupKey};

/// Stages all changes, then swaps all.
pub fn write_all(writer: &Writer, changes: Vec<Change>) -> Swap {
    Staging::of(writer, changes).swap(writer)
}

/// Staged changes. Dropping them removes the staged files.
#[derive(Debug)]
pub struct Staging {
    entries: Vec<StagedChange>,
    /// Copies of contents that will be written in place, for a check.
    scratch: Vec<TempDir>,
}

/// The result of a swap.
#[derive(Debug, Default)]
pub struct Swap {
    /// One result per change, in the same order.
    pub applied: Vec<Applied>,
    /// The replaced files of groups that can be rolled back, as they were at the last success.
    pub replaced: Vec<(GroupKey, ReplacedFile)>,
}

/// A file of a staged change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// The destination.
    pub destination: PathBuf,
    /// The staged file; `None` if the destination is unchanged.
    pub staged: Option<PathBuf>,
    /// `true` if the swap will change the destination.
    pub is_changed: bool,
}

impl StagedFile {
    /// Creates a file that has its content already.
    #[must_use]
    pub fn unchanged(destination: PathBuf) -> Self {
        Self {
            destination,
            staged: None,
            is_changed: false,
        }
    }

    /// The file that has the new content.
    #[must_use]
    pub fn shown(&self) -> &Path {
        self.staged.as_deref().unwrap_or(&self.destination)
    }
}

impl Staging {
    /// Stages changes: all files of a group, or none.
    pub fn of(writer: &Writer, changes: Vec<Change>) -> Self {
        let stage = |change| StagedChange::stage(writer, change);
        let mut entries: Vec<_> = changes.into_iter().map(stage).collect();
        park_named_groups(&mut entries);
        // The number of entries of each group, and whether one of them has failed.
        let mut groups: BTreeMap<GroupKey, (usize, bool)> = BTreeMap::new();
        for entry in &entries {
            let (count, has_failed) = groups.entry(entry.group.key.clone()).or_default();
            *count += 1;
            *has_failed |= entry.applied.outcome.is_err();
        }
        for entry in &mut entries {
            let (count, has_failed) = groups[&entry.group.key];
            entry.has_siblings = count > 1;
            if entry.ready.is_some() && has_failed {
                entry.ready = None;
                entry.applied.outcome = Ok(Effect::Held);
            }
        }
        fault::point("staged");
        let scratch = Vec::new();
        Self { entries, scratch }
    }

    /// Returns `true` if a file could not be staged.
    pub fn has_failed(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.applied.outcome.is_err())
    }

    /// The staged files, for a check.
    ///
    /// # Errors
    /// If a content that will be written in place cannot be copied.
    pub fn files(&mut self) -> io::Result<Vec<StagedFile>> {
        let mut files = Vec::new();
        for entry in &self.entries {
            let destination = std::path::absolute(&entry.applied.destination)?;
            let Some(ready) = &entry.ready else { continue };
            let Stage::Staged(own) = &ready.own else {
                files.push(StagedFile::unchanged(destination));
                continue;
            };
            let staged = match (own.path(), own.content()) {
                (Some(path), _) => std::path::absolute(path)?,
                (None, content) => {
                    let scratch = tempfile::tempdir()?;
                    let path = scratch
                        .path()
                        .join(own.target().file_name().unwrap_or_default());
                    fs::write(&path, content.unwrap_or_default())?;
                    self.scratch.push(scratch);
                    path
                }
            };
            files.push(StagedFile {
                destination,
                staged: Some(staged),
                is_changed: true,
            });
        }
        Ok(files)
    }

    /// Reads what will be replaced. Returns the destinations of groups that can be rolled back whose content is not the one
    /// of the last success, because another program has changed it, with that content.
    fn read(&mut self, writer: &Writer) -> BTreeMap<PathBuf, Previous> {
        let journal = writer.journal();
        for entry in &mut self.entries {
            entry.read_destination(journal.is_some());
        }
        let kept = self.entries.iter().filter_map(StagedChange::kept);
        let (destinations, files): (Vec<_>, Vec<_>) = kept.unzip();
        let Some(journal) = journal.filter(|_| !files.is_empty()) else {
            return BTreeMap::new();
        };
        let applied = destinations.into_iter().zip(journal.applied(files));
        let applied = applied.filter_map(|(path, content)| {
            let content = content?.into_bytes();
            Some((path.clone(), Previous::recorded(path, Some(content))))
        });
        applied.collect()
    }

    /// Records what is about to be swapped. Returns the recorded groups.
    fn record(&self, writer: &Writer) -> Vec<Arc<GroupConfig>> {
        let journal = writer.journal();
        let changes = self.entries.iter();
        let changes = changes.filter(|entry| !entry.is_recorded_late());
        let changes = changes.filter_map(StagedChange::record);
        let recorded = journal.map_or_else(Vec::new, |journal| journal.begin(changes));
        fault::point("intent-recorded");
        recorded
    }

    /// Makes the staged files visible: all files of a group, or none.
    pub fn swap(mut self, writer: &Writer) -> Swap {
        let mut applied_before = self.read(writer);
        let recorded = self.record(writer);
        let mut groups = Vec::with_capacity(self.entries.len());
        let (mut swapped, mut undo, mut applied) = (Vec::new(), Vec::new(), Vec::new());
        let mut written = Vec::new();
        for entry in self.entries {
            groups.push(entry.group.key.clone());
            let (one, late) = entry.swap(writer, &mut swapped, &mut undo);
            applied.push(one);
            written.extend(late);
        }
        let outcomes = groups.iter().zip(&applied);
        let failed = outcomes.filter(|(_, applied)| applied.outcome.is_err());
        let failed: BTreeSet<_> = failed.map(|(group, _)| group.clone()).collect();
        let (failed_undo, undo): (Vec<_>, _) = undo
            .into_iter()
            .partition(|undo| failed.contains(&undo.group));
        for undo in failed_undo.into_iter().rev() {
            swapped.extend(undo.run(writer));
        }
        for (group, applied) in groups.iter().zip(&mut applied) {
            if failed.contains(group) && applied.outcome.is_ok() {
                applied.outcome = Ok(Effect::Held);
            }
        }
        Swapped::flush(swapped);
        fault::point("swapped");
        if let Some(journal) = writer.journal() {
            let discarded = not_written(&groups, &applied);
            journal.swapped(recorded, &discarded, written.into_iter());
        }
        fault::point("swap-recorded");
        let kept = undo.into_iter().filter(|undo| undo.is_kept);
        let replaced = kept.map(|undo| {
            let mut file = undo.replaced;
            // A swap that fails restores the content before it, a rollback that of the last success.
            let own = file.own().map(Previous::destination);
            if let Some(before) = own.and_then(|path| applied_before.remove(path)) {
                file.previous = before;
            }
            (undo.group, file)
        });
        let replaced = replaced.collect();
        Swap { applied, replaced }
    }
}

/// The groups of which no file was written, or not all could be.
fn not_written(groups: &[GroupKey], applied: &[Applied]) -> BTreeSet<GroupKey> {
    let is_written = |one: &Applied| matches!(one.outcome, Ok(Effect::Written));
    let pairs = || groups.iter().zip(applied);
    let written = pairs().filter(|(_, one)| is_written(one));
    let written: BTreeSet<_> = written.map(|(group, _)| group).collect();
    let others = groups.iter().filter(|group| !written.contains(group));
    others.cloned().collect()
}

/// Parks the whole of a named group if a change of one of its files is above the budget. The templates that
/// only share a command are independent.
fn park_named_groups(entries: &mut [StagedChange]) {
    let is_parked = |entry: &&StagedChange| matches!(entry.applied.outcome, Ok(Effect::Parked(_)));
    let parked = entries.iter().filter(is_parked);
    let parked: BTreeSet<_> = parked.map(|entry| entry.group.key.clone()).collect();
    for entry in entries {
        let is_named = entry.group.key.is_named();
        if is_named && entry.ready.is_some() && parked.contains(&entry.group.key) {
            entry.ready = None;
            entry.applied.outcome = Ok(Effect::Parked(None));
        }
    }
}

#[cfg(test)]
mod tests;
