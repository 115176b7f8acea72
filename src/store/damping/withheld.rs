//! The damped instances that an answer can do without.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::state::{InstanceState, is_usable, severity};
use super::track::{Damping, Track};
use crate::answer::{Answer, Instance};
use crate::config::flap_damping::FlapDampingConfig;
use crate::query::HealthFilter;
use crate::store::guard::{InstanceId, instance_id};

/// The damped instances of an answer that are not shown as they are in the answer.
pub(super) struct Withheld<'a> {
    by_id: HashMap<InstanceId, &'a Damping>,
    /// The order in which they are restored: those that were damped last first. It does not depend on their toggles, because
    /// each change of the choice is a change of the result.
    order: Vec<InstanceId>,
}

impl<'a> Withheld<'a> {
    /// Withholds the instances that are damped, except those beyond `max_damped`.
    pub(super) fn of(
        tracks: &'a BTreeMap<InstanceId, Track>,
        config: &FlapDampingConfig,
        filter: &HealthFilter,
        instances: &[Arc<Instance>],
    ) -> Self {
        let is_usable = |instance: &Instance| is_usable(filter, instance.status);
        let mut by_id = HashMap::new();
        let mut lost = HashMap::new();
        for instance in instances {
            let id = instance_id(instance);
            if let Some(damping) = tracks.get(&id).and_then(Track::damping) {
                by_id.insert(id, damping);
                let shown = damping.shows(instance);
                if is_usable(instance) && !shown.is_some_and(|shown| is_usable(&shown)) {
                    lost.insert(id, damping);
                }
            }
        }
        let usable = instances.iter().filter(|instance| is_usable(instance));
        let excess = lost
            .len()
            .saturating_sub(config.max_damped_of(usable.count()));
        for id in last_first(&lost).into_iter().take(excess) {
            by_id.remove(&id);
        }
        let order = last_first(&by_id);
        Self { by_id, order }
    }

    /// The answer without the withheld instances, or with their worst state. If that is not enough, some are shown as they
    /// are.
    pub(super) fn apply(
        mut self,
        answer: &Arc<Answer>,
        instances: &[Arc<Instance>],
        is_enough: impl Fn(&Answer) -> bool,
    ) -> Arc<Answer> {
        for id in std::mem::take(&mut self.order) {
            let shown = instances.iter().filter_map(|instance| self.shows(instance));
            let shown = Answer::Service(shown.collect());
            if !shown.is_empty() && is_enough(&shown) {
                return Arc::new(shown);
            }
            self.by_id.remove(&id);
        }
        Arc::clone(answer)
    }

    fn shows(&self, instance: &Arc<Instance>) -> InstanceState {
        match self.by_id.get(&instance_id(instance)) {
            Some(damping) => damping.shows(instance),
            None => Some(Arc::clone(instance)),
        }
    }
}

/// Damped instances, those that were damped last first.
fn last_first(damped: &HashMap<InstanceId, &Damping>) -> Vec<InstanceId> {
    let mut ids: Vec<_> = damped.keys().copied().collect();
    ids.sort_by_key(|id| (Reverse(damped[id].since), *id));
    ids
}

impl Damping {
    /// An instance of the answer in its worst state; `None`: it is left out. Status and checks are those of this
    /// state, everything else is that of the answer. A worse status, for example maintenance, is shown as it is.
    fn shows(&self, instance: &Arc<Instance>) -> InstanceState {
        let worst = self.worst.as_ref()?;
        if severity(&self.worst) < instance.status.severity() {
            return Some(Arc::clone(instance));
        }
        Some(Arc::new(Instance {
            status: worst.status,
            checks: worst.checks.clone(),
            ..Instance::clone(instance)
        }))
    }
}
