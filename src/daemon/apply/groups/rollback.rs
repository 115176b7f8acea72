//! Groups whose command waits for their files, or has ended: success, or the restoration of the previous files.

use std::sync::Arc;
use std::time::Instant;

use group_apply::group::Phase;
use group_apply::options::{GroupConfig, GroupKey};

use super::Groups;
use super::entry::Pace;
use crate::daemon::apply::destination::Destination;
use crate::daemon::event::{Action, Moment, Restored};

impl Groups {
    /// Handles replaced files of an earlier process, which are kept until the command succeeds.
    pub(in crate::daemon::apply) fn can_roll_back(&mut self, key: &GroupKey) {
        if let Some(entry) = self.entry(key) {
            entry.group.can_roll_back();
        }
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
        failed: &str,
        destinations: &[Destination],
    ) -> Option<Action> {
        let entry = self.entry(key)?;
        // A text that was rendered since is another content, also if its check has failed. Without a swap, an earlier
        // process has written the files.
        let content = entry.swapped;
        let content = content.unwrap_or_else(|| entry.content(destinations));
        entry.group.roll_back(content)?;
        entry.refusal = Some(format!(
            "its {failed} failed, so the previous files are restored"
        ));
        tracing::warn!(
            name: "group.rolling_back", group = %key,
            "{key}: restoring the previous files; the new content is tried again when it changes, or if the command fails \
             with the previous files, too"
        );
        let others = destinations.iter().filter(|own| own.group().key != *key);
        let others = others.filter_map(|own| own.job().destination.clone());
        Some(Action::Restore(key.clone(), others.collect()))
    }

    /// Handles the end of a restoration. Returns the group, whose command has to run again.
    pub(in crate::daemon::apply) fn restored(
        &mut self,
        key: &GroupKey,
        restored: &Restored,
    ) -> Option<Arc<GroupConfig>> {
        for error in &restored.errors {
            tracing::error!(name: "group.not_restored", group = %key, error, "{key}: cannot restore a file: {error}");
        }
        let entry = self.entry(key)?;
        entry.group.restored();
        entry.pace = Pace::Usual;
        Some(Arc::clone(entry.group.config()))
    }
}
