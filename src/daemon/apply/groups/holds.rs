//! Groups with a requested hold: its content is due, and a refused one before it stays refused if the hold is refused.

use std::time::Instant;

use group_apply::options::GroupKey;

use super::Groups;
use super::entry::BeforeHold;

impl Groups {
    /// Handles the first hold of a group whose request waits for the result.
    pub(in crate::daemon::apply) fn hold_begins(&mut self, key: &GroupKey) {
        if let Some(entry) = self.entry(key) {
            entry.before_hold = Some(BeforeHold {
                refused: entry.group.failure(),
                refusal: entry.refusal.clone(),
                rolled_back: entry.rolled_back.clone(),
            });
        }
    }

    /// Handles a requested hold that was refused: what failed before is still refused. A parked content is parked again
    /// by its next attempt.
    pub(in crate::daemon::apply) fn hold_refused(&mut self, key: &GroupKey) {
        let Some(entry) = self.entry(key) else { return };
        let Some(before) = entry.before_hold.clone() else {
            return;
        };
        if let Some(refused) = before.refused {
            entry.group.refuse_again(refused);
            entry.refusal = before.refusal;
        }
        entry.rolled_back = before.rolled_back;
    }

    /// Makes a refused content of a group due, because the command line requests it.
    pub(in crate::daemon::apply) fn retry_group_now(&mut self, key: &GroupKey, now: Instant) {
        if let Some(entry) = self.entry(key) {
            entry.group.retry_now(now);
            entry.rolled_back.clear();
        }
    }
}
