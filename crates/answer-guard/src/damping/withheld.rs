//! The damped instances that an answer can do without.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::config::FlapDampingConfig;
use super::state::{InstanceState, is_usable, severity};
use super::track::{Damping, Track};
use crate::guard::{InstanceId, instance_id};
use consul_watch::answer::{Answer, Instance};
use consul_watch::query::HealthFilter;

/// The damped instances of an answer that are not shown as they are in the answer.
///
/// Each has its place in the order in which they are restored: those that were damped last first. The order does not depend
/// on their toggles, because each change of the choice is a change of the result.
pub(super) struct Withheld<'a>(HashMap<InstanceId, (usize, &'a Damping)>);

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
        let places = last_first(&by_id).into_iter().enumerate();
        Self(
            places
                .map(|(place, id)| (id, (place, by_id[&id])))
                .collect(),
        )
    }

    /// The answer without the withheld instances, or with their worst state. If that is not enough, some are shown as they
    /// are: the fewest that are enough. Because `is_enough` is monotone, a binary search finds their number.
    pub(super) fn apply(
        &self,
        answer: &Arc<Answer>,
        instances: &[Arc<Instance>],
        is_enough: impl Fn(&Answer) -> bool,
    ) -> Arc<Answer> {
        let instances = instances.iter().map(|instance| self.restorable(instance));
        let instances: Vec<_> = instances.collect();
        let enough = |restored: usize| {
            let shown = instances
                .iter()
                .filter_map(|instance| instance.shows(restored));
            let shown = Answer::Service(shown.collect());
            (!shown.is_empty() && is_enough(&shown)).then_some(shown)
        };
        let all = self.0.len();
        // Most answers need none of the withheld instances. If all are restored, the answer is shown as it is.
        let mut found = (all > 0).then(|| enough(0)).flatten();
        let (mut low, mut high) = if found.is_some() { (0, 0) } else { (1, all) };
        while low < high {
            let middle = low.midpoint(high);
            match enough(middle) {
                Some(shown) => {
                    found = Some(shown);
                    high = middle;
                }
                None => low = middle + 1,
            }
        }
        found.map_or_else(|| Arc::clone(answer), Arc::new)
    }

    fn restorable<'b>(&self, instance: &'b Arc<Instance>) -> Restorable<'b> {
        let withheld = self.0.get(&instance_id(instance));
        Restorable {
            raw: instance,
            withheld: withheld.map(|(place, damping)| (*place, damping.shows(instance))),
        }
    }
}

/// An instance of an answer, and how it is shown.
struct Restorable<'a> {
    raw: &'a Arc<Instance>,
    /// The place in the order in which instances are restored, and the state until then; `None`: it is not withheld.
    withheld: Option<(usize, InstanceState)>,
}

impl Restorable<'_> {
    /// How it is shown if this many instances are restored.
    fn shows(&self, restored: usize) -> InstanceState {
        match &self.withheld {
            Some((place, state)) if *place >= restored => state.clone(),
            _ => Some(Arc::clone(self.raw)),
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
