//! A batch of changes: all are staged, then all are swapped.
//!
//! in:  [`Change`]s, in the order of their templates
//! out: one [`Applied`] each, in the same order, and from these the commands that are [`owed`]
//!
//! Each file has its own result: one that cannot be written never holds back another.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::resolved::CommandConfig;

use super::error::WriteError;
use super::write::{Stage, Swapped, Writer};

/// One destination and what it shall hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The job's place in the configuration.
    pub job: usize,
    /// The template, if it is a file.
    pub source: Option<PathBuf>,
    /// The file.
    pub destination: PathBuf,
    /// What it shall hold. May be secret: it is not part of the `Debug` form.
    pub content: Vec<u8>,
    /// What is run once the file has changed.
    pub command: Option<CommandConfig>,
}

impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, source, destination, content, command } = self;
        out.debug_struct("Change")
            .field("job", job)
            .field("source", source)
            .field("destination", destination)
            .field("content", &format_args!("{} bytes", content.len()))
            .field("command", command)
            .finish()
    }
}

/// What became of one change.
#[derive(Debug)]
pub struct Applied {
    /// The job's place in the configuration.
    pub job: usize,
    /// The file.
    pub destination: PathBuf,
    /// What is run once the file has changed.
    pub command: Option<CommandConfig>,
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
    let staged: Vec<_> = changes.into_iter().map(|change| stage(writer, change)).collect();

    // A check that may still say no sees the staged files here; a ledger on the disk notes the intent here.

    let mut swapped = Vec::new();
    let applied = staged.into_iter().map(|(applied, staged)| swap(applied, staged, &mut swapped)).collect();
    Swapped::flush(swapped);
    applied
}

fn stage(writer: &mut Writer, change: Change) -> (Applied, Option<Stage>) {
    let Change { job, source, destination, content, command } = change;
    let (stage, outcome) = match writer.stage(&destination, &content, source.as_deref()) {
        Ok(stage) => (Some(stage), Ok(Outcome::Unchanged)),
        Err(error) => (None, Err(error)),
    };
    (Applied { job, destination, command, outcome }, stage)
}

fn swap(mut applied: Applied, stage: Option<Stage>, swapped: &mut Vec<Swapped>) -> Applied {
    if let Some(Stage::Staged(staged)) = stage {
        applied.outcome = staged.swap().map(|done| {
            swapped.push(done);
            Outcome::Written
        });
    }
    applied
}

/// A command that must run, and the files that it must run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed<'a> {
    /// What is run: the first of those with the same line decides about the rest.
    pub command: &'a CommandConfig,
    /// The files that were written, in the order of their templates.
    pub destinations: Vec<&'a Path>,
}

/// The distinct commands whose files were written, in the order of the first template of each.
pub fn owed(applied: &[Applied]) -> Vec<Owed<'_>> {
    let mut all: Vec<Owed<'_>> = Vec::new();
    let written = applied.iter().filter(|applied| matches!(applied.outcome, Ok(Outcome::Written)));
    for Applied { destination, command, .. } in written {
        let Some(command) = command else { continue };
        match all.iter_mut().find(|owed| owed.command.line == command.line) {
            Some(owed) => owed.destinations.push(destination),
            None => all.push(Owed { command, destinations: vec![destination] }),
        }
    }
    all
}

#[cfg(test)]
mod tests;
