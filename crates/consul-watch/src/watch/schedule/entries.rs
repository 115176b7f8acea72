//! The table of entries: what each of them waits for, and in which order they are served.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::entry::{Entry, Lane, State, Subject};
use super::id::Id;
use crate::query::{Query, QueryMap};

/// The number of lanes.
const LANES: usize = 4;

/// All entries.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Boxed, because a map has room for almost twice as many values as it has.
    all: BTreeMap<Id, Box<Entry>>,
    by_query: QueryMap<Id>,
    last: Id,
    /// The entries that wait for a time.
    timers: BTreeSet<(Instant, Id)>,
    /// The entries that wait for room. An entry whose state has changed meanwhile is skipped.
    lanes: [VecDeque<Id>; LANES],
}

impl Entries {
    /// Adds an entry, which waits for nothing yet.
    pub(super) fn insert(&mut self, entry: Entry) -> Id {
        self.last += 1;
        if let Subject::Query(query) = &entry.subject {
            self.by_query.insert(Arc::clone(query), self.last);
        }
        self.all.insert(self.last, Box::new(entry));
        self.last
    }

    /// Removes an entry.
    pub(super) fn remove(&mut self, id: Id) -> Option<Entry> {
        let entry = self.all.remove(&id)?;
        self.remove_timer(id, entry.state);
        if let Subject::Query(query) = &entry.subject {
            self.by_query.remove(query);
        }
        Some(*entry)
    }

    pub(super) fn get(&self, id: Id) -> Option<&Entry> {
        self.all.get(&id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Entry> {
        self.all.get_mut(&id).map(Box::as_mut)
    }

    /// The entry of a query.
    pub(super) fn find(&self, query: &Query) -> Option<Id> {
        self.by_query.get(query).copied()
    }

    /// All entries, in the order of their creation.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, &Entry)> {
        self.all.iter().map(|(id, entry)| (*id, entry.as_ref()))
    }

    /// Changes what an entry waits for.
    pub(super) fn wait_for(&mut self, id: Id, state: State) {
        let Some(entry) = self.all.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut entry.state, state);
        self.remove_timer(id, before);
        if let State::Lane(lane) = before {
            // Otherwise it would be the first one again as soon as it is queued again.
            let queue = &mut self.lanes[lane as usize];
            if queue.front() == Some(&id) {
                queue.pop_front();
            }
        }
        match state {
            State::Time(at) | State::Tick(at) => {
                self.timers.insert((at, id));
            }
            State::Lane(lane) => self.lanes[lane as usize].push_back(id),
            State::Answer(_) | State::Prefix => {}
        }
    }

    /// Moves an entry to the front of a lane.
    pub(super) fn queue_first(&mut self, id: Id, lane: Lane) {
        self.wait_for(id, State::Lane(lane));
        if let Some(last) = self.lanes[lane as usize].pop_back() {
            self.lanes[lane as usize].push_front(last);
        }
    }

    /// Lets an entry be requested from the beginning.
    pub(super) fn start_over(&mut self, id: Id) {
        let Some(entry) = self.all.get_mut(&id) else {
            return;
        };
        entry.cursor.start_over();
        if let Subject::Tick(_, tick) = &mut entry.subject {
            (tick.index, tick.seen) = (0, 0);
        }
        entry.failure.start_over();
        if entry.prefix.is_some() && entry.state == State::Prefix {
            return;
        }
        let lane = entry.short_lane();
        self.wait_for(id, State::Lane(lane));
    }

    fn remove_timer(&mut self, id: Id, state: State) {
        if let State::Time(at) | State::Tick(at) = state {
            self.timers.remove(&(at, id));
        }
    }

    /// Removes an entry whose time has come from the timers.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Id> {
        let (at, id) = *self.timers.first()?;
        if at > now {
            return None;
        }
        self.timers.pop_first();
        Some(id)
    }

    /// The time for which the first entry waits.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The first entry that waits for a long poll. Ticks and queries take turns, so that neither starves if there are few
    /// connections. `after_tick`: the last long poll was that of a tick.
    pub(super) fn first_long(&mut self, after_tick: bool) -> Option<Id> {
        let (next, other) = if after_tick {
            (Lane::Long, Lane::Tick)
        } else {
            (Lane::Tick, Lane::Long)
        };
        self.first(next).or_else(|| self.first(other))
    }

    /// The first entry in a lane.
    pub(super) fn first(&mut self, lane: Lane) -> Option<Id> {
        let queue = &mut self.lanes[lane as usize];
        while let Some(id) = queue.front().copied() {
            let entry = self.all.get(&id);
            if entry.is_some_and(|entry| entry.state == State::Lane(lane)) {
                return Some(id);
            }
            queue.pop_front();
        }
        None
    }
}
