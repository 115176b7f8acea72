//! The results of checks, commands, verifications and restorations, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use apply_ledger::Ending;
use ctmpl_options::config::resolved::Mode;
use error_line::chain;
use file_writer::WriteError;
use group_apply::change::{Applied, Effect};
use group_apply::hold_results::HoldOutcome;
use group_apply::options::{GroupConfig, GroupKey};
use group_apply::owed::owed;

use super::Apply;
use super::commands::{self, Commands, Consequence};
use super::lookup::{group_of, position, rank};
use super::printing::Printing;
use crate::daemon::event::{Action, CheckFailure, Checked, Moment, Restored};
use crate::report::RefusedReport;

impl Apply {
    /// The groups whose latest content was refused.
    pub(in crate::daemon) fn refused(&self) -> Vec<RefusedReport> {
        self.groups.refused(&self.destinations).collect()
    }

    /// The configured destinations.
    pub(in crate::daemon) fn paths(&self) -> Vec<PathBuf> {
        let paths = self.destinations.iter();
        let paths = paths.filter_map(|own| own.job().destination.clone());
        paths.collect()
    }

    /// Handles the end of a batch.
    pub(super) fn applied(&mut self, applied: &[Applied], now: Moment) -> Vec<Action> {
        self.printing = Printing::Idle;
        let transfers = self.transfers(applied);
        let parked = self.groups.with_parked(applied);
        self.groups.swapped(applied);
        let (mut refused, mut tried_again) = (Vec::new(), Vec::new());
        for Applied { job, outcome, .. } in applied {
            if let Some(at) = position(&self.destinations, *job) {
                let own = &mut self.destinations[at];
                let is_requested = own.is_writing_requested_content();
                if own.is_unrestored() && matches!(outcome, Ok(Effect::Unchanged)) {
                    tried_again.push(at);
                }
                own.applied(outcome, now);
                let reason = not_written(outcome).filter(|_| is_requested);
                refused.extend(reason.map(|reason| (at, reason)));
            }
        }
        let destinations = &self.destinations;
        let group_of = |applied: &Applied| group_of(destinations, applied);
        for owed in owed(applied, group_of) {
            let rank = rank(destinations, &owed.group.key);
            self.unrecorded.remove(&owed.group.key);
            self.commands
                .owe(owed.group, rank, owed.destinations, now.instant);
        }
        let written = applied.iter();
        let written = written.filter(|one| matches!(one.outcome, Ok(Effect::Written)));
        for one in written {
            self.files_written += 1;
            if let (Some(size), Some(group)) = (one.size, group_of(one)) {
                self.commands.changed(&group.key, size);
            }
        }
        let mut results = transfers;
        // Before the end of a command lets its group forget them.
        let moved = self.groups.move_replaced(&self.destinations, now.instant);
        results.extend(moved);
        results.extend(self.finish_unrecorded());
        for at in tried_again {
            self.try_again(at, now.instant);
        }
        for key in parked {
            self.groups.park(&key, &self.destinations);
        }
        for (at, reason) in refused {
            results.extend(self.refuse_hold(at, &reason, now.instant));
        }
        results
    }

    /// Owes the command for a content that has failed, and is tried again: the file still has it, because the previous one
    /// could not be restored.
    fn try_again(&mut self, at: usize, now: Instant) {
        let own = &self.destinations[at];
        let group = Arc::clone(own.group());
        let path = own.job().destination.clone();
        let rank = rank(&self.destinations, &group.key);
        if let Some(path) = &path {
            self.groups.can_roll_back(&group.key, path);
        }
        let files = path.into_iter().collect();
        self.commands.owe(&group, rank, files, now);
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
        let mut actions: Vec<_> = action.into_iter().collect();
        for number in refused {
            if let Some(at) = position(&self.destinations, number) {
                let own = &mut self.destinations[at];
                let is_requested = own.is_writing_requested_content();
                own.refused(now.instant);
                if let Err(failure) = checked
                    && is_requested
                {
                    let reason = format!("the check failed: {}", failure.error);
                    actions.extend(self.refuse_hold(at, &reason, now.instant));
                }
            }
        }
        // A swap that found no staged file ends here as well.
        actions.extend(self.finish_unrecorded());
        actions
    }

    /// Handles the end of a command or a verification, with the error of one that has failed. `end` ends the run in the
    /// commands; its argument is `true` if the files of the group can be restored.
    pub(super) fn run_ended(
        &mut self,
        key: &GroupKey,
        error: Option<String>,
        now: Moment,
        end: impl FnOnce(&mut Commands, bool) -> Consequence,
    ) -> Vec<Action> {
        let restores = self.groups.restores(key);
        let requested = self.requested_in_run(key);
        let consequence = end(&mut self.commands, restores);
        let action = self.consequence(key, consequence, now);
        let is_restored = matches!(action, Some(Action::Restore(..)));
        let mut actions: Vec<_> = action.into_iter().collect();
        let Some(error) = error else { return actions };
        for at in requested {
            actions.extend(if is_restored {
                self.refuse_hold(at, &error, now.instant)
            } else {
                let outcome = HoldOutcome::CommandFailed(error.clone());
                let result = self.destinations[at].hold_result(outcome);
                result.map(Action::AnswerHold)
            });
        }
        actions
    }

    /// Handles the consequence of a command or a verification that ended.
    fn consequence(
        &mut self,
        key: &GroupKey,
        consequence: Consequence,
        now: Moment,
    ) -> Option<Action> {
        match consequence {
            Consequence::None => None,
            Consequence::Verify(group) => Some(Action::Verify(group)),
            Consequence::Succeeded => self.finish(key, Ending::Applied),
            Consequence::Failed { is_rewritten } => {
                if let Some(due) = self.commands.debts().retries_at(key) {
                    self.groups.previous_failed(key, due, now);
                }
                // A new content has not failed.
                if is_rewritten {
                    return None;
                }
                self.finish(key, Ending::Failed)
            }
            Consequence::Dropped(group) => {
                commands::warn_of_dropped(&group);
                self.finish(key, Ending::Dropped)
            }
            Consequence::Inherited => self.finish(key, Ending::Dropped),
            Consequence::RollBack(phase) => {
                self.groups.roll_back(key, phase.name(), &self.destinations)
            }
        }
    }

    /// Records the end of a command, unless another run is owed for files that were written meanwhile.
    fn finish(&mut self, key: &GroupKey, ending: Ending) -> Option<Action> {
        // A failed one is owed in any case.
        if ending != Ending::Failed && self.commands.debts().has(key) {
            return None;
        }
        // A file that is being swapped may owe another run, and its swap may be recorded already.
        if self.groups.is_swapping(key) {
            self.unrecorded.insert(key.clone(), ending);
            return None;
        }
        match ending {
            Ending::Applied => self.groups.succeeded(key),
            Ending::Dropped => self.groups.forget_replaced(key),
            Ending::Failed => {}
        }
        Some(Action::Finish(key.clone(), ending))
    }

    /// Records the ends of commands that waited for the end of a swap, if this swap does not owe another run.
    pub(super) fn finish_unrecorded(&mut self) -> Vec<Action> {
        let all = std::mem::take(&mut self.unrecorded).into_iter();
        all.filter_map(|(key, ending)| self.finish(&key, ending))
            .collect()
    }

    /// Handles the end of a restoration: the command is owed for the restored files.
    pub(super) fn restored(&mut self, key: &GroupKey, restored: &Restored, now: Moment) {
        let is_repeated = self.mode == Mode::Daemon;
        let group = self.groups.restored(key, restored, is_repeated, now);
        let files = restored.by_template();
        for destination in &mut self.destinations {
            let Some(path) = destination.job().destination.as_deref() else {
                continue;
            };
            if restored.errors.iter().any(|(failed, _)| failed == path) {
                destination.not_restored();
            } else if let Some(previous) = files.get(path) {
                destination.restored(*previous, now.instant);
            }
        }
        let Some(group) = group else { return };
        if group.has_effect() && !files.is_empty() {
            let rank = rank(&self.destinations, key);
            let files = files.into_keys().collect();
            self.commands.owe(&group, rank, files, now.instant);
        }
    }
}

/// The reason for which a file does not have a text after a write; `None`: it has it.
fn not_written(outcome: &Result<Effect, WriteError>) -> Option<String> {
    match outcome {
        Ok(Effect::Unchanged | Effect::Written) => None,
        Ok(Effect::Held) => Some("another file of its group cannot be written".to_owned()),
        Ok(Effect::Parked(_)) => {
            Some("the change of another file of its group is parked".to_owned())
        }
        Err(error) => Some(chain(error)),
    }
}
