//! Decides which queries have a long poll of their own, and which rely on ticks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::Schedule;
use super::entry::{Entry, Lane, State, Subject, Traits};
use super::id::Id;
use crate::query::KeyQuery;
use crate::source::{Area, Tick};

/// The number of queries per tick from which ticks replace long polls.
const MIN_PER_TICK: usize = 2;

impl Schedule {
    /// Decides which queries rely on ticks, if their number or the limit of long polls has changed.
    pub(super) fn choose_mode(&mut self, now: Instant) {
        let limit = self.connections.long_limit(self.servers.preferred, now);
        if !self.mode.is_outdated && limit == self.mode.limit {
            return;
        }
        self.mode.is_outdated = false;
        self.mode.limit = limit;
        let polled = self.entries.iter().filter(|(_, entry)| !entry.is_tick());
        let polled = polled.filter(|(_, entry)| entry.is_polled()).count();
        let mut members: BTreeMap<Arc<Area>, Vec<Id>> = BTreeMap::new();
        let queries = self.entries.iter().filter(|(_, entry)| !entry.is_tick());
        for (id, entry) in queries.filter(|(_, entry)| entry.is_polled()) {
            if let Some(area) = self.area_of(entry) {
                members.entry(area).or_default().push(id);
            }
        }
        members.retain(|area, ids| {
            ids.len() > area.ticks().len() * MIN_PER_TICK && !self.areas.is_refused(area, now)
        });
        // There must be room for the ticks before they are needed.
        let ticks: usize = members.keys().map(|area| area.ticks().len()).sum();
        let later = self.connections.long_limit_later();
        // The polls of ticks that end now take connections for a while.
        let stays_crowded = self.mode.is_crowded && polled + ticks > limit;
        let is_crowded = polled > limit || polled + ticks > later || stays_crowded;
        if !is_crowded {
            members.clear();
        }
        self.use_areas(members, now);
        let areas = &self.areas;
        self.surveys
            .retain(|scope| areas.get(&Area::Catalog(scope.clone())).is_some());
        let unannounced = self.entries.iter();
        let unannounced = unannounced
            .filter(|(_, entry)| entry.is_polled() && entry.area.is_none() && !entry.is_tick());
        self.mode.unannounced = unannounced.count();
        self.pace.reads(self.areas.members());
        let was_crowded = std::mem::replace(&mut self.mode.is_crowded, is_crowded);
        if is_crowded && !was_crowded {
            self.log_crowd(polled);
        }
    }

    fn area_of(&self, entry: &Entry) -> Option<Arc<Area>> {
        let Some(key) = entry.key() else {
            return entry.traits.area.clone();
        };
        // The longest prefix, which is the most specific one. The root contains all keys.
        let unusable = self
            .unusable_prefixes
            .keys()
            .filter(|prefix| prefix.scope == key.scope && key.key.starts_with(&prefix.key));
        let prefix = unusable.max_by_key(|prefix| prefix.key.len());
        let prefix = prefix.cloned().unwrap_or_else(|| KeyQuery {
            key: String::new(),
            scope: key.scope.clone(),
        });
        Some(Arc::new(Area::Keys(prefix)))
    }

    fn use_areas(&mut self, members: BTreeMap<Arc<Area>, Vec<Id>>, now: Instant) {
        let mut announced: BTreeMap<Id, Arc<Area>> = BTreeMap::new();
        for (area, ids) in &members {
            announced.extend(ids.iter().map(|id| (*id, Arc::clone(area))));
        }
        let obsolete = self.areas.replace(members);
        for tick in obsolete {
            self.drop_entry(tick);
        }
        self.add_ticks(now);
        let queries = self.entries.iter().filter(|(_, entry)| !entry.is_tick());
        let queries: Vec<_> = queries.map(|(id, _)| id).collect();
        for id in queries {
            let area = announced.remove(&id);
            let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.area != area) else {
                continue;
            };
            let is_announced = area.is_some();
            entry.area = area;
            // It was not requested since the ticks of this area began.
            entry.generation = 0;
            match (entry.state, is_announced) {
                (State::Lane(Lane::Long), true) | (State::Tick(_), false) => self.requeue(id, now),
                _ => {}
            }
        }
    }

    fn add_ticks(&mut self, now: Instant) {
        let areas: BTreeSet<_> = self
            .areas
            .without_ticks()
            .map(|(area, _)| Arc::clone(area))
            .collect();
        for area in areas {
            let ticks: Vec<_> = area
                .ticks()
                .into_iter()
                .map(|tick| self.add_tick(tick, &area, now))
                .collect();
            if let Some((_, own)) = self
                .areas
                .without_ticks()
                .find(|(known, _)| **known == area)
            {
                *own = ticks;
            }
        }
    }

    fn add_tick(&mut self, tick: Tick, area: &Arc<Area>, now: Instant) -> Id {
        let traits = Traits {
            blocks: true,
            interval: None,
            area: Some(Arc::clone(area)),
        };
        let id = self.add(Subject::Tick(Box::new(tick), Box::default()), traits, now);
        // Queries that are requested after the first answer of the ticks need not be read again.
        self.entries.queue_first(id, Lane::First);
        id
    }

    fn log_crowd(&mut self, queries: usize) {
        let limit = self.mode.limit;
        if self.rules.is_limited_by_files && !std::mem::replace(&mut self.mode.is_logged, true) {
            tracing::warn!(
                name: "queries.take_turns", polls = limit,
                "only {limit} queries can block at the same time and the others take turns, because the limit of open \
                 files is low; raise it (ulimit -n, LimitNOFILE= in a systemd unit)"
            );
            return;
        }
        tracing::debug!(
            name: "queries.share_connections", queries, polls = limit,
            "{queries} queries share {limit} long polls"
        );
    }
}
