//! One staged change: staging it, and swapping it.
//!
//! Input: a [`Change`]. Output: a [`StagedChange`], then its [`Applied`].

mod record;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use apply_ledger::Hash;
use file_writer::{Additional, KnownTarget, Previous, Stage, Swapped, WriteError};

use super::budget::{DiffSize, removed_lines};
use super::change::{Applied, Change, Effect, ParkedChange, ReplacedFile};
use super::drift::BeforeSwap;
use super::fault;
use super::journal::ChangedFile;
use super::output::StagedOutput;
use super::secret::Secret;
use super::write::Writer;
use crate::options::{FileConfig, GroupConfig, GroupKey, MaxChange, STANDARD_OUTPUT};
use error_line::chain;

/// One staged change.
#[derive(Debug)]
pub(crate) struct StagedChange {
    pub(crate) applied: Applied,
    pub(crate) group: Arc<GroupConfig>,
    pub(crate) file: FileConfig,
    pub(crate) keeps_previous: bool,
    /// `true` if it restores a file that another program has changed.
    is_restoration: bool,
    /// The content, until it is recorded. It may be secret.
    pub(crate) content: Secret,
    /// The destination before the swap, if it is needed.
    pub(crate) previous: Option<Previous>,
    /// `true` if other files of the group are staged too.
    pub(crate) has_siblings: bool,
    /// `None` if it could not be staged, or is held.
    pub(crate) ready: Option<Ready>,
}

/// A staged destination with its staged outputs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) own: Stage,
    /// The file that the destination led to before it was staged.
    known: Option<KnownTarget>,
    /// The text for standard output.
    pub(crate) printed: Option<Vec<u8>>,
    pub(crate) outputs: Vec<(PathBuf, StagedOutput)>,
}

/// The state of a file before its swap.
pub(crate) struct Undo {
    pub(crate) group: GroupKey,
    pub(crate) file: FileConfig,
    pub(crate) replaced: ReplacedFile,
    /// `true` if the group can be rolled back later.
    pub(crate) is_kept: bool,
}

impl Undo {
    /// Restores the file, because another file of its group could not be swapped.
    pub(crate) fn run(self, writer: &Writer) -> Option<Swapped> {
        let restored = writer.restore(&self.replaced.previous, &self.file);
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

impl StagedChange {
    /// The size of the change, for a group that can fail after the swap.
    fn size(&self) -> Option<DiffSize> {
        let own = self.ready.as_ref().map(|ready| &ready.own);
        let is_counted = matches!(own, Some(Stage::Staged(_))) && self.group.has_effect();
        let old = self.previous.as_ref().filter(|_| is_counted)?;
        let old = old.content().unwrap_or_default();
        Some(DiffSize::of(old, &self.content))
    }

    pub(crate) fn stage(writer: &Writer, change: Change) -> Self {
        let keeps_previous = change.keeps_previous();
        let known = writer.known_target(&change);
        let own = stage_own(writer, &change);
        let Change {
            job,
            group,
            source: _,
            destination,
            content,
            outputs,
            fresh,
            is_approved,
            is_restoration,
            file,
        } = change;
        let is_printed = destination == Path::new(STANDARD_OUTPUT);
        let printed = is_printed.then(|| content.clone());
        // A text is printed once, even if the template is rendered again before the process ends.
        let printed = printed.filter(|_| !writer.state().has_printed);
        let staged = own.and_then(|own| {
            let staged = Additional::merged(outputs).into_iter().map(|output| {
                let path = output.path.clone();
                let staged = writer.stage_output(&destination, output, fresh)?;
                Ok((path, staged))
            });
            Ok(Ready {
                own,
                known,
                printed,
                outputs: staged.collect::<Result<_, _>>()?,
            })
        });
        let budget = file.max_change.filter(|_| !is_approved);
        let staged = staged.map(|ready| {
            let parked = budget.and_then(|budget| parked(writer, &ready.own, &content, &budget));
            (ready, parked)
        });
        let (ready, outcome) = match staged {
            Ok((_, Some(parked))) => (None, Ok(Effect::Parked(Some(parked)))),
            Ok((ready, None)) => (Some(ready), Ok(Effect::Unchanged)),
            Err(error) => (None, Err(error)),
        };
        let applied = Applied {
            job,
            destination,
            outcome,
            size: None,
        };
        Self {
            applied,
            group,
            file,
            keeps_previous,
            is_restoration,
            content: content.into(),
            previous: None,
            has_siblings: false,
            ready,
        }
    }

    pub(crate) fn swap(
        self,
        writer: &Writer,
        swapped: &mut Vec<Swapped>,
        undo: &mut Vec<Undo>,
    ) -> (Applied, Option<(Arc<GroupConfig>, ChangedFile)>) {
        let is_recorded_late = writer.journal().is_some() && self.is_recorded_late();
        let late = is_recorded_late.then(|| self.record()).flatten();
        let size = self.size();
        let Self {
            mut applied,
            group,
            file,
            keeps_previous,
            is_restoration,
            has_siblings,
            previous: mut own,
            ready,
            content,
        } = self;
        let Some(mut ready) = ready else {
            return (applied, None);
        };
        applied.size = size;
        let path = &applied.destination;
        let before_swap = BeforeSwap::of(path, &ready.own, ready.known.take());
        let before = writer.state().unfinished.remove(&applied.destination);
        let (known, already) = (before.is_some(), swapped.len());
        let mut appended = before.unwrap_or_default();
        let (printed, destination) = (ready.printed.clone(), applied.destination.clone());
        let mut keep = |path: &Path| {
            if !keeps_previous && !has_siblings {
                return Ok(());
            }
            let known = own.take_if(|previous| previous.destination() == path);
            undo.push(Undo {
                group: group.key.clone(),
                file: file.clone(),
                replaced: replaced_file(path, &destination, known)?,
                is_kept: keeps_previous,
            });
            Ok(())
        };
        let outcome = swap_all(ready, &destination, &mut appended, swapped, &mut keep);
        writer.warn_in_place(&destination, &swapped[already..]);
        if outcome.is_ok() {
            let written = (&content[..], &file, before_swap);
            settled(writer, &destination, written, is_restoration);
        }
        let printed = printed.filter(|_| outcome.is_ok());
        if let Some(text) = &printed {
            print(writer, text);
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
        let late = late.filter(|_| applied.outcome.is_ok());
        (applied, late)
    }
}

/// The state of a file before it is replaced: the destination of a template, or an additional file. It is read if it is
/// not `known`.
fn replaced_file(
    path: &Path,
    destination: &Path,
    known: Option<Previous>,
) -> Result<ReplacedFile, WriteError> {
    let previous = match known {
        Some(known) => known,
        None if path == destination => Previous::read(path)?,
        None => Previous::read_additional(path)?,
    };
    Ok(ReplacedFile {
        destination: destination.to_owned(),
        previous,
    })
}

/// Stages the template's own file.
fn stage_own(writer: &Writer, change: &Change) -> Result<Stage, WriteError> {
    let (destination, content) = (&change.destination, &change.content);
    let (source, file) = (change.source.as_deref(), &change.file);
    if destination == Path::new(STANDARD_OUTPUT) {
        Ok(Stage::Unchanged)
    } else if change.is_restoration {
        writer.stage_restoration(destination, content, source, file)
    } else {
        writer.stage(destination, content, source, file)
    }
}

/// Keeps what is known about a destination that has its content.
fn settled(
    writer: &Writer,
    destination: &Path,
    (content, file, before): (&[u8], &FileConfig, BeforeSwap),
    is_restoration: bool,
) {
    writer.remember(destination, content, file, before);
    // While the old content is restored, a new one stays parked.
    if let Some(journal) = writer.journal().filter(|_| !is_restoration) {
        journal.unpark(destination);
    }
}

/// Prints the text of the destination `-`.
fn print(writer: &Writer, text: &[u8]) {
    // Ignore EPIPE: the reader is gone.
    let _ = std::io::stdout().lock().write_all(text);
    writer.state().has_printed = true;
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
        fault::point("file-swapped");
    }
    Ok(())
}

/// Parks a change that is above its budget; `None` if it is not, or was approved. A file that does not exist or
/// cannot be read has no lines.
fn parked(
    writer: &Writer,
    own: &Stage,
    content: &[u8],
    budget: &MaxChange,
) -> Option<ParkedChange> {
    let Stage::Staged(own) = own else {
        return None;
    };
    let old = Previous::read(own.target()).ok()?;
    let excess = removed_lines(old.content()?, content);
    if !budget.is_exceeded(excess.removed, excess.lines) {
        return None;
    }
    let hash = Hash::of(content);
    let recorded = writer
        .journal()
        .map(|it| it.park(own.target(), hash, excess));
    match recorded.flatten() {
        Some(recorded) if recorded.is_approved => None,
        recorded => Some(ParkedChange {
            excess,
            content: recorded.is_some().then_some(hash),
            waited: recorded.map_or(Duration::ZERO, |it| it.since.elapsed().unwrap_or_default()),
        }),
    }
}
