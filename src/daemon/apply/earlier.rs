//! What earlier processes have left: owed commands, and contents that they have rolled back.
//!
//! Input: the files in the ledger. Output: the debts of their groups, and the contents that are not repeated.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ctmpl_options::config::resolved::Mode;
use group_apply::change::ReplacedFile;
use group_apply::options::{GroupKey, OnFailure};

use super::Apply;
use super::destination::Destination;
use super::lookup::{of_file, rank};
use crate::daemon::event::Action;
use crate::daemon::state_dir::{OwedFile, RolledBack};

impl Apply {
    /// Owes the commands of files that an earlier process has written. Returns the files with their groups.
    pub(in crate::daemon) fn owe(
        &mut self,
        owed: Vec<OwedFile>,
        now: Instant,
    ) -> Vec<(GroupKey, OwedFile)> {
        let is_daemon = self.mode == Mode::Daemon;
        let unrestored = owed.iter().filter(|file| file.is_unrestored && is_daemon);
        let unrestored =
            unrestored.filter_map(|file| of_file(&self.destinations, &file.destination));
        let unrestored: BTreeSet<_> = unrestored.map(|own| own.group().key.clone()).collect();
        for key in &unrestored {
            self.groups.must_restore(key, now);
        }
        let mut all = Vec::new();
        for file in owed {
            let own = of_file(&self.destinations, &file.destination);
            let group = own.map(|own| Arc::clone(own.group()));
            let Some(group) = group.filter(|group| group.has_effect()) else {
                continue;
            };
            if unrestored.contains(&group.key) {
                if file.is_unrestored {
                    self.not_restored(&file.destination);
                }
                if file.previous.is_some() {
                    self.groups.note_replaced(&group.key, &file.destination);
                }
                all.push((group.key.clone(), file));
                continue;
            }
            let rank = rank(&self.destinations, &group.key);
            let files = vec![file.destination.clone()];
            self.commands.owe(&group, rank, files, now);
            if file.previous.is_some() {
                self.groups.can_roll_back(&group.key, &file.destination);
            }
            all.push((group.key.clone(), file));
        }
        all
    }

    /// Handles a file that an earlier process could not restore.
    fn not_restored(&mut self, path: &Path) {
        let mut all = self.destinations.iter_mut();
        let own = all.find(|own| own.job().destination.as_deref() == Some(path));
        if let Some(own) = own {
            own.not_restored();
        }
    }

    /// The files of `replaced`, which the ledger knows, whose command is owed for a group that could not restore them
    /// so far.
    pub(super) fn not_kept(&self, replaced: &[ReplacedFile]) -> Vec<ReplacedFile> {
        let owed: BTreeSet<_> = self.debts().unapplied().map(|(path, _)| path).collect();
        let is_needed = |file: &&ReplacedFile| {
            let path = &*file.destination;
            let own = of_file(&self.destinations, path).map(Destination::group);
            let kept_none = own.is_some_and(|group| group.on_failure != OnFailure::Rollback);
            kept_none && owed.contains(path) && !self.groups.keeps_previous(path)
        };
        replaced.iter().filter(is_needed).cloned().collect()
    }

    /// Keeps files as they were when their command succeeded for the last time, for the groups that can restore them
    /// with a new configuration.
    pub(super) fn keep_replaced(&mut self, files: Vec<ReplacedFile>) -> Option<Action> {
        let pairs = files.into_iter().filter_map(|file| {
            let group = of_file(&self.destinations, &file.destination)?.group();
            let rolls_back = group.on_failure == OnFailure::Rollback && group.has_effect();
            rolls_back.then(|| (group.key.clone(), file))
        });
        let kept: Vec<_> = pairs.collect();
        for (key, file) in &kept {
            self.groups.can_roll_back(key, &file.destination);
        }
        (!kept.is_empty()).then_some(Action::KeepReplaced(kept))
    }

    /// Does not repeat the contents that an earlier process has rolled back.
    pub(in crate::daemon) fn quarantine(&mut self, files: &[RolledBack]) {
        self.groups.quarantine(files, &self.destinations);
    }
}
