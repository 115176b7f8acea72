//! Flap damping: decides which instances of a service come and go so often that readers no longer see each change.
//!
//! Input: the accepted answers to one query, and the time. Output: the instances that begin or cease to be damped, and the
//! answer as readers with flap damping see it.
//!
//! These are the rules:
//!
//! - An instance is identified by its node and its ID. Its state in an answer is its status, or that it is absent. Each
//!   change of the state between two accepted answers is a toggle. An answer that the guard holds back adds no toggle.
//!   Neither does a change to or from maintenance that the answer shows: operators begin and end it.
//! - An instance that toggles more than `max_toggles` times within `window` is damped: it is shown in the worst of the
//!   states between which it has toggled. For the usual query for passing instances this means that it is left out.
//!   The opposite, to keep it, would send requests to an instance that Consul reports as failing, and keep one that is
//!   deregistered. An instance that is absent from the answer is never added to it.
//! - It is no longer damped when it has not toggled for `stable_for`.
//! - Damping must not cause an outage of its own. No instance is damped beyond `max_damped` of the instances that are known, and
//!   those of them that are needed in the present answer are shown: see [`Damper::apply`].

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::guard::InstanceId;
use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Health, HealthFilter, Query};

mod config;
mod flap;
mod saved;
mod state;
mod track;
mod withheld;

pub use config::FlapDampingConfig;
pub use flap::{DampedInstance, Flap, FlapChange, Shown};
pub use saved::{Clocks, SavedDamping};
use state::{changes, usable};
use track::Track;
use withheld::Withheld;

/// The instances of one query that have toggled recently.
#[derive(Clone, Debug, Default)]
pub struct Damper(BTreeMap<InstanceId, Track>);

/// The health filter of a query whose instances can be damped. In an answer without passing instances, an instance that is
/// absent may be fine, so none is damped.
#[must_use]
pub fn damped_by(query: &Query) -> Option<&HealthFilter> {
    let Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) = query else {
        return None;
    };
    let filter = &service.health;
    filter.admits(Health::Passing).then_some(filter)
}

impl Damper {
    /// Returns `true` if no instance has toggled recently.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if an instance is damped.
    #[must_use]
    pub fn is_damping(&self) -> bool {
        self.damped().next().is_some()
    }

    /// The instances that are damped.
    pub fn damped(&self) -> impl Iterator<Item = DampedInstance<'_>> {
        self.0.values().filter_map(Track::damped_instance)
    }

    /// The damped instances, for the next process.
    #[must_use]
    pub fn save(&self, now: Clocks) -> Vec<SavedDamping> {
        let tracks = self.0.values();
        tracks
            .filter_map(|track| SavedDamping::of(track, now))
            .collect()
    }

    /// Creates a damper with the instances that an earlier process has damped, except those that have been stable for long
    /// enough since. `answer` is the first one of this process.
    #[must_use]
    pub fn restore(
        saved: &[SavedDamping],
        config: &FlapDampingConfig,
        answer: &Answer,
        now: Clocks,
    ) -> Self {
        let tracks = saved.iter().map(|own| own.track(answer, now));
        let mut damper = Self(tracks.collect());
        damper.release(config, now.instant);
        damper
    }

    /// The time at which the next instance is no longer damped, if it does not toggle until then.
    #[must_use]
    pub fn next_release(&self, config: &FlapDampingConfig) -> Option<Instant> {
        let ends = self.0.values().filter_map(|track| track.end(config));
        ends.min()
    }

    /// Counts the toggles between an accepted answer and the next one. Returns the instances that begin or cease to be
    /// damped.
    pub fn observe(
        &mut self,
        config: &FlapDampingConfig,
        filter: &HealthFilter,
        before: &Answer,
        after: &Answer,
        now: Instant,
    ) -> Vec<Flap> {
        let mut flaps = self.release(config, now);
        self.0
            .retain(|_, track| track.has_toggled_within(config.window, now));
        let mut flapping = Vec::new();
        for (id, change) in changes(before, after) {
            let track = self.0.entry(id);
            let track = track.or_insert_with(|| Track::new(change.instance));
            if track.record_toggle(config, change.worse(), now) {
                flapping.push(id);
            }
        }
        if !flapping.is_empty() {
            flaps.extend(self.damp(config, &flapping, &usable(filter, after), now));
        }
        flaps
    }

    /// Damps the instances that toggle too often, up to `max_damped` of those that are usable or damped.
    fn damp(
        &mut self,
        config: &FlapDampingConfig,
        flapping: &[InstanceId],
        usable: &HashSet<InstanceId>,
        now: Instant,
    ) -> Vec<Flap> {
        let mut damped = self.damped_ids().count();
        let mut others = self.damped_ids().filter(|id| !usable.contains(id)).count();
        let mut flaps = Vec::new();
        for id in flapping {
            let further = usize::from(!usable.contains(id));
            let may_damp = damped < config.max_damped_of(usable.len() + others + further);
            if may_damp {
                damped += 1;
                others += further;
            }
            let track = self.0.get_mut(id);
            flaps.extend(track.and_then(|track| track.damp_or_report(may_damp, now)));
        }
        flaps
    }

    /// Ends the damping of the instances that have been stable for long enough.
    pub fn release(&mut self, config: &FlapDampingConfig, now: Instant) -> Vec<Flap> {
        self.release_if(now, |track| track.end(config).is_some_and(|end| end <= now))
    }

    /// Ends the damping of all instances, and forgets their toggles.
    pub fn release_all(&mut self, now: Instant) -> Vec<Flap> {
        self.release_if(now, |_| true)
    }

    fn release_if(&mut self, now: Instant, is_over: impl Fn(&Track) -> bool) -> Vec<Flap> {
        let mut flaps = Vec::new();
        self.0.retain(|_, track| {
            let is_over = is_over(track);
            if is_over {
                flaps.extend(track.released(now));
            }
            !is_over
        });
        flaps
    }

    fn damped_ids(&self) -> impl Iterator<Item = InstanceId> {
        let damped = self.0.iter().filter(|(_, track)| track.is_damped());
        damped.map(|(id, _)| *id)
    }

    /// The answer as readers with flap damping see it. `is_enough` returns `true` if a part of the answer has the items
    /// that readers require of it. It must be monotone: what is enough is also enough with further instances.
    ///
    /// Instances that the answer needs are shown although they are damped, first those that were damped last:
    ///
    /// - no more than `max_damped` of the usable instances of the answer are withheld, and never all of them. This matters
    ///   when instances that are not damped vanish;
    /// - the result is enough;
    /// - the result is not empty unless the answer is.
    #[must_use]
    pub fn apply(
        &self,
        config: &FlapDampingConfig,
        filter: &HealthFilter,
        answer: &Arc<Answer>,
        is_enough: impl Fn(&Answer) -> bool,
    ) -> Arc<Answer> {
        match &**answer {
            Answer::Service(instances) if self.is_damping() => {
                let withheld = Withheld::of(&self.0, config, filter, instances);
                withheld.apply(answer, instances, is_enough)
            }
            _ => Arc::clone(answer),
        }
    }
}

#[cfg(test)]
mod tests;
