//! The results of checks, commands, verifications and restorations, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use apply_ledger::Ending;

use super::Apply;
use super::commands::{self, Consequence};
use super::destination::Destination;
use super::lookup::{group_of, of_file, position, rank};
use crate::apply::change::{Applied, Effect};
use crate::apply::requests::{Requested, RequestedChange};
use crate::config::resolved::{GroupConfig, GroupKey, Mode};
use crate::daemon::event::{Action, CheckFailure, Checked, Moment, Restored};
use crate::daemon::state_dir::{OwedFile, RolledBack};
use crate::report::RefusedReport;

impl Apply {
    /// Owes the commands of files that an earlier process has written. Returns the files with their groups.
    pub(in crate::daemon) fn owe(
        &mut self,
        owed: Vec<OwedFile>,
        now: Instant,
    ) -> Vec<(GroupKey, OwedFile)> {
        let mut all = Vec::new();
        for file in owed {
            let own = of_file(&self.destinations, &file.destination);
            let group = own.map(|own| Arc::clone(own.group()));
            let Some(group) = group.filter(|group| group.has_effect()) else {
                continue;
            };
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

    /// Does not repeat the contents that an earlier process has rolled back.
    pub(in crate::daemon) fn quarantine(&mut self, files: &[RolledBack]) {
        self.groups.quarantine(files, &self.destinations);
    }

    /// The groups whose latest content was refused.
    pub(in crate::daemon) fn refused(&self) -> Vec<RefusedReport> {
        self.groups.refused().collect()
    }

    /// The configured destinations.
    pub(in crate::daemon) fn paths(&self) -> Vec<PathBuf> {
        let paths = self.destinations.iter();
        let paths = paths.filter_map(|own| own.job().destination.clone());
        paths.collect()
    }

    /// Carries out what the command line has requested.
    pub(in crate::daemon) fn take_requests(&mut self, all: &[Requested], now: Instant) {
        for Requested {
            destination,
            change,
        } in all
        {
            let is_own =
                |own: &&mut Destination| own.job().destination.as_ref() == Some(destination);
            let Some(own) = self.destinations.iter_mut().find(is_own) else {
                continue;
            };
            match change {
                RequestedChange::Hold(held) => own.hold(held, now),
                RequestedChange::Release => own.release(now),
                RequestedChange::Approve(content) => {
                    own.approve(*content);
                    let key = own.group().key.clone();
                    self.groups.release_parked(&key, &self.destinations);
                }
            }
        }
    }

    /// Ends the holds whose time is over. Returns the numbers of the templates to render again,
    /// because their last text was dropped.
    pub(in crate::daemon) fn end_holds(&mut self, now: Instant) -> Vec<usize> {
        for own in &mut self.destinations {
            own.expire_hold(now);
        }
        let destinations = self.destinations.iter_mut();
        let needed =
            destinations.filter_map(|own| own.take_need_of_rendering().then(|| own.number()));
        needed.collect()
    }

    /// Records which groups owe the command of files that were written for the groups of an earlier configuration.
    pub(super) fn transfers(&self, applied: &[Applied]) -> Vec<Action> {
        let mut all: BTreeMap<&GroupKey, (&Arc<GroupConfig>, BTreeSet<GroupKey>)> = BTreeMap::new();
        let is_written = |one: &&Applied| matches!(one.outcome, Ok(Effect::Written));
        for one in applied.iter().filter(is_written) {
            let Some(written_for) = self.groups.group_of_write(one.job) else {
                continue;
            };
            let key = &written_for.key;
            let (_, heirs) = all.entry(key).or_insert_with(|| {
                // It may owe its command for files that have stayed.
                let own = Some(key).filter(|key| self.commands.debts().has(key));
                (written_for, own.cloned().into_iter().collect())
            });
            let owner = group_of(&self.destinations, one);
            let owner = owner.filter(|own| own.key == written_for.key || own.has_effect());
            heirs.extend(owner.map(|own| own.key.clone()));
        }
        let moved = all.into_values();
        let moved = moved.filter(|(group, heirs)| !heirs.iter().eq([&group.key]));
        commands::transfers(moved.map(|(group, heirs)| (&**group, heirs)))
    }

    /// Handles the end of a check.
    pub(super) fn checked(
        &mut self,
        key: &GroupKey,
        checked: &Result<Checked, CheckFailure>,
        now: Moment,
    ) -> Vec<Action> {
        let (action, refused) = self.groups.checked(key, checked, &self.destinations, now);
        for number in refused {
            if let Some(at) = position(&self.destinations, number) {
                self.destinations[at].refused(now.instant);
            }
        }
        action.into_iter().collect()
    }

    /// Handles the consequence of a command or a verification that ended.
    pub(super) fn consequence(
        &mut self,
        key: &GroupKey,
        consequence: Consequence,
        now: Moment,
    ) -> Option<Action> {
        match consequence {
            Consequence::None => None,
            Consequence::Verify(group) => Some(Action::Verify(group)),
            // A file that was written meanwhile owes another run.
            Consequence::Succeeded if self.commands.debts().has(key) => None,
            Consequence::Succeeded => {
                self.groups.succeeded(key);
                Some(Action::Finish(key.clone(), Ending::Applied))
            }
            Consequence::Failed(group) => Some(self.failed(&group)),
            Consequence::RollBack(group, phase) => {
                let restore = self.groups.roll_back(key, phase.name(), &self.destinations);
                if restore.is_some() {
                    self.commands.give_up(key, now);
                    return restore;
                }
                self.commands.repeat_or_give_up(key, now);
                Some(self.failed(&group))
            }
        }
    }

    /// Records a failure. It drops the command if a new configuration has taken all its files away while it ran.
    fn failed(&self, group: &GroupConfig) -> Action {
        if self.mode == Mode::Daemon && !self.commands.debts().has(&group.key) {
            return commands::dropped(group);
        }
        Action::Finish(group.key.clone(), Ending::Failed)
    }

    /// Handles the end of a restoration: the command is owed for the restored files.
    pub(super) fn restored(&mut self, key: &GroupKey, restored: &Restored, now: Moment) {
        let Some(group) = self.groups.restored(key, restored) else {
            return;
        };
        for destination in &mut self.destinations {
            let path = destination.job().destination.as_deref();
            let mut files = restored.files.iter();
            if let Some(previous) = files.find(|file| Some(file.destination()) == path) {
                destination.restored(previous, now.instant);
            }
        }
        if group.has_effect() && !restored.files.is_empty() {
            let rank = rank(&self.destinations, key);
            let files = restored.files.iter();
            let files = files.map(|file| file.destination().to_owned()).collect();
            self.commands
                .owe::<PathBuf>(&group, rank, files, now.instant);
        }
    }
}
