//! What the journal records about a staged change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use apply_ledger::{Attributes, Hash};
use file_writer::{Previous, Stage, target_of};

use super::StagedChange;
use crate::journal::ChangedFile;
use crate::options::{GroupConfig, STANDARD_OUTPUT};
use crate::output::StagedOutput;

impl StagedChange {
    /// Reads the destination before the swap, if it is needed. `is_recorded`: the journal records the change.
    pub(crate) fn read_destination(&mut self, is_recorded: bool) {
        let is_kept = self.keeps_previous || self.has_siblings || self.group.has_effect();
        let Some((target, _)) = self.replaced() else {
            return;
        };
        if is_recorded || is_kept {
            // If it cannot be read, it is not recorded, and the swap reports the error.
            self.previous = Previous::read(&target).ok();
        }
    }

    /// The destination, and its recorded path with the hash of its content before the swap, if it is kept for a rollback.
    pub(crate) fn kept(&self) -> Option<(PathBuf, (PathBuf, Option<Hash>))> {
        let (target, _) = self.replaced().filter(|_| self.keeps_previous)?;
        let present = self.previous.as_ref()?.content().map(Hash::of);
        let target = std::path::absolute(target).ok()?;
        Some((self.applied.destination.clone(), (target, present)))
    }

    /// What the journal records; `None` if no file is replaced.
    pub(crate) fn record(&self) -> Option<(Arc<GroupConfig>, ChangedFile)> {
        let (target, staged) = self.replaced()?;
        let file = ChangedFile {
            destination: std::path::absolute(target).ok()?,
            staged: staged.and_then(|path| std::path::absolute(path).ok()),
            old: self.previous.clone()?,
            new: self.content.clone(),
            attributes: staged.map_or_else(Attributes::default, attributes_of),
        };
        Some((Arc::clone(&self.group), file))
    }

    /// Returns `true` if the journal records the change after the swap, without an intent before it: of a single file,
    /// a rename shows the old content or the new one, and no command is owed.
    pub(crate) fn is_recorded_late(&self) -> bool {
        let ready = self.ready.as_ref().map(|ready| &ready.own);
        let is_replaced = matches!(ready, Some(Stage::Staged(own)) if own.path().is_some());
        is_replaced && !self.has_siblings && !self.keeps_previous && !self.group.has_effect()
    }

    /// The destination at the end of all links, and its staged file, if there is one. A destination that keeps its content
    /// stands for its outputs, for which the command is owed as well. `None` if nothing is replaced.
    fn replaced(&self) -> Option<(PathBuf, Option<&Path>)> {
        let ready = self.ready.as_ref()?;
        if let Stage::Staged(own) = &ready.own {
            return Some((own.target().to_owned(), own.path()));
        }
        let destination = &self.applied.destination;
        let mut outputs = ready.outputs.iter();
        let owes = self.group.has_effect()
            && destination != Path::new(STANDARD_OUTPUT)
            && outputs.any(|(_, output)| !matches!(output, StagedOutput::Unchanged));
        let target = owes.then(|| target_of(destination).ok()).flatten();
        target.map(|target| (target, None))
    }
}

/// Mode and owner of a staged file, which are those of the destination after the swap.
fn attributes_of(staged: &Path) -> Attributes {
    Attributes::of(staged).unwrap_or_default()
}
