//! Groups whose command waits for their files, or has ended: success, or the restoration of the previous files.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use group_apply::debts::Debts;
use group_apply::group::Phase;
use group_apply::options::{GroupConfig, GroupKey};

use super::Groups;
use super::entry::{Entry, Pace};
use crate::daemon::apply::destination::Destination;
use crate::daemon::apply::lookup::of_file;
use crate::daemon::event::{Action, Moment, RestorePlan, Restored};

/// What has followed the failure of a command, in the report.
const RESTORED: &str = "so the previous files are restored";
/// The same if a file could not be restored.
const UNRESTORED: &str = "a previous file is not restored yet";

impl Groups {
    /// Handles a replaced file that is kept until the command of its group succeeds, because of an earlier process or
    /// configuration.
    pub(in crate::daemon::apply) fn can_roll_back(&mut self, key: &GroupKey, destination: &Path) {
        self.replaced.keep(destination, key);
        if let Some(entry) = self.entry(key) {
            entry.group.keep_replaced(true);
        }
    }

    /// Notes a file of an earlier process that is kept until it is restored.
    pub(in crate::daemon::apply) fn note_replaced(&mut self, key: &GroupKey, destination: &Path) {
        self.replaced.keep(destination, key);
    }

    /// Handles a command that is not owed any more, so that its group restores nothing.
    pub(in crate::daemon::apply) fn forget_replaced(&mut self, key: &GroupKey) {
        self.replaced.forget(key);
        if let Some(entry) = self.entry(key) {
            entry.group.keep_replaced(false);
        }
    }

    /// Returns `true` if the previous content of this destination is kept.
    pub(in crate::daemon::apply) fn keeps_previous(&self, destination: &Path) -> bool {
        self.replaced.has(destination)
    }

    /// Lets the replaced files follow their destinations to other groups. Returns those that have another group now.
    pub(in crate::daemon::apply) fn move_replaced(
        &mut self,
        destinations: &[Destination],
        now: Instant,
    ) -> Option<Action> {
        let moved = self
            .replaced
            .follow(|path| of_file(destinations, path).map(|own| &**own.group()));
        if moved.is_empty() {
            return None;
        }
        for entry in &mut self.all {
            let key = entry.group.config().key.clone();
            if moved.values().any(|new| *new == key) {
                let joined = moved.iter().filter(|(_, new)| **new == key);
                entry.join(joined.map(|(path, _)| &**path), destinations, now);
            } else if !self.replaced.has_files_of(&key) {
                entry.group.keep_replaced(false);
            }
        }
        Some(Action::MoveReplaced(moved))
    }

    /// Returns `true` if the command of a sequential group waits, because a step of the group is in progress. The files
    /// would be swapped while it runs.
    pub(in crate::daemon::apply) fn delay_command_of(&self, group: &GroupConfig) -> bool {
        let place = self.places.get(&group.key);
        let phase = place.map(|place| self.all[*place].group.phase());
        group.is_sequential() && phase.is_some_and(|phase| phase != Phase::Idle)
    }

    /// Returns `true` while the files of a group are swapped.
    pub(in crate::daemon::apply) fn is_swapping(&self, key: &GroupKey) -> bool {
        let place = self.places.get(key);
        place.is_some_and(|place| self.all[*place].group.phase() == Phase::Swapping)
    }

    /// Handles the success of a command and its verification.
    pub(in crate::daemon::apply) fn succeeded(&mut self, key: &GroupKey) {
        self.replaced.forget(key);
        if let Some(entry) = self.entry(key) {
            entry.group.succeeded();
        }
    }

    /// Returns `true` if the files of a group are restored when its command or verification fails.
    pub(in crate::daemon::apply) fn restores(&self, key: &GroupKey) -> bool {
        let place = self.places.get(key);
        place.is_some_and(|place| self.all[*place].group.restores())
    }

    /// Handles a command or verification that failed and is repeated at `due`. If the files were restored before, this
    /// is not the fault of the content that was taken back.
    pub(in crate::daemon::apply) fn previous_failed(
        &mut self,
        key: &GroupKey,
        due: Instant,
        now: Moment,
    ) {
        if let Some(entry) = self.entry(key) {
            entry.group.previous_failed(due, now.instant, now.jitter);
            entry.rolled_back.clear();
        }
    }

    /// Handles a failed command or verification, which `failed` names. Returns the restoration, if there is one.
    pub(in crate::daemon::apply) fn roll_back(
        &mut self,
        key: &GroupKey,
        failed: &'static str,
        destinations: &[Destination],
    ) -> Option<Action> {
        let entry = self.entry(key)?;
        // A text that was rendered since is another content, also if its check has failed. Without a swap, an earlier
        // process has written the files.
        let content = entry.swapped;
        let content = content.unwrap_or_else(|| entry.content(destinations));
        entry.group.roll_back(content)?;
        entry.failed = failed;
        entry.refusal = Some(format!("its {failed} failed, {RESTORED}"));
        entry.refused_before_hold(destinations);
        tracing::warn!(
            name: "group.rolling_back", group = %key,
            "{key}: restoring the previous files; the new content is tried again when it changes, or if the command fails \
             with the previous files, too"
        );
        // Those that cannot be restored are kept again.
        self.replaced.forget(key);
        Some(restoration(key, destinations))
    }

    /// Handles files that an earlier process could not restore: they are restored before the command runs.
    pub(in crate::daemon::apply) fn must_restore(&mut self, key: &GroupKey, now: Instant) {
        let Some(entry) = self.entry(key) else { return };
        entry.must_restore(now);
        tracing::warn!(
            name: "group.rolling_back", group = %key,
            "{key}: restoring the previous files, which an earlier process could not restore; the new content is tried again \
             when it changes, or if the command fails with the previous files, too"
        );
    }

    /// Handles the end of a restoration. `is_repeated`: one that has failed is repeated. Returns the group if all files
    /// are restored, so that its command has to run again.
    pub(in crate::daemon::apply) fn restored(
        &mut self,
        key: &GroupKey,
        restored: &Restored,
        is_repeated: bool,
        now: Moment,
    ) -> Option<Arc<GroupConfig>> {
        for (path, _) in &restored.errors {
            self.replaced.keep(path, key);
        }
        let entry = self.entry(key);
        let Some(entry) = entry else {
            for (_, error) in &restored.errors {
                log_unrestored(
                    key,
                    error,
                    "it is not tried again, because a reload has removed the group",
                );
            }
            return None;
        };
        entry.pace = Pace::Usual;
        let failed = entry.failed;
        if restored.errors.is_empty() {
            entry.unrestored.clear();
            if entry.group.restored() {
                entry.refusal = Some(format!("its {failed} failed, {RESTORED}"));
                tracing::info!(name: "group.restored", group = %key, "{key}: the previous files are restored");
            }
            return Some(Arc::clone(entry.group.config()));
        }
        let pause = entry
            .group
            .not_restored(is_repeated, now.instant, now.jitter);
        let again = pause.map_or_else(
            || "it is not tried again with --once".to_owned(),
            |pause| {
                let seconds = pause.as_secs_f64();
                format!("it is tried again in {seconds:.1} s, and until it succeeds; the command waits for it")
            },
        );
        let errors = restored.errors.iter().map(|(_, error)| error.clone());
        let errors: Vec<_> = errors.collect();
        for error in errors.iter().filter(|it| !entry.unrestored.contains(it)) {
            log_unrestored(key, error, &again);
        }
        let all = errors.join("; ");
        entry.refusal = Some(format!("its {failed} failed, and {UNRESTORED}: {all}"));
        entry.unrestored = errors;
        None
    }
}

impl Entry {
    /// Handles replaced files that a reload has moved to this group. Those that could not be restored are still to be
    /// restored.
    fn join<'a>(
        &mut self,
        mut files: impl Iterator<Item = &'a Path>,
        destinations: &[Destination],
        now: Instant,
    ) {
        if self.swapped.is_none() {
            // Texts that were rendered since are another content.
            self.swapped = Some(self.content_in_files(destinations));
        }
        // With another key for the same files, the group has continued.
        if self.group.must_still_restore() {
            return;
        }
        let is_unrestored =
            |path| of_file(destinations, path).is_some_and(Destination::is_unrestored);
        if files.any(is_unrestored) {
            self.must_restore(now);
        } else {
            self.group.keep_replaced(true);
        }
    }

    /// Notes that files could not be restored.
    fn must_restore(&mut self, now: Instant) {
        self.group.must_restore(now);
        self.failed = "command or verification";
        let failed = self.failed;
        self.refusal = Some(format!("its {failed} failed, and {UNRESTORED}"));
    }

    /// The time of the next attempt to restore files that could not be restored; `None`: there are none, or after an
    /// event.
    pub(super) fn restores_again_at(
        &self,
        destinations: &[Destination],
        debts: &Debts,
    ) -> Option<Instant> {
        let mut members = self.members.iter().map(|at| &destinations[*at]);
        let is_possible = members.any(Destination::is_unrestored)
            && !debts.is_under_test(&self.group.config().key);
        self.group.restores_again_at().filter(|_| is_possible)
    }

    /// Begins the next attempt to restore files, if it is due.
    pub(super) fn restore_again(
        &mut self,
        destinations: &[Destination],
        debts: &Debts,
        now: Instant,
    ) -> Option<Action> {
        let due = self.restores_again_at(destinations, debts)?;
        (due <= now).then(|| {
            self.group.restore_again();
            restoration(&self.group.config().key, destinations)
        })
    }
}

/// The restoration of a group.
fn restoration(key: &GroupKey, destinations: &[Destination]) -> Action {
    let mut plan = RestorePlan::default();
    for own in destinations {
        let Some(path) = own.job().destination.clone() else {
            continue;
        };
        if own.group().key == *key {
            if let Some(text) = own.applied_text() {
                let fingerprint = text.outputs_fingerprint();
                plan.outputs.insert(path.clone(), fingerprint);
            }
            plan.files.insert(path, own.job().file.clone());
        } else {
            plan.moved.insert(path);
        }
    }
    Action::Restore(key.clone(), plan)
}

fn log_unrestored(key: &GroupKey, error: &str, again: &str) {
    tracing::error!(
        name: "group.not_restored", group = %key, error,
        "{key}: cannot restore a file: {error}; {again}"
    );
}
