//! A batch of changes: all are staged, then all are swapped.
//!
//! in:  [`Change`]s, in the order of their templates
//! out: one [`Applied`] each, in the same order, and from these the commands that are [`owed`]
//!
//! What a template writes beside its own file belongs to the same transaction: all of it is staged before any of it is
//! swapped, and it is there when the template's own file changes.
//!
//! Each file has its own result: one that cannot be written never holds back another.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::resolved::{CommandConfig, FileConfig};
use crate::template::output::Output;

use super::error::WriteError;
use super::output::StagedOutput;
use super::write::{Stage, Swapped, Writer};

/// One destination and what it shall hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The job's number.
    pub job: usize,
    /// The template, if it is a file.
    pub source: Option<PathBuf>,
    /// The file.
    pub destination: PathBuf,
    /// What it shall hold. May be secret: it is not part of the `Debug` form.
    pub content: Vec<u8>,
    /// What is written together with it.
    pub outputs: Vec<Output>,
    /// Whether content and outputs are others than when they were last written: then what is to be appended is.
    pub fresh: bool,
    /// What the file is like, beside its content.
    pub file: FileConfig,
}

impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            job,
            source,
            destination,
            content,
            outputs,
            fresh,
            file,
        } = self;
        out.debug_struct("Change")
            .field("job", job)
            .field("source", source)
            .field("destination", destination)
            .field("content", &format_args!("{} bytes", content.len()))
            .field("outputs", outputs)
            .field("fresh", fresh)
            .field("file", file)
            .finish()
    }
}

/// What became of one change.
#[derive(Debug)]
pub struct Applied {
    /// The job's number.
    pub job: usize,
    /// The file.
    pub destination: PathBuf,
    /// Whether the file changed.
    pub outcome: Result<Outcome, WriteError>,
}

/// What a change did to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: it held the content already.
    Unchanged,
    /// It holds the new content now.
    Written,
}

/// Stages all changes, then swaps all.
pub fn write_all(writer: &mut Writer, changes: Vec<Change>) -> Vec<Applied> {
    let staged: Vec<_> = changes
        .into_iter()
        .map(|change| stage(writer, change))
        .collect();

    // A check that may still say no sees the staged files here; a ledger on the disk notes the intent here.

    let mut swapped = Vec::new();
    let applied = staged
        .into_iter()
        .map(|(applied, staged)| swap(writer, applied, staged, &mut swapped))
        .collect();
    Swapped::flush(swapped);
    applied
}

/// A destination and its outputs, staged.
struct Ready {
    own: Stage,
    outputs: Vec<StagedOutput>,
}

fn stage(writer: &mut Writer, change: Change) -> (Applied, Option<Ready>) {
    let Change {
        job,
        source,
        destination,
        content,
        outputs,
        fresh,
        file,
    } = change;
    let staged = writer
        .stage(&destination, &content, source.as_deref(), &file)
        .and_then(|own| {
            let staged = Output::merged(outputs)
                .into_iter()
                .map(|output| writer.stage_output(&destination, output, fresh));
            Ok(Ready {
                own,
                outputs: staged.collect::<Result<_, _>>()?,
            })
        });
    let (ready, outcome) = match staged {
        Ok(ready) => (Some(ready), Ok(Outcome::Unchanged)),
        Err(error) => (None, Err(error)),
    };
    (
        Applied {
            job,
            destination,
            outcome,
        },
        ready,
    )
}

fn swap(
    writer: &mut Writer,
    mut applied: Applied,
    ready: Option<Ready>,
    swapped: &mut Vec<Swapped>,
) -> Applied {
    let Some(ready) = ready else { return applied };
    let before = writer.unfinished.remove(&applied.destination);
    let (known, already) = (before.is_some(), swapped.len());
    let mut appended = before.unwrap_or_default();
    let outcome = swap_all(ready, &mut appended, swapped);
    tell_in_place(writer, &applied.destination, &swapped[already..]);
    // The command is owed for what was written by a transaction that failed further on, too.
    let changed = known || swapped.len() > already;
    if outcome.is_err() && changed {
        writer
            .unfinished
            .insert(applied.destination.clone(), appended);
    }
    applied.outcome = outcome.map(|()| {
        if changed {
            Outcome::Written
        } else {
            Outcome::Unchanged
        }
    });
    applied
}

/// Says once of each destination that it is not replaced as others are.
fn tell_in_place(writer: &mut Writer, destination: &Path, swapped: &[Swapped]) {
    let Some(why) = swapped
        .iter()
        .find_map(|swapped| swapped.in_place?.warning())
    else {
        return;
    };
    if writer.told.insert(destination.to_owned()) {
        let destination = destination.display().to_string();
        tracing::warn!(
            name: "file.in_place", destination, why,
            "{destination} is written in place, for {why}: who reads it meanwhile may see a mixture of old and new"
        );
    }
}

/// The template's own file comes last: whoever sees it change finds the others there.
fn swap_all(
    ready: Ready,
    appended: &mut Vec<(PathBuf, u64)>,
    swapped: &mut Vec<Swapped>,
) -> Result<(), WriteError> {
    let Ready { own, outputs } = ready;
    let settled = matches!(own, Stage::Unchanged);
    for output in outputs {
        swapped.extend(output.swap(settled, appended)?);
    }
    if let Stage::Staged(staged) = own {
        swapped.push(staged.swap()?);
    }
    Ok(())
}

/// A command that must run, and the files that it must run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed<'a> {
    /// What is run: the first of those with the same line decides about the rest.
    pub command: &'a CommandConfig,
    /// The files that were written, in the order of their templates.
    pub destinations: Vec<&'a Path>,
}

/// The distinct commands whose files were written, in the order of the first template of each. `command_of` knows the
/// command that a file needs now.
pub fn owed<'a>(
    applied: &'a [Applied],
    command_of: impl Fn(&Applied) -> Option<&'a CommandConfig>,
) -> Vec<Owed<'a>> {
    let mut all: Vec<Owed<'_>> = Vec::new();
    let written = applied
        .iter()
        .filter(|applied| matches!(applied.outcome, Ok(Outcome::Written)));
    for applied in written {
        let Some(command) = command_of(applied) else {
            continue;
        };
        let destination = applied.destination.as_path();
        match all
            .iter_mut()
            .find(|owed| owed.command.line == command.line)
        {
            Some(owed) => owed.destinations.push(destination),
            None => all.push(Owed {
                command,
                destinations: vec![destination],
            }),
        }
    }
    all
}

#[cfg(test)]
mod tests;
