//! What earlier processes have left: owed commands, and contents that they have rolled back.
//!
//! Input: the files in the ledger. Output: the debts of their groups, and the contents that are not repeated.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ctmpl_options::config::resolved::Mode;
use group_apply::options::GroupKey;

use super::Apply;
use super::lookup::{of_file, rank};
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
                all.push((group.key.clone(), file));
                continue;
            }
            let rank = rank(&self.destinations, &group.key);
            let files = vec![file.destination.clone()];
            self.commands.owe(&group, rank, files, now);
            if file.previous.is_some() {
                self.groups.can_roll_back(&group.key);
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

    /// Does not repeat the contents that an earlier process has rolled back.
    pub(in crate::daemon) fn quarantine(&mut self, files: &[RolledBack]) {
        self.groups.quarantine(files, &self.destinations);
    }
}
