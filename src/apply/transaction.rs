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
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use file_writer::{Previous, Stage, Swapped, WriteError};
use tempfile::TempDir;

use super::change::{Applied, Change, Effect};
use super::output::StagedOutput;
use super::write::Writer;
use crate::config::resolved::{FileConfig, GroupConfig, GroupKey, STANDARD_OUTPUT};
use crate::error_chain::chain;
use crate::render::output::Output;

/// Stages all changes, then swaps all.
pub fn write_all(writer: &Writer, changes: Vec<Change>) -> Swap {
    Staging::of(writer, changes).swap(writer)
}

/// Staged changes. Dropping them removes the staged files.
#[derive(Debug)]
pub struct Staging {
    entries: Vec<Entry>,
    /// Copies of contents that will be written in place, for a check.
    scratch: Vec<TempDir>,
}

/// The result of a swap.
#[derive(Debug, Default)]
pub struct Swap {
    /// One result per change, in the same order.
    pub applied: Vec<Applied>,
    /// The replaced files of groups that can be rolled back.
    pub replaced: Vec<(GroupKey, Previous)>,
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

/// One staged change.
#[derive(Debug)]
struct Entry {
    applied: Applied,
    group: Arc<GroupConfig>,
    file: FileConfig,
    keeps_previous: bool,
    /// `true` if other files of the group are staged too.
    has_siblings: bool,
    /// `None` if it could not be staged, or is held.
    ready: Option<Ready>,
}

/// A staged destination with its staged outputs.
#[derive(Debug)]
struct Ready {
    own: Stage,
    /// The text for standard output.
    printed: Option<Vec<u8>>,
    outputs: Vec<(PathBuf, StagedOutput)>,
}

impl Staging {
    /// Stages changes: all files of a group, or none.
    pub fn of(writer: &Writer, changes: Vec<Change>) -> Self {
        let stage = |change| Entry::stage(writer, change);
        let mut entries: Vec<_> = changes.into_iter().map(stage).collect();
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

    /// Makes the staged files visible: all files of a group, or none.
    pub fn swap(self, writer: &Writer) -> Swap {
        let mut groups = Vec::with_capacity(self.entries.len());
        let (mut swapped, mut undo, mut applied) = (Vec::new(), Vec::new(), Vec::new());
        for entry in self.entries {
            groups.push(entry.group.key.clone());
            applied.push(entry.swap(writer, &mut swapped, &mut undo));
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
        let kept = undo.into_iter().filter(|undo| undo.is_kept);
        Swap {
            applied,
            replaced: kept.map(|undo| (undo.group, undo.previous)).collect(),
        }
    }
}

/// The state of a file before its swap.
struct Undo {
    group: GroupKey,
    file: FileConfig,
    previous: Previous,
    /// `true` if the group can be rolled back later.
    is_kept: bool,
}

impl Undo {
    /// Restores the file, because another file of its group could not be swapped.
    fn run(self, writer: &Writer) -> Option<Swapped> {
        let restored = writer.restore(&self.previous, &self.file);
        restored.unwrap_or_else(|error| {
            let (file, error) = (error.path().display().to_string(), chain(&error));
            tracing::error!(
                name: "file.not_restored", %file, error,
                "{error}: the file is newer than the other files of its group, which could not be written"
            );
            None
        })
    }
}

impl Entry {
    fn stage(writer: &Writer, change: Change) -> Self {
        let keeps_previous = change.keeps_previous();
        let Change {
            job,
            group,
            source,
            destination,
            content,
            outputs,
            fresh,
            file,
        } = change;
        let is_printed = destination == Path::new(STANDARD_OUTPUT);
        let own = if is_printed {
            Ok(Stage::Unchanged)
        } else {
            writer.stage(&destination, &content, source.as_deref(), &file)
        };
        // A text is printed once, even if the template is rendered again before the process ends.
        let printed = (is_printed && !writer.state().has_printed).then_some(content);
        let staged = own.and_then(|own| {
            let staged = Output::merged(outputs).into_iter().map(|output| {
                let path = output.path.clone();
                let staged = writer.stage_output(&destination, output, fresh)?;
                Ok((path, staged))
            });
            Ok(Ready {
                own,
                printed,
                outputs: staged.collect::<Result<_, _>>()?,
            })
        });
        let (ready, outcome) = match staged {
            Ok(ready) => (Some(ready), Ok(Effect::Unchanged)),
            Err(error) => (None, Err(error)),
        };
        let applied = Applied {
            job,
            destination,
            outcome,
        };
        Self {
            applied,
            group,
            file,
            keeps_previous,
            has_siblings: false,
            ready,
        }
    }

    fn swap(self, writer: &Writer, swapped: &mut Vec<Swapped>, undo: &mut Vec<Undo>) -> Applied {
        let Self {
            mut applied,
            group,
            file,
            keeps_previous,
            has_siblings,
            ready,
        } = self;
        let Some(ready) = ready else { return applied };
        let before = writer.state().unfinished.remove(&applied.destination);
        let (known, already) = (before.is_some(), swapped.len());
        let mut appended = before.unwrap_or_default();
        let printed = ready.printed.clone();
        let mut keep = |path: &Path| {
            if !keeps_previous && !has_siblings {
                return Ok(());
            }
            undo.push(Undo {
                group: group.key.clone(),
                file: file.clone(),
                previous: Previous::read(path)?,
                is_kept: keeps_previous,
            });
            Ok(())
        };
        let destination = applied.destination.clone();
        let outcome = swap_all(ready, &destination, &mut appended, swapped, &mut keep);
        warn_in_place(writer, &destination, &swapped[already..]);
        let printed = printed.filter(|_| outcome.is_ok());
        if let Some(text) = &printed {
            // Ignore EPIPE: the reader is gone.
            let _ = std::io::stdout().lock().write_all(text);
            writer.state().has_printed = true;
        }
        // Files that were swapped before an error owe the command as well.
        let changed = known || printed.is_some() || swapped.len() > already;
        if outcome.is_err() && changed {
            writer.state().unfinished.insert(destination, appended);
        }
        applied.outcome = outcome.map(|()| {
            if changed {
                Effect::Written
            } else {
                Effect::Unchanged
            }
        });
        applied
    }
}

/// Logs once per destination that it is written in place.
fn warn_in_place(writer: &Writer, destination: &Path, swapped: &[Swapped]) {
    let Some(why) = swapped.iter().find_map(Swapped::in_place_warning) else {
        return;
    };
    if writer.state().warned.insert(destination.to_owned()) {
        let destination = destination.display().to_string();
        tracing::warn!(
            name: "file.in_place", destination, why,
            "{destination}: written in place, because {why}: a reader may see a mixture of old and new content"
        );
    }
}

/// Swaps the outputs, then the template's own file: a program that sees it change finds the others
/// already changed.
///
/// Before a file is replaced, `replaced` is called with its path.
fn swap_all(
    ready: Ready,
    destination: &Path,
    appended: &mut Vec<(PathBuf, u64)>,
    swapped: &mut Vec<Swapped>,
    replaced: &mut dyn FnMut(&Path) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let Ready { own, outputs, .. } = ready;
    let settled = matches!(own, Stage::Unchanged);
    for (path, output) in outputs {
        if matches!(output, StagedOutput::Replacement(_)) {
            replaced(&path)?;
        }
        swapped.extend(output.swap(settled, appended)?);
    }
    if let Stage::Staged(staged) = own {
        replaced(destination)?;
        swapped.push(staged.swap()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
