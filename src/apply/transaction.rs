//! Writes a batch of changes: stages all of them, then swaps all of them.
//!
//! Input: [`Change`]s, in the order of their templates. Output: one [`Applied`] per change, in the
//! same order, and the [`owed`] commands.
//!
//! The additional files of a template belong to the same transaction: they are staged before any
//! file is swapped, and swapped before the template's own file.
//!
//! Each template has its own result: a failed write does not affect other templates.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use file_writer::{Stage, Swapped, WriteError};

use crate::config::resolved::{CommandConfig, FileConfig, STANDARD_OUTPUT};
use crate::render::output::Output;

use super::output::StagedOutput;
use super::write::Writer;

/// One destination and its new content.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The number of the template.
    pub job: usize,
    /// The file of the template; `None` for an inline template.
    pub source: Option<PathBuf>,
    /// The destination.
    pub destination: PathBuf,
    /// The new content. It may be secret, so `Debug` shows only its length.
    pub content: Vec<u8>,
    /// The additional files to write in the same transaction.
    pub outputs: Vec<Output>,
    /// `true` if content or outputs differ from the last write. Outputs are appended only then.
    pub fresh: bool,
    /// Mode, owner and write mode.
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

/// The result of one change.
#[derive(Debug)]
pub struct Applied {
    /// The number of the template.
    pub job: usize,
    /// The destination.
    pub destination: PathBuf,
    /// The effect, or the error of the write.
    pub outcome: Result<Effect, WriteError>,
}

/// The effect of a change on its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The destination already had the content.
    Unchanged,
    /// The destination has the new content.
    Written,
}

/// Stages all changes, then swaps all.
pub fn write_all(writer: &mut Writer, changes: Vec<Change>) -> Vec<Applied> {
    let staged: Vec<_> = changes
        .into_iter()
        .map(|change| stage(writer, change))
        .collect();

    let mut swapped = Vec::new();
    let applied = staged
        .into_iter()
        .map(|(applied, staged)| swap(writer, applied, staged, &mut swapped))
        .collect();
    Swapped::flush(swapped);
    applied
}

/// A staged destination with its staged outputs.
struct Ready {
    own: Stage,
    /// The text for standard output.
    printed: Option<Vec<u8>>,
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
    let is_printed = destination == Path::new(STANDARD_OUTPUT);
    let own = if is_printed {
        Ok(Stage::Unchanged)
    } else {
        writer.stage(&destination, &content, source.as_deref(), &file)
    };
    // A text is printed once, even if the template is rendered again before the process ends.
    let printed = (is_printed && !writer.has_printed).then_some(content);
    let staged = own.and_then(|own| {
        let staged = Output::merged(outputs)
            .into_iter()
            .map(|output| writer.stage_output(&destination, output, fresh));
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
    let printed = ready.printed.clone();
    let outcome = swap_all(ready, &mut appended, swapped);
    warn_in_place(writer, &applied.destination, &swapped[already..]);
    let printed = printed.filter(|_| outcome.is_ok());
    if let Some(text) = &printed {
        // Ignore EPIPE: the reader is gone.
        let _ = std::io::stdout().lock().write_all(text);
        writer.has_printed = true;
    }
    // Files that were swapped before an error owe the command as well.
    let changed = known || printed.is_some() || swapped.len() > already;
    if outcome.is_err() && changed {
        writer
            .unfinished
            .insert(applied.destination.clone(), appended);
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

/// Logs once per destination that it is written in place.
fn warn_in_place(writer: &mut Writer, destination: &Path, swapped: &[Swapped]) {
    let Some(why) = swapped.iter().find_map(Swapped::in_place_warning) else {
        return;
    };
    if writer.warned.insert(destination.to_owned()) {
        let destination = destination.display().to_string();
        tracing::warn!(
            name: "file.in_place", destination, why,
            "{destination}: written in place, because {why}: a reader may see a mixture of old and new content"
        );
    }
}

/// Swaps the outputs, then the template's own file: a program that sees it change finds the others
/// already changed.
fn swap_all(
    ready: Ready,
    appended: &mut Vec<(PathBuf, u64)>,
    swapped: &mut Vec<Swapped>,
) -> Result<(), WriteError> {
    let Ready { own, outputs, .. } = ready;
    let settled = matches!(own, Stage::Unchanged);
    for output in outputs {
        swapped.extend(output.swap(settled, appended)?);
    }
    if let Stage::Staged(staged) = own {
        swapped.push(staged.swap()?);
    }
    Ok(())
}

/// An owed command, and the files that require it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed<'a> {
    /// The command. If several commands have the same line, the options of the first one apply.
    pub command: &'a CommandConfig,
    /// The written files, in the order of their templates.
    pub destinations: Vec<&'a Path>,
}

/// The distinct owed commands, in the order of their first templates. `command_of` returns the
/// present command of a file.
pub fn owed<'a>(
    applied: &'a [Applied],
    command_of: impl Fn(&Applied) -> Option<&'a CommandConfig>,
) -> Vec<Owed<'a>> {
    let mut all: Vec<Owed<'_>> = Vec::new();
    let written = applied
        .iter()
        .filter(|applied| matches!(applied.outcome, Ok(Effect::Written)));
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
