//! The states of the instances of an answer, and the changes between two answers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::guard::{InstanceId, instance_id};
use consul_watch::answer::{Answer, Instance};
use consul_watch::query::{Health, HealthFilter};

/// The state of an instance in an answer; `None`: it is absent.
pub(super) type InstanceState = Option<Arc<Instance>>;

/// The rank of a state by severity. An absent instance is worse than one with any status.
pub(super) fn severity(state: &InstanceState) -> u8 {
    state
        .as_ref()
        .map_or(u8::MAX, |instance| instance.status.severity())
}

/// The worse of two states; the later one if both are the same.
pub(super) fn worse(earlier: InstanceState, later: InstanceState) -> InstanceState {
    if severity(&earlier) > severity(&later) {
        earlier
    } else {
        later
    }
}

/// An instance with another state than before.
pub(super) struct Change<'a> {
    /// The instance, as it is in one of the answers.
    pub(super) instance: &'a Arc<Instance>,
    before: Option<&'a Arc<Instance>>,
    after: Option<&'a Arc<Instance>>,
}

impl Change<'_> {
    /// The worse of both states.
    pub(super) fn worse(&self) -> InstanceState {
        worse(self.before.cloned(), self.after.cloned())
    }
}

/// The instances whose state differs between two answers, except those in maintenance.
pub(super) fn changes<'a>(
    before: &'a Answer,
    after: &'a Answer,
) -> BTreeMap<InstanceId, Change<'a>> {
    let (before, after) = (states(before), states(after));
    let mut changes = BTreeMap::new();
    for (id, instance) in before.iter().chain(&after) {
        let (before, after) = (before.get(id).copied(), after.get(id).copied());
        let [from, to] = [before, after].map(|state| state.map(|instance| instance.status));
        if from != to && ![from, to].contains(&Some(Health::Maintenance)) {
            changes.insert(
                *id,
                Change {
                    instance,
                    before,
                    after,
                },
            );
        }
    }
    changes
}

/// The instances of an answer, each in its worst state.
fn states(answer: &Answer) -> HashMap<InstanceId, &Arc<Instance>> {
    let mut states: HashMap<_, &Arc<Instance>> = HashMap::new();
    for instance in instances(answer) {
        let state = states.entry(instance_id(instance)).or_insert(instance);
        if state.status.severity() < instance.status.severity() {
            *state = instance;
        }
    }
    states
}

/// Returns `true` if a reader can send requests to an instance with this status. A filter lets only such instances
/// pass; without one, readers select them by their status.
pub(super) fn is_usable(filter: &HealthFilter, status: Health) -> bool {
    match filter {
        HealthFilter::Any => status == Health::Passing,
        HealthFilter::Only(_) => true,
    }
}

/// The usable instances of an answer.
pub(super) fn usable(filter: &HealthFilter, answer: &Answer) -> HashSet<InstanceId> {
    let usable = instances(answer)
        .iter()
        .filter(|instance| is_usable(filter, instance.status));
    usable.map(|instance| instance_id(instance)).collect()
}

fn instances(answer: &Answer) -> &[Arc<Instance>] {
    match answer {
        Answer::Service(instances) => instances,
        _ => &[],
    }
}
