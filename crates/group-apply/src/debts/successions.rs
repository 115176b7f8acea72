//! The groups that wait for the end of a run, because a new configuration has given them another key.

use crate::options::GroupKey;

/// Groups that wait for the end of a run of the group before them.
#[derive(Clone, Debug, Default)]
pub(super) struct Successions(Vec<Succession>);

/// A group that waits for the end of a run of another key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Succession {
    group: GroupKey,
    running: GroupKey,
}

impl Successions {
    /// Returns `true` if the command of this group still runs for a group before it.
    pub(super) fn delay(&self, group: &GroupKey) -> bool {
        self.0.iter().any(|own| own.group == *group)
    }

    pub(super) fn add(&mut self, group: &GroupKey, running: GroupKey) {
        let new = Succession {
            group: group.clone(),
            running,
        };
        if new.group != new.running && !self.0.contains(&new) {
            self.0.push(new);
        }
    }

    /// The groups for whose runs this one waits.
    pub(super) fn running_before(&self, group: &GroupKey) -> Vec<GroupKey> {
        let own = self.0.iter().filter(|own| own.group == *group);
        own.map(|own| own.running.clone()).collect()
    }

    /// Removes and returns the groups that wait for this one.
    pub(super) fn take(&mut self, running: &GroupKey) -> Vec<GroupKey> {
        let is_ended = |own: &Succession| own.running == *running;
        let (ended, others) = self.0.drain(..).partition(is_ended);
        self.0 = others;
        let ended: Vec<Succession> = ended;
        ended.into_iter().map(|own| own.group).collect()
    }
}
