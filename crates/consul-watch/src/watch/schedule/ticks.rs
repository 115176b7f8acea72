//! Handles the answers to ticks.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Schedule;
use super::answering::QUICK;
use super::connections::Kind;
use super::entry::{Subject, TickState};
use super::id::Id;
use super::request::InFlight;
use crate::query::{ConsulQuery, Query, Scope};
use crate::source::{Area, Tick, TickReply, fingerprint};

/// The minimum time between two polls of a tick.
const MIN_TICK_INTERVAL: Duration = Duration::from_millis(50);
/// The number of bytes per second that ticks may cause.
const TICK_BYTES: f64 = 4_000_000.0;

impl Schedule {
    /// Handles the answer to a tick. If it has moved, its area is read again.
    pub(super) fn ticked(&mut self, (id, request): (Id, InFlight), reply: TickReply, now: Instant) {
        self.pace.received(reply.bytes);
        self.recover(id, now);
        let full_read = self.next_full_read(now);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        if request.kind == Kind::Short {
            entry.full_read = full_read;
        }
        let area = entry.traits.area.clone();
        let Subject::Tick(tick, state) = &mut entry.subject else {
            return;
        };
        let tick = tick.clone();
        let index = reply.index.unwrap_or(0).max(1);
        let is_moved = index != state.seen;
        let is_reset = index < state.seen || state.seen == 0;
        // A lower index means that the server has lost its state, so the next poll must not block.
        state.index = if index < state.seen { 0 } else { index };
        state.seen = index;
        let mut pause =
            MIN_TICK_INTERVAL.max(Duration::from_secs_f64(bytes(reply.bytes) / TICK_BYTES));
        let changed = state.replace_critical(&reply);
        if let Some(area) = area.filter(|_| is_moved) {
            let named = self.named(tick.scope(), &changed);
            let first = self.named_members(&area, &named);
            self.areas.moved(&area, first, is_reset);
            match *tick {
                Tick::Services(scope) => self.surveys.moved(&scope),
                Tick::Nodes(scope) => self.surveys.set_nodes(&scope, reply.nodes, now),
                Tick::Checks(_) | Tick::Keys(_) => {}
            }
        } else if now.saturating_duration_since(request.sent) >= QUICK {
            pause = Duration::ZERO;
        }
        self.requeue_after(id, pause, now);
    }

    /// The fingerprints of services, and of those at nodes.
    fn named(&self, scope: &Scope, changed: &Changed) -> BTreeSet<u64> {
        let at_nodes = changed.nodes.iter();
        let at_nodes = at_nodes.flat_map(|node| self.surveys.services_at(scope, node));
        let services = changed.services.iter().map(|name| fingerprint(name));
        services.chain(at_nodes).collect()
    }

    /// The members of an area that are about one of these services.
    pub(super) fn named_members(&self, area: &Area, names: &BTreeSet<u64>) -> Vec<Id> {
        if names.is_empty() {
            return Vec::new();
        }
        let state = self.areas.get(area);
        let members = state.into_iter().flat_map(|state| &state.members);
        let is_named = |id: &&Id| {
            let query = self.entries.get(**id).and_then(|entry| entry.query());
            match query.map(|query| &**query) {
                Some(Query::Consul(ConsulQuery::Service(query) | ConsulQuery::Connect(query))) => {
                    names.contains(&fingerprint(&query.name))
                }
                _ => false,
            }
        };
        members.filter(is_named).copied().collect()
    }
}

/// The services and nodes whose critical checks have appeared or disappeared.
struct Changed {
    services: BTreeSet<String>,
    nodes: BTreeSet<String>,
}

impl TickState {
    /// Takes over what has critical checks.
    fn replace_critical(&mut self, reply: &TickReply) -> Changed {
        let changed = Changed {
            services: &reply.critical ^ &self.critical,
            nodes: &reply.critical_nodes ^ &self.critical_nodes,
        };
        self.critical.clone_from(&reply.critical);
        self.critical_nodes.clone_from(&reply.critical_nodes);
        changed
    }
}

fn bytes(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
