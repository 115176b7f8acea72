//! Groups with a text that is above its change budget.

use group_apply::change::{Applied, Effect};
use group_apply::options::GroupKey;

use super::Groups;
use crate::daemon::apply::destination::Destination;

impl Groups {
    /// The groups of changes that were parked. They are still being written.
    pub(in crate::daemon::apply) fn with_parked(&self, applied: &[Applied]) -> Vec<GroupKey> {
        let parked = applied
            .iter()
            .filter(|applied| matches!(applied.outcome, Ok(Effect::Parked(_))));
        let keys = parked.filter_map(|applied| self.in_flight.get(&applied.job));
        keys.map(|(key, _)| key.clone()).collect()
    }

    /// Parks the content with which a group has begun: until it changes, or all its parked texts are released.
    pub(in crate::daemon::apply) fn park(&mut self, key: &GroupKey, destinations: &[Destination]) {
        let Some(entry) = self.entry(key) else { return };
        let Some(begun) = entry.begun else { return };
        let members = entry.members.iter().map(|at| &destinations[*at]);
        let parked: Vec<_> = members.filter(|own| own.is_parked()).collect();
        let releases: Option<Vec<_>> = parked.iter().map(|own| own.releases_at()).collect();
        let release = releases.and_then(|all| all.into_iter().max());
        entry.group.parked(begun, release);
    }

    /// Reconsiders the parked content of a group after an approval. One that is being written is parked again or
    /// not, with the approval.
    pub(in crate::daemon::apply) fn release_parked(
        &mut self,
        key: &GroupKey,
        destinations: &[Destination],
    ) {
        let entry = self.entry(key);
        let is_parked = entry.is_some_and(|entry| {
            let begun = entry.begun;
            begun.is_some_and(|begun| entry.group.has_parked(begun))
        });
        if is_parked {
            self.park(key, destinations);
        }
    }
}
