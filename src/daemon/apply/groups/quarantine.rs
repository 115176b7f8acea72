//! Groups whose content was refused, by this process or an earlier one: when it is due again.

use std::time::Instant;

use apply_ledger::Hash;

use super::Groups;
use super::entry::Entry;
use crate::daemon::apply::destination::Destination;
use crate::daemon::state_dir::RolledBack;

impl Groups {
    /// Adopts the contents that an earlier process has rolled back.
    pub(in crate::daemon::apply) fn quarantine(
        &mut self,
        files: &[RolledBack],
        destinations: &[Destination],
    ) {
        for entry in &mut self.all {
            let members = entry.members.iter().map(|at| &destinations[*at]);
            let known = members.filter_map(|own| {
                let path = own.job().destination.as_ref()?;
                let file = files.iter().find(|file| file.destination == *path)?;
                Some((own.number(), file.clone()))
            });
            entry.rolled_back = known.collect();
        }
    }

    /// Makes refused contents due, after a reload by the user.
    pub(in crate::daemon::apply) fn retry_now(&mut self, now: Instant) {
        for entry in &mut self.all {
            entry.group.retry_now(now);
            entry.rolled_back.clear();
            entry.before_hold = None;
        }
    }
}

impl Entry {
    /// Returns `true` if the texts that wait are those that an earlier process has rolled back. Another text ends the
    /// quarantine.
    pub(super) fn is_quarantined(&mut self, destinations: &[Destination]) -> bool {
        if self.rolled_back.is_empty() {
            return false;
        }
        let mut has_failed = false;
        for at in &self.members {
            let Some(text) = destinations[*at].waiting_text() else {
                continue;
            };
            let known = self.rolled_back.get(&destinations[*at].number());
            let is_known = |known: &&RolledBack| {
                known.content == Hash::of(text.content.as_bytes())
                    && known.outputs == text.outputs_fingerprint()
            };
            let Some(known) = known.filter(is_known) else {
                self.rolled_back.clear();
                return false;
            };
            has_failed |= known.has_failed;
        }
        has_failed
    }

    /// Refuses the texts that wait until one of them changes.
    pub(super) fn refuse_quarantined(&mut self, destinations: &mut [Destination]) {
        for at in &self.members {
            let known = self.rolled_back.get(&destinations[*at].number());
            if let Some(known) = known {
                destinations[*at].quarantined(known.has_failed);
            }
        }
        let content = self.content(destinations);
        self.group.quarantined(content);
        if self.group.must_still_restore() {
            // The report says so.
            return;
        }
        let reason =
            "its command or verification failed before the restart, so the previous files stay";
        if self.refusal.replace(reason.to_owned()).is_none() {
            let group = &self.group.config().key;
            tracing::warn!(
                name: "group.quarantined", %group,
                "{group}: this content was rolled back before the restart, so it is not applied until it changes, or at \
                 the reload signal"
            );
        }
    }
}
