//! The flap damping of the followed queries.
//!
//! Input: accepted answers, what the templates require, the time. Output: the instances that begin or cease to be damped,
//! and the answers as templates with flap damping see them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::rules::DampingRules;
use answer_guard::{Clocks, DampedInstance, Damper, Flap, SavedDamping, damped_by};
use consul_watch::answer::Answer;
use consul_watch::query::Query;

/// The queries with instances that have toggled recently.
#[derive(Debug, Default)]
pub(in crate::daemon::renderer) struct Dampers(BTreeMap<Arc<Query>, Entry>);

/// The flap damping of one query.
#[derive(Debug)]
struct Entry {
    damper: Damper,
    /// The rules by which the present answer was damped.
    rules: DampingRules,
}

impl Dampers {
    /// Counts the toggles between an accepted answer and the next one.
    pub(in crate::daemon::renderer) fn observe(
        &mut self,
        query: &Arc<Query>,
        rules: DampingRules,
        [before, after]: [&Answer; 2],
        now: Instant,
    ) -> Vec<Flap> {
        let Some(filter) = damped_by(query) else {
            return Vec::new();
        };
        let entry = self.0.entry(Arc::clone(query)).or_insert_with(|| Entry {
            damper: Damper::default(),
            rules: rules.clone(),
        });
        let damper = &mut entry.damper;
        let flaps = damper.observe(&rules.config, filter, before, after, now);
        entry.rules = rules;
        if damper.is_idle() {
            self.0.remove(query);
        }
        flaps
    }

    /// Returns `true` if an instance of a query has toggled recently.
    pub(in crate::daemon::renderer) fn has(&self, query: &Query) -> bool {
        self.0.contains_key(query)
    }

    /// Damps the instances that an earlier process has damped. Returns `true` if there are any.
    pub(in crate::daemon::renderer) fn restore(
        &mut self,
        query: &Arc<Query>,
        rules: DampingRules,
        (saved, answer): (&[SavedDamping], &Answer),
        now: Clocks,
    ) -> bool {
        let damper = Damper::restore(saved, &rules.config, answer, now);
        let is_damping = damper.is_damping();
        if is_damping {
            self.0.insert(Arc::clone(query), Entry { damper, rules });
        }
        is_damping
    }

    /// The damped instances of a query, for the next process.
    pub(in crate::daemon::renderer) fn save(
        &self,
        query: &Query,
        now: Clocks,
    ) -> Vec<SavedDamping> {
        let entry = self.0.get(query);
        entry.map_or_else(Vec::new, |entry| entry.damper.save(now))
    }

    /// The damped instances of a query.
    pub(in crate::daemon::renderer) fn damped_of(
        &self,
        query: &Query,
    ) -> impl Iterator<Item = DampedInstance<'_>> {
        let entry = self.0.get(query).into_iter();
        entry.flat_map(|entry| entry.damper.damped())
    }

    /// The answer as templates with flap damping see it; `None` if they see what others see.
    pub(in crate::daemon::renderer) fn apply(
        &self,
        query: &Query,
        answer: &Arc<Answer>,
    ) -> Option<Arc<Answer>> {
        let Entry { damper, rules } = self.0.get(query)?;
        let is_enough = |part: &Answer| rules.is_enough(part, answer);
        let damped = damper.apply(&rules.config, damped_by(query)?, answer, is_enough);
        (!Arc::ptr_eq(&damped, answer)).then_some(damped)
    }

    /// The queries with damped instances.
    pub(in crate::daemon::renderer) fn queries(&self) -> impl Iterator<Item = &Arc<Query>> {
        let damping = self.0.iter().filter(|(_, entry)| entry.damper.is_damping());
        damping.map(|(query, _)| query)
    }

    /// The instances that are damped.
    pub(in crate::daemon::renderer) fn damped(
        &self,
    ) -> impl Iterator<Item = (&Arc<Query>, DampedInstance<'_>)> {
        self.0.iter().flat_map(|(query, entry)| {
            let damped = entry.damper.damped();
            damped.map(move |instance| (query, instance))
        })
    }

    /// Ends the damping of instances that have been stable for long enough, and adopts other rules; `None`: no template
    /// has flap damping for the query. Returns the instances that are no longer damped; `None` if nothing is due.
    pub(in crate::daemon::renderer) fn reconsider(
        &mut self,
        query: &Query,
        rules: Option<DampingRules>,
        now: Instant,
    ) -> Option<Vec<Flap>> {
        let entry = self.0.get_mut(query)?;
        let Some(rules) = rules else {
            let flaps = entry.damper.release_all(now);
            self.0.remove(query);
            return Some(flaps);
        };
        let flaps = entry.damper.release(&rules.config, now);
        let is_changed = !flaps.is_empty() || entry.rules != rules;
        entry.rules = rules;
        if entry.damper.is_idle() {
            self.0.remove(query);
        }
        is_changed.then_some(flaps)
    }

    /// The time at which the damping of an instance may end.
    pub(in crate::daemon::renderer) fn next_wake(&self) -> Option<Instant> {
        let entries = self.0.values();
        let ends = entries.filter_map(|entry| entry.damper.next_release(&entry.rules.config));
        ends.min()
    }

    /// Keeps only the queries that are still followed.
    pub(in crate::daemon::renderer) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.0.retain(|query, _| wanted(query));
    }
}
