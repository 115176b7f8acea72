//! The guards of the followed queries: answers that lost items are held back until the loss is confirmed.
//!
//! Input: answers with their circumstances, what the templates require, the time. Output: rulings, and
//! the queries to read again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::requirements::Requirements;
use answer_guard::{
    Ended, Guard, Held, InstanceId, Observation, Ruling, applies_to, instance_id, items,
};
use consul_watch::answer::{Answer, Depth};
use consul_watch::query::{ConsulQuery, Health, HealthFilter, Query};
use consul_watch::source::Circumstances;

/// The guards that remember something.
#[derive(Debug, Default)]
pub(super) struct Guards {
    by_query: BTreeMap<Arc<Query>, Guard>,
    /// The queries whose answer is held back, by the query that is read for them.
    reads: BTreeMap<Arc<Query>, BTreeSet<Arc<Query>>>,
    /// `true` if the queries that are read have changed.
    has_other_reads: bool,
}

/// The maximum number of services whose instances are all read. Beyond it, instances in maintenance count as
/// missing: if so many services lose instances at once, Consul has lost them.
const MAX_WIDER: usize = 64;

/// What a read tells about a query whose answer is held back.
pub(super) struct ReadAgain {
    /// The query.
    pub(super) query: Arc<Query>,
    /// Its answer.
    pub(super) answer: Arc<Answer>,
    /// The instances that are in maintenance.
    pub(super) in_maintenance: HashSet<InstanceId>,
}

impl Guards {
    /// Returns `true` if an answer may have to be held back, or ends the holding back of one.
    pub(super) fn concern(
        &self,
        query: &Query,
        accepted: Option<&Answer>,
        answer: &Answer,
        is_filtered: bool,
    ) -> bool {
        applies_to(query)
            && (is_filtered
                || self.by_query.contains_key(query)
                || accepted.is_some_and(|accepted| has_fewer(accepted, answer)))
    }

    /// Expects the first answer to a query to have this many items.
    pub(super) fn expect(&mut self, query: &Arc<Query>, items: usize) {
        let guard = self.by_query.entry(Arc::clone(query));
        guard.or_insert_with(|| Guard::expecting(items));
    }

    /// The answer of the earlier process is known now.
    pub(super) fn restored(&mut self, query: &Query, answer: &Answer, depth: Option<Depth>) {
        if let Some(guard) = self.by_query.get_mut(query) {
            guard.restored(items(answer, depth));
        }
    }

    /// Judges an answer.
    pub(super) fn observe(
        &mut self,
        query: &Arc<Query>,
        requirements: &Requirements<'_>,
        accepted: Option<&Arc<Answer>>,
        seen: (&Arc<Answer>, Circumstances, &HashSet<InstanceId>),
        now: Instant,
    ) -> Ruling {
        let (answer, circumstances, in_maintenance) = seen;
        let Some(rules) = &requirements.rules else {
            let ended = self.forget(query).and_then(|mut guard| {
                let ended = guard.reconsider(None, accepted, false, now);
                ended.map(|(_, ended)| ended)
            });
            return Ruling::Accepted(ended);
        };
        let guard = self.by_query.entry(Arc::clone(query)).or_default();
        let seen = Observation {
            answer,
            circumstances,
            is_short: requirements.is_short(accepted, answer),
            in_maintenance,
        };
        let ruling = guard.observe(rules, accepted, seen, now);
        let is_held = guard.held().is_some();
        if guard.is_idle(now) {
            self.by_query.remove(query);
        }
        self.follow_reads(query, is_held);
        ruling
    }

    /// Judges the answer that is held back by what the templates require now.
    pub(super) fn reconsider(
        &mut self,
        query: &Arc<Query>,
        requirements: &Requirements<'_>,
        accepted: Option<&Arc<Answer>>,
        now: Instant,
    ) -> Option<(Arc<Answer>, Ended)> {
        let guard = self.by_query.get_mut(query)?;
        let is_short = guard
            .held()
            .is_some_and(|held| requirements.is_short(accepted, held.answer()));
        let ended = guard.reconsider(requirements.rules.as_ref(), accepted, is_short, now)?;
        self.follow_reads(query, false);
        Some(ended)
    }

    /// Records that a query has failed, or the query that is read for it.
    pub(super) fn failed(&mut self, query: &Arc<Query>, now: Instant) {
        let read_for = self.reads.get(query).into_iter().flatten();
        for held in read_for.chain([query]) {
            if let Some(guard) = self.by_query.get_mut(held) {
                guard.failed(now);
            }
        }
    }

    /// What the answer to a read tells about the queries that it was sent for.
    pub(super) fn read(&self, read: &Arc<Query>, answer: &Arc<Answer>) -> Vec<ReadAgain> {
        let held = self.reads.get(read).into_iter().flatten();
        let others = held.filter(|query| *query != read);
        others
            .filter_map(|query| ReadAgain::of(query, answer))
            .collect()
    }

    /// The queries to read now. They are not due again before they are answered.
    pub(super) fn take_due(&mut self, now: Instant) -> BTreeSet<Arc<Query>> {
        let mut due = BTreeSet::new();
        for (query, guard) in &mut self.by_query {
            if guard.next_read().is_some_and(|time| time <= now) {
                guard.read_sent(now);
                let wider = wider(query).filter(|wider| self.reads.contains_key(wider));
                due.insert(wider.unwrap_or_else(|| Arc::clone(query)));
            }
        }
        due
    }

    /// The queries that are followed only because the answers to others are held back.
    pub(super) fn reads(&self) -> impl Iterator<Item = &Arc<Query>> {
        self.reads.keys()
    }

    /// Returns `true` if [`reads`](Self::reads) has changed since the last call.
    pub(super) fn take_other_reads(&mut self) -> bool {
        std::mem::take(&mut self.has_other_reads)
    }

    /// The time at which a query is read again.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let guards = self.by_query.values();
        guards.filter_map(Guard::next_read).min()
    }

    /// The queries whose answer is held back.
    pub(super) fn held(&self) -> impl Iterator<Item = (&Arc<Query>, &Held)> {
        let guards = self.by_query.iter();
        guards.filter_map(|(query, guard)| Some((query, guard.held()?)))
    }

    /// The answer to this query that is held back.
    pub(super) fn held_of(&self, query: &Query) -> Option<&Held> {
        self.by_query.get(query)?.held()
    }

    /// Keeps only the queries that are still followed.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.by_query.retain(|query, _| wanted(query));
        let before = self.reads.len();
        self.reads.retain(|_, held| {
            held.retain(|query| wanted(query));
            !held.is_empty()
        });
        self.has_other_reads |= self.reads.len() != before;
    }

    fn forget(&mut self, query: &Arc<Query>) -> Option<Guard> {
        let guard = self.by_query.remove(query)?;
        self.follow_reads(query, false);
        Some(guard)
    }

    /// Records whether all instances of a service are read, because the answer to a query is held back.
    fn follow_reads(&mut self, query: &Arc<Query>, is_held: bool) {
        let Some(read) = wider(query) else { return };
        let before = self.reads.len();
        if is_held {
            if before < MAX_WIDER || self.reads.contains_key(&read) {
                let held = self.reads.entry(read).or_default();
                held.insert(Arc::clone(query));
            }
        } else if let Some(held) = self.reads.get_mut(&read) {
            held.remove(query);
            if held.is_empty() {
                self.reads.remove(&read);
            }
        }
        self.has_other_reads |= self.reads.len() != before;
    }
}

impl ReadAgain {
    /// The instances of a query with a health filter among all instances of the service.
    fn of(query: &Arc<Query>, every: &Arc<Answer>) -> Option<Self> {
        let (
            Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)),
            Answer::Service(instances),
        ) = (&**query, &**every)
        else {
            return None;
        };
        let own = instances
            .iter()
            .filter(|instance| service.health.admits(instance.status));
        let in_maintenance = instances
            .iter()
            .filter(|instance| instance.status == Health::Maintenance);
        Some(Self {
            query: Arc::clone(query),
            answer: Arc::new(Answer::Service(own.cloned().collect())),
            in_maintenance: in_maintenance
                .map(|instance| instance_id(instance))
                .collect(),
        })
    }
}

/// The query for all instances of the service of a query with a health filter: they tell what is in maintenance.
fn wider(query: &Query) -> Option<Arc<Query>> {
    let mut wider = query.clone();
    let Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) = &mut wider
    else {
        return None;
    };
    if service.health == HealthFilter::Any {
        return None;
    }
    service.health = HealthFilter::Any;
    Some(Arc::new(wider))
}

/// Returns `true` if an answer has fewer items than another, at any depth below a prefix.
fn has_fewer(before: &Answer, after: &Answer) -> bool {
    let depths: &[Option<Depth>] = match before {
        Answer::Pairs(_) => &[None, Some(Depth::Level), Some(Depth::Tree)],
        _ => &[None],
    };
    depths
        .iter()
        .any(|depth| items(after, *depth) < items(before, *depth))
}
