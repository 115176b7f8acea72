//! Chooses the next request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Schedule;
use super::connections::Kind;
use super::entry::{Entry, Lane, State, Subject};
use super::id::Id;
use super::pace::CROWDED_WAIT;
use super::request::{InFlight, Purpose, Request, Target};
use super::reservations::FIRST_WAIT;
use crate::query::Query;
use crate::source::Poll;

/// The maximum time that long polls wait for queries without an answer. An existing answer may be
/// current, but a missing one keeps a file from being written.
const YIELD_TO_FIRST_ANSWERS: Duration = Duration::from_secs(2);

impl Schedule {
    /// Returns the next request to send; `None` if there is none at present.
    pub(in crate::watch) fn next(&mut self, now: Instant) -> Option<Request> {
        self.chosen_at = now;
        while let Some(id) = self.entries.pop_due(now) {
            self.due(id, now);
        }
        self.connections.forget_ended(now);
        self.find_silent_datacenters(now);
        self.choose_mode(now);
        if let Some(probe) = self.probe(now) {
            return Some(probe);
        }
        if self.pace.pause(now).is_some() {
            return None;
        }
        self.next_short(now)
            .or_else(|| self.next_long(now))
            .or_else(|| self.next_urgent(now))
            .or_else(|| self.next_surveyed(now))
            .or_else(|| self.next_announced(now))
            .or_else(|| self.next_hot(now))
    }

    /// Handles an entry whose time has come.
    fn due(&mut self, id: Id, now: Instant) {
        let state = self.entries.get(id).map(|entry| entry.state);
        match state {
            // Its full read is due.
            Some(State::Tick(_)) => self.entries.wait_for(id, State::Lane(Lane::Again)),
            Some(State::Time(_)) => self.requeue(id, now),
            _ => {}
        }
    }

    /// Decides what an entry waits for that may be requested again.
    pub(super) fn requeue(&mut self, id: Id, now: Instant) {
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        let state = if entry.is_unanswered() {
            State::Lane(Lane::First)
        } else if entry.prefix.is_some() && !entry.failure.is_reported && !entry.read_again {
            State::Prefix
        } else if !entry.may_block(now) {
            State::Lane(Lane::Again)
        } else if entry.area.is_some() {
            State::Tick(entry.full_read)
        } else if entry.is_tick() {
            State::Lane(Lane::Tick)
        } else {
            State::Lane(Lane::Long)
        };
        self.entries.wait_for(id, state);
        let entry = self.entries.get(id);
        if entry.is_some_and(|entry| self.areas.is_outdated(entry)) {
            self.areas.prioritize(id);
        }
    }

    fn next_short(&mut self, now: Instant) -> Option<Request> {
        if !self.connections.may_have_room_for_short() || self.pace.first_at(now).is_some() {
            return None;
        }
        if let Some(id) = self.first_admitted(Lane::First, now) {
            let is_silent = self.is_in_silent_datacenter(id);
            let purpose = if is_silent {
                Purpose::Follow
            } else {
                Purpose::First
            };
            return self.send_short(id, purpose, now);
        }
        if self.is_busy || self.pace.unannounced_at(now).is_some() {
            return None;
        }
        if let Some(request) = self.next_extra_read(now) {
            return Some(request);
        }
        let id = self.first_admitted(Lane::Again, now)?;
        let entry = self.entries.get(id)?;
        let purpose = if entry.read_again {
            Purpose::ReadAgain
        } else if entry.cursor.poll().index > 0 && entry.full_read <= now {
            Purpose::FullRead
        } else {
            Purpose::Follow
        };
        let request = self.send_short(id, purpose, now)?;
        self.pace.spend_unannounced(now);
        Some(request)
    }

    /// The time at which the budget permits the next short request that waits in a lane; `None` if there is none.
    pub(super) fn short_at(&mut self, now: Instant) -> Option<Instant> {
        if !self.connections.may_have_room_for_short() {
            return None;
        }
        let waits = !self.is_busy
            && (self.entries.first(Lane::Again).is_some() || !self.extra_reads.is_empty());
        if self.entries.first(Lane::First).is_some() {
            self.pace.first_at(now)
        } else if waits {
            self.pace.unannounced_at(now)
        } else {
            None
        }
    }

    /// Reads the answer of an entry once more while its long poll is in flight.
    fn next_extra_read(&mut self, now: Instant) -> Option<Request> {
        for _ in 0..self.extra_reads.len() {
            let id = self.extra_reads.pop_front()?;
            let Some(entry) = self.entries.get_mut(id) else {
                continue;
            };
            let name = entry.datacenter();
            let is_admitted = self
                .datacenters
                .admit(name, self.failures.has_prober_of_datacenter(name));
            // If the poll has ended meanwhile, or the datacenter does not answer, the entry is read before its next poll.
            let is_outdated = entry.read_again || entry.cursor.poll().index == 0;
            if !is_outdated || entry.request_id().is_none() || !is_admitted {
                continue;
            }
            // It is read at the server of its long poll.
            let server = entry.cursor.poll().server;
            if !self.connections.has_room_for_short(server) {
                self.extra_reads.push_back(id);
                continue;
            }
            let is_asked = std::mem::take(&mut entry.read_again);
            let mut poll = entry.cursor.poll();
            poll.index = 0;
            poll.stale &= !is_asked && entry.area.is_none();
            let purpose = if is_asked {
                Purpose::ReadAgain
            } else {
                Purpose::Follow
            };
            let (target, known) = (target_of(entry), entry.cursor.known());
            self.pace.spend_read(now);
            self.pace.spend_unannounced(now);
            let kind = (Kind::Short, purpose);
            let request_id = self.begin_request(Some(id), kind, poll, now);
            return Some(Request {
                id: request_id,
                target,
                poll,
                known,
            });
        }
        None
    }

    /// Sends a short request of an entry, if its server has room for it.
    pub(super) fn send_short(&mut self, id: Id, purpose: Purpose, now: Instant) -> Option<Request> {
        if !self.choose_server(id, Kind::Short, now) {
            return None;
        }
        let entry = self.entries.get(id)?;
        let mut poll = entry.cursor.poll();
        if entry.traits.blocks {
            poll.index = 0;
        }
        poll.stale &= purpose != Purpose::ReadAgain && entry.area.is_none() && !entry.is_tick();
        self.send(id, (Kind::Short, purpose), poll, now)
    }

    fn next_long(&mut self, now: Instant) -> Option<Request> {
        if self.is_busy || self.pace.poll_at(now).is_some() {
            return None;
        }
        let mut id = self.entries.first_long(self.after_tick)?;
        if self.yields(now) {
            return None;
        }
        let mut has_room = self.choose_server(id, Kind::Long, now);
        while !self.entries.get(id)?.may_block(now) {
            // Its full read is due, or it has moved to another server.
            self.requeue(id, now);
            let Some(next) = self.entries.first_long(self.after_tick) else {
                return self.next_short(now);
            };
            id = next;
            has_room = self.choose_server(id, Kind::Long, now);
        }
        let entry = self.entries.get(id)?;
        let mut poll = entry.cursor.poll();
        if let Subject::Tick(_, tick) = &entry.subject {
            poll.index = tick.index;
            poll.stale = false;
        }
        let is_tick = entry.is_tick();
        if !has_room {
            // If all connections belong to cancelled polls, do not wait for the end of their wait.
            let all_are_cancelled = self.mode.limit == 0;
            return all_are_cancelled
                .then(|| self.send_short(id, Purpose::Follow, now))
                .flatten();
        }
        poll.wait = poll.wait.min(self.longest_wait(now));
        if self.mode.takes_turns(is_tick, self.areas.ticks()) {
            poll.wait = poll.wait.min(CROWDED_WAIT);
        }
        self.after_tick = is_tick;
        self.send(id, (Kind::Long, Purpose::Follow), poll, now)
    }

    /// The maximum time that a query blocks: as long as there was no refusal.
    pub(super) fn longest_wait(&self, now: Instant) -> Duration {
        let calm = now.saturating_duration_since(self.ramp);
        FIRST_WAIT.max(calm)
    }

    /// Returns `true` while long polls wait for first answers.
    fn yields(&mut self, now: Instant) -> bool {
        if self.entries.first(Lane::First).is_none() && !self.requests.has_first() {
            self.yields_until = None;
            return false;
        }
        now < *self
            .yields_until
            .get_or_insert(now + YIELD_TO_FIRST_ANSWERS)
    }

    pub(super) fn send(
        &mut self,
        id: Id,
        (kind, purpose): (Kind, Purpose),
        mut poll: Poll,
        now: Instant,
    ) -> Option<Request> {
        let wanted = poll.wait;
        if kind == Kind::Long {
            poll.wait = self.recorded_wait(poll.server, wanted, now);
        }
        let entry = self.entries.get_mut(id)?;
        if let Some(area) = &entry.area {
            entry.generation = self.areas.generation(area);
        }
        let (target, known) = (target_of(entry), entry.cursor.known());
        match kind {
            Kind::Short if purpose != Purpose::First => self.pace.spend_read(now),
            Kind::Short | Kind::Probe => {}
            Kind::Long => self.pace.spend_poll(now),
        }
        let request_id = self.begin_request(Some(id), (kind, purpose), poll, now);
        if kind == Kind::Long && self.connections.are_exclusive() {
            self.reservations
                .begin(request_id, poll.server, poll.wait, wanted);
        }
        self.entries.wait_for(id, State::Answer(request_id));
        Some(Request {
            id: request_id,
            target,
            poll,
            known,
        })
    }

    pub(super) fn begin_request(
        &mut self,
        id: Option<Id>,
        (kind, purpose): (Kind, Purpose),
        poll: Poll,
        now: Instant,
    ) -> u64 {
        let server = poll.server;
        if !self.requests.are_sent_to(server) {
            self.servers.requested(server, now);
        }
        self.connections.begin(server, kind);
        let entry = id.and_then(|id| self.entries.get(id));
        let datacenter = entry.map_or_else(String::new, |entry| entry.datacenter().to_owned());
        let request = InFlight {
            request_id: 0,
            id,
            kind,
            room: kind,
            purpose,
            poll,
            datacenter,
            sent: now,
            recoveries: self.failures.recoveries,
            rights: self.failures.rights,
            tokens: self.failures.tokens,
        };
        self.datacenters.begin(&request);
        self.requests.add(request)
    }
}

fn target_of(entry: &Entry) -> Target {
    match &entry.subject {
        Subject::Query(query) => Target::Query(Arc::<Query>::clone(query)),
        Subject::Tick(tick, _) => Target::Tick((**tick).clone()),
    }
}
