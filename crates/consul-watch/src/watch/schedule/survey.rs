//! Surveys of a catalog: reads of its nodes, which name the services that have changed.
//!
//! A tick tells that some service has changed, but not which one. To ask for thousands of services takes seconds; to read
//! what is registered at some dozen nodes does not. The services whose instances differ from those in the previous
//! survey are read first. All other queries are read afterwards, as without a survey: it decides the order, never what is
//! current. So a read that fails or is lost does no harm.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::query::Scope;
use crate::source::NodeSnapshot;

/// The number of queries per node from which the nodes are read.
const MIN_QUERIES_PER_NODE: usize = 8;
/// The number of bytes per query above which a survey costs Consul more time than it saves: to read the index of a query
/// takes it as long as to send 8 kB of instances.
const MAX_BYTES_PER_QUERY: usize = 8_000;
/// The size of one answer above which it would take too much memory.
const MAX_ANSWER_BYTES: usize = 4_000_000;
/// The number of bytes per second that surveys may cause.
const SURVEY_BYTES: f64 = 16_000_000.0;
/// The number of requests per second that surveys may cause.
const SURVEY_RATE: f64 = 200.0;
/// The minimum time between two surveys.
const MIN_INTERVAL: Duration = Duration::from_millis(50);
/// The maximum time between two surveys. It is reached when surveys find nothing.
const MAX_INTERVAL: Duration = Duration::from_secs(10);
/// The time without surveys after one that was too large, or was refused.
const USELESS_PAUSE: Duration = Duration::from_secs(600);

/// The surveys of all catalogs of the own datacenter.
#[derive(Debug, Default)]
pub(super) struct Surveys(BTreeMap<Scope, Survey>);

/// The survey of one catalog.
#[derive(Debug)]
struct Survey {
    /// The nodes with what was registered there; `None` before the first read.
    nodes: BTreeMap<String, Option<NodeSnapshot>>,
    /// The nodes to read.
    waiting: VecDeque<String>,
    /// `true` if a tick has moved since the last survey began.
    is_due: bool,
    /// The time of the last survey.
    begun: Instant,
    /// The size of its answers.
    bytes: usize,
    /// `true` if it has named a service that a query is about.
    is_useful: bool,
    /// The number of surveys since the last useful one.
    useless: u32,
    /// There is no survey until this time.
    pause: Option<Instant>,
}

impl Survey {
    fn new(now: Instant) -> Self {
        Self {
            nodes: BTreeMap::new(),
            waiting: VecDeque::new(),
            is_due: true,
            begun: now,
            bytes: 0,
            is_useful: false,
            useless: 0,
            pause: None,
        }
    }

    /// The time at which the next node can be read; `None` if none has to be. `queries`: the number of queries that rely on
    /// the ticks of this catalog.
    fn due(&self, queries: usize) -> Option<Instant> {
        let is_worthwhile = queries >= self.nodes.len() * MIN_QUERIES_PER_NODE;
        if !is_worthwhile || self.nodes.is_empty() {
            return None;
        }
        if !self.waiting.is_empty() {
            return Some(self.begun);
        }
        let next = self.begun + self.interval();
        self.is_due.then(|| next.max(self.pause.unwrap_or(next)))
    }

    /// The time between the last survey and the next one: the larger it was, and the more surveys have found nothing, the
    /// longer.
    fn interval(&self) -> Duration {
        let by_size = number(self.bytes) / SURVEY_BYTES;
        let by_count = number(self.nodes.len()) / SURVEY_RATE;
        let least = MIN_INTERVAL.max(Duration::from_secs_f64(by_size.max(by_count)));
        let slower = least.saturating_mul(1 << self.useless.min(10));
        slower.min(MAX_INTERVAL.max(least))
    }

    /// The next node to read. Begins a survey if none goes on.
    fn next(&mut self, now: Instant) -> Option<String> {
        if self.waiting.is_empty() {
            self.waiting = self.nodes.keys().cloned().collect();
            (self.is_due, self.begun, self.bytes, self.pause) = (false, now, 0, None);
            let was_useful = std::mem::take(&mut self.is_useful);
            self.useless = if was_useful {
                0
            } else {
                self.useless.saturating_add(1)
            };
        }
        self.waiting.pop_front()
    }

    fn stop(&mut self, now: Instant) {
        self.waiting.clear();
        self.pause = Some(now + USELESS_PAUSE);
    }
}

impl Surveys {
    /// Keeps only the surveys of these catalogs.
    pub(super) fn retain(&mut self, is_used: impl Fn(&Scope) -> bool) {
        self.0.retain(|scope, _| is_used(scope));
    }

    /// Sets the nodes of a catalog.
    pub(super) fn set_nodes(&mut self, scope: &Scope, names: BTreeSet<String>, now: Instant) {
        // Consul passes a request for another datacenter on, which takes its time for each node.
        if !scope.datacenter.is_empty() {
            return;
        }
        let survey = self.0.entry(scope.clone());
        let survey = survey.or_insert_with(|| Survey::new(now));
        let mut before = std::mem::take(&mut survey.nodes);
        let snapshots = names.into_iter().map(|name| {
            let snapshot = before.remove(&name).flatten();
            (name, snapshot)
        });
        survey.nodes = snapshots.collect();
        survey.is_due = true;
    }

    /// Requests a survey: a tick of the catalog has moved.
    pub(super) fn moved(&mut self, scope: &Scope) {
        if let Some(survey) = self.0.get_mut(scope) {
            survey.is_due = true;
        }
    }

    /// The catalog with the next node to read, and the time at which that is possible. `queries` is as in [`Survey::due`].
    pub(super) fn due(&self, queries: impl Fn(&Scope) -> usize) -> Option<(Instant, &Scope)> {
        let all = self.0.iter();
        let due = all.filter_map(|(scope, survey)| Some((survey.due(queries(scope))?, scope)));
        due.min_by_key(|(at, _)| *at)
    }

    /// The next node of a catalog to read.
    pub(super) fn next(&mut self, scope: &Scope, now: Instant) -> Option<String> {
        self.0.get_mut(scope)?.next(now)
    }

    /// The fingerprints of the services at a node.
    pub(super) fn services_at(&self, scope: &Scope, node: &str) -> BTreeSet<u64> {
        let survey = self.0.get(scope);
        let snapshot = survey.and_then(|survey| survey.nodes.get(node)?.as_ref());
        snapshot.map_or_else(BTreeSet::new, |snapshot| snapshot.services().collect())
    }

    /// Records what is registered at a node. Returns the fingerprints of the services that have changed. `queries` is as in
    /// [`Survey::due`].
    pub(super) fn record(
        &mut self,
        (scope, node): (&Scope, &str),
        snapshot: NodeSnapshot,
        queries: usize,
        now: Instant,
    ) -> BTreeSet<u64> {
        let Some(survey) = self.0.get_mut(scope) else {
            return BTreeSet::new();
        };
        survey.bytes += snapshot.bytes;
        let limit = queries.saturating_mul(MAX_BYTES_PER_QUERY);
        if survey.bytes > limit || snapshot.bytes > MAX_ANSWER_BYTES {
            survey.stop(now);
        }
        let Some(known) = survey.nodes.get_mut(node) else {
            return BTreeSet::new();
        };
        let changed = known.as_ref().map(|known| snapshot.changed_since(known));
        *known = Some(snapshot);
        changed.unwrap_or_default()
    }

    /// Records that a survey has named a service that a query is about.
    pub(super) fn found(&mut self, scope: &Scope) {
        if let Some(survey) = self.0.get_mut(scope) {
            (survey.is_useful, survey.useless) = (true, 0);
        }
    }

    pub(super) fn refused(&mut self, scope: &Scope, now: Instant) {
        if let Some(survey) = self.0.get_mut(scope) {
            survey.stop(now);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number of bytes or nodes is far below the limit"
)]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
