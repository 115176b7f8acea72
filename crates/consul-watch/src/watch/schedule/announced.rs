//! Chooses requests for queries whose changes ticks announce.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Schedule;
use super::connections::Kind;
use super::id::Id;
use super::request::{Purpose, Request, Target};

/// The maximum time that a query blocks whose changes ticks announce too.
const HOT_WAIT: Duration = Duration::from_secs(15);

impl Schedule {
    /// The time at which the next query can be read whose change a tick has announced; `None` if there is none.
    pub(super) fn paced_reading_at(&mut self, now: Instant) -> Option<Instant> {
        if self.is_busy || !self.connections.may_have_room_for_short() {
            return None;
        }
        self.next_outdated()?;
        self.pace.read_at(now)
    }

    fn next_outdated(&mut self) -> Option<Id> {
        let Self {
            areas,
            entries,
            pace,
            ..
        } = self;
        areas.next(
            |id| entries.get(id),
            |is_useful| pace.round_ended(is_useful),
        )
    }

    /// Reads a query before the nodes of a survey: most likely its service was named.
    pub(super) fn next_urgent(&mut self, now: Instant) -> Option<Request> {
        let Self { areas, entries, .. } = self;
        let is_urgent = areas.is_urgent_next(|id| entries.get(id));
        is_urgent.then(|| self.next_announced(now)).flatten()
    }

    /// Reads a query whose change a tick may have announced.
    pub(super) fn next_announced(&mut self, now: Instant) -> Option<Request> {
        if self.is_busy || self.areas.is_empty() || !self.connections.may_have_room_for_short() {
            return None;
        }
        let id = loop {
            let id = self.next_outdated()?;
            if self.pace.read_at(now).is_some() {
                return None;
            }
            if self.admit(id, now) {
                break id;
            }
        };
        if !self.choose_server(id, Kind::Short, now) {
            return None;
        }
        let is_named = self.areas.record_read(id);
        let entry = self.entries.get(id)?;
        if is_named || entry.cursor.poll().index == 0 || !self.areas.is_comparable(entry) {
            return self.send_short(id, Purpose::Follow, now);
        }
        let mut poll = entry.cursor.poll();
        (poll.index, poll.stale) = (0, false);
        let query = entry.query().map(Arc::clone)?;
        let mut request = self.send(id, (Kind::Short, Purpose::Follow), poll, now)?;
        request.target = Target::Index(query);
        Some(request)
    }

    /// Gives a free connection to a query that has changed recently.
    pub(super) fn next_hot(&mut self, now: Instant) -> Option<Request> {
        let others = self.areas.ticks() + self.mode.unannounced + self.requests.hot();
        let has_room = others < self.mode.limit;
        if self.areas.is_empty() || self.is_busy || !has_room || self.pace.poll_at(now).is_some() {
            return None;
        }
        let Self { areas, entries, .. } = self;
        let id = areas.hottest(|id| entries.get(id), now)?;
        let mut poll = self.entries.get(id)?.cursor.poll();
        if !self.has_room(poll.server, Kind::Long, now) {
            return None;
        }
        poll.wait = poll.wait.min(HOT_WAIT).min(self.longest_wait(now));
        poll.stale = false;
        self.send(id, (Kind::Long, Purpose::Hot), poll, now)
    }
}
