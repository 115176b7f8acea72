//! The areas whose ticks announce changes, and the reading of their queries after a tick.
//!
//! Each tick that moves begins a new *generation* of its area. A query that was last read in an
//! earlier generation is read again. As its request is sent after the tick was answered, its answer
//! contains the change that the tick has announced.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::{Entry, State};
use super::id::Id;
use crate::source::Area;

/// The time for which a changed query has a long poll of its own, if there is room.
const HOT: Duration = Duration::from_secs(600);
/// The maximum number of changed queries that are looked at for a long poll.
const MAX_LOOKS: usize = 64;

/// The areas in use.
#[derive(Debug, Default)]
pub(super) struct Areas {
    all: BTreeMap<Arc<Area>, AreaState>,
    /// The area of the entry that was added last: most entries have the same.
    last_added: Option<Arc<Area>>,
    /// The queries that have to be read first.
    urgent: VecDeque<Id>,
    /// The same queries, to find them.
    urgent_ids: BTreeSet<Id>,
    /// Those of them whose service a tick or a survey has named.
    named: BTreeSet<Id>,
    /// `true` if the last read was that of an urgent query; then the next one is not, so that a round or a survey goes on.
    was_urgent: bool,
    /// The areas with a tick that the server refuses, with the time until which it is not requested again.
    refused: BTreeMap<Arc<Area>, Instant>,
    /// The queries that have changed recently, by the time of the change.
    hot: BTreeSet<(Instant, Id)>,
}

/// One area.
#[derive(Debug, Default)]
pub(super) struct AreaState {
    pub(super) ticks: Vec<Id>,
    pub(super) members: Vec<Id>,
    pub(super) generation: u64,
    /// The generation since which the indexes of answers are comparable; the server may have lost its state before.
    comparable_since: u64,
    /// The next member to look at.
    position: usize,
    /// The number of members to look at since the last tick.
    remaining: usize,
    /// `true` if a request has found a change since the first member was looked at.
    is_useful: bool,
}

impl Areas {
    /// The area with this name.
    pub(super) fn get(&self, area: &Area) -> Option<&AreaState> {
        self.all.get(area)
    }

    /// The area of a new entry, which many entries share.
    pub(super) fn shared(&mut self, area: Arc<Area>) -> Arc<Area> {
        match &self.last_added {
            Some(last) if *last == area => Arc::clone(last),
            _ => Arc::clone(self.last_added.insert(area)),
        }
    }

    /// Returns `true` without areas.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Replaces the areas by these; an area that existed before keeps its generation and its ticks. Returns the ticks
    /// of the areas that exist no more.
    pub(super) fn replace(&mut self, members: BTreeMap<Arc<Area>, Vec<Id>>) -> Vec<Id> {
        let mut before = std::mem::take(&mut self.all);
        for (area, members) in members {
            let mut state = before.remove(&area).unwrap_or_default();
            let next = state.members.get(state.position).copied();
            let is_larger = members.len() > state.members.len();
            // Members are sorted: go on with the same one.
            state.position = next.map_or(0, |next| members.partition_point(|id| *id < next));
            state.members = members;
            if state.position >= state.members.len() {
                state.position = 0;
            }
            if is_larger || state.remaining > 0 {
                state.remaining = state.members.len();
            }
            self.all.insert(area, state);
        }
        if self.all.is_empty() {
            self.urgent.clear();
            self.urgent_ids.clear();
            self.named.clear();
            self.hot.clear();
        }
        before.into_values().flat_map(|state| state.ticks).collect()
    }

    /// Records that a tick is refused: its area announces nothing.
    pub(super) fn refuse(&mut self, area: Arc<Area>, until: Instant) {
        self.refused.insert(area, until);
    }

    /// Returns `true` if a tick of this area is refused.
    pub(super) fn is_refused(&self, area: &Area, now: Instant) -> bool {
        self.refused.get(area).is_some_and(|until| now < *until)
    }

    /// Records that the rights of the token have changed.
    pub(super) fn forget_refusals(&mut self) {
        self.refused.clear();
    }

    /// The areas without ticks.
    pub(super) fn without_ticks(&mut self) -> impl Iterator<Item = (&Arc<Area>, &mut Vec<Id>)> {
        let areas = self.all.iter_mut();
        areas
            .filter(|(_, state)| state.ticks.is_empty())
            .map(|(area, state)| (area, &mut state.ticks))
    }

    /// The number of ticks.
    pub(super) fn ticks(&self) -> usize {
        self.all.values().map(|state| state.ticks.len()).sum()
    }

    /// The number of queries in all areas.
    pub(super) fn members(&self) -> usize {
        self.all.values().map(|state| state.members.len()).sum()
    }

    /// The number of queries in an area.
    pub(super) fn members_of(&self, area: &Area) -> usize {
        self.all.get(area).map_or(0, |state| state.members.len())
    }

    /// The present generation of an area.
    pub(super) fn generation(&self, area: &Area) -> u64 {
        self.all.get(area).map_or(0, |state| state.generation)
    }

    /// Records that a tick has moved: all members are read again, first those that it has named. `is_reset`: the server may
    /// have lost its state, so that earlier indexes mean nothing.
    pub(super) fn moved(
        &mut self,
        area: &Area,
        named: impl IntoIterator<Item = Id>,
        is_reset: bool,
    ) {
        if let Some(state) = self.all.get_mut(area) {
            state.generation += 1;
            state.remaining = state.members.len();
            if is_reset {
                state.comparable_since = state.generation;
            }
        }
        for id in named {
            self.name(id);
        }
    }

    /// Returns `true` if the index of an entry can be compared with a new one.
    pub(super) fn is_comparable(&self, entry: &Entry) -> bool {
        let area = entry.area.as_ref().and_then(|area| self.all.get(area));
        area.is_none_or(|state| entry.generation >= state.comparable_since)
    }

    /// Requests that a query be read before the others.
    pub(super) fn prioritize(&mut self, id: Id) {
        if self.urgent_ids.insert(id) {
            self.urgent.push_back(id);
        }
    }

    /// Records that a tick or a survey has named the service of a query: it is read before the others, as a whole.
    pub(super) fn name(&mut self, id: Id) {
        self.prioritize(id);
        self.named.insert(id);
    }

    /// Records that a query has changed. `before`: its last change.
    pub(super) fn changed(
        &mut self,
        (id, area): (Id, &Area),
        before: Option<Instant>,
        now: Instant,
    ) {
        if let Some(state) = self.all.get_mut(area) {
            state.is_useful = true;
        }
        if let Some(before) = before {
            self.hot.remove(&(before, id));
        }
        self.hot.insert((now, id));
    }

    /// The next query to read. `ended` is called each time that all members were looked at, with `true` if a request has
    /// found a change meanwhile.
    pub(super) fn next<'a>(
        &mut self,
        get: impl Fn(Id) -> Option<&'a Entry>,
        ended: impl FnMut(bool),
    ) -> Option<Id> {
        let urgent = self.next_urgent(&get);
        if urgent.is_some() && !self.was_urgent {
            return urgent;
        }
        self.next_member(get, ended).or(urgent)
    }

    /// Returns `true` if an urgent query is read next.
    pub(super) fn is_urgent_next<'a>(&mut self, get: impl Fn(Id) -> Option<&'a Entry>) -> bool {
        !self.was_urgent && self.next_urgent(&get).is_some()
    }

    /// Records that this query is read now. Returns `true` if its service was named, so that its answer has probably
    /// changed.
    pub(super) fn record_read(&mut self, id: Id) -> bool {
        self.was_urgent = self.urgent.front() == Some(&id);
        self.named.remove(&id)
    }

    /// Records that a node is read now.
    pub(super) fn record_survey(&mut self) {
        self.was_urgent = false;
    }

    fn next_urgent<'a>(&mut self, get: &impl Fn(Id) -> Option<&'a Entry>) -> Option<Id> {
        while let Some(id) = self.urgent.front().copied() {
            if get(id).is_some_and(|entry| self.is_outdated(entry)) {
                return Some(id);
            }
            self.urgent.pop_front();
            self.urgent_ids.remove(&id);
            self.named.remove(&id);
        }
        None
    }

    fn next_member<'a>(
        &mut self,
        get: impl Fn(Id) -> Option<&'a Entry>,
        mut ended: impl FnMut(bool),
    ) -> Option<Id> {
        for state in self.all.values_mut() {
            while state.remaining > 0 {
                let id = state
                    .members
                    .get(state.position % state.members.len().max(1));
                let is_outdated = id.and_then(|id| get(*id)).is_some_and(|entry| {
                    matches!(entry.state, State::Tick(_)) && entry.generation < state.generation
                });
                if is_outdated {
                    return id.copied();
                }
                state.position = (state.position + 1) % state.members.len().max(1);
                state.remaining -= 1;
                if state.position == 0 {
                    ended(std::mem::take(&mut state.is_useful));
                }
            }
        }
        None
    }

    /// Returns `true` if an entry waits for a tick, and its area has moved since its last request.
    pub(super) fn is_outdated(&self, entry: &Entry) -> bool {
        let area = entry.area.as_ref();
        let generation = area.map_or(0, |area| self.generation(area));
        matches!(entry.state, State::Tick(_)) && entry.generation < generation
    }

    /// The query with the latest change that waits for a tick.
    pub(super) fn hottest<'a>(
        &mut self,
        get: impl Fn(Id) -> Option<&'a Entry>,
        now: Instant,
    ) -> Option<Id> {
        while let Some((changed, id)) = self.hot.first().copied() {
            if now.saturating_duration_since(changed) < HOT && get(id).is_some() {
                break;
            }
            self.hot.remove(&(changed, id));
        }
        let latest = self.hot.iter().rev().take(MAX_LOOKS).map(|(_, id)| *id);
        let mut waiting = latest.filter(|id| {
            get(*id)
                .is_some_and(|entry| matches!(entry.state, State::Tick(_)) && entry.may_block(now))
        });
        waiting.next()
    }
}
