//! The servers of the source: which one is asked, and whether it still responds.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::Schedule;
use super::connections::Kind;
use super::entry::Subject;
use super::id::Id;
use super::request::{InFlight, Purpose, Request, Target};
use crate::source::{Error, Poll};

impl Schedule {
    /// Moves an entry to the server in use if its own one is down, or has no room for its next request, or if a change of
    /// the server costs nothing. Returns `true` if its server has room for the request.
    pub(super) fn choose_server(&mut self, id: Id, kind: Kind, now: Instant) -> bool {
        let Some(entry) = self.entries.get(id) else {
            return false;
        };
        let (is_first_try, poll) = (entry.failure.is_first_try(), entry.cursor.poll());
        let has_room = self.has_room(poll.server, kind, now);
        let preferred = self.servers.preferred;
        if poll.server == preferred {
            return has_room;
        }
        let is_preferred_up = !self.servers.is_down(preferred);
        let is_down = self.servers.is_down(poll.server) && is_preferred_up;
        let is_better = is_preferred_up && self.has_room(preferred, kind, now);
        if (is_first_try && (is_down || poll.index == 0)) || (!has_room && is_better) {
            self.move_to(id, preferred);
            return self.has_room(preferred, kind, now);
        }
        has_room
    }

    /// Returns `true` if there is room for a request of this kind to this server.
    pub(super) fn has_room(&self, server: usize, kind: Kind, now: Instant) -> bool {
        match kind {
            Kind::Short => self.connections.has_room_for_short(server),
            Kind::Long => !self.waits_for_record(now) && self.connections.has_room_for_long(server),
            Kind::Probe => self.connections.has_room_for_probe(server),
        }
    }

    fn move_to(&mut self, id: Id, server: usize) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.cursor.move_to(server);
            if let Subject::Tick(_, tick) = &mut entry.subject {
                (tick.index, tick.seen) = (0, 0);
            }
        }
    }

    /// The time of the next probe, and its server. A server is probed if it answers none of its requests and there is
    /// another server, or if a datacenter does not answer. `None` if no probe is needed, while one of the same server is in
    /// flight, and while no connection is left for it.
    pub(super) fn next_probe(&self) -> Option<(Instant, usize)> {
        let silent = self.servers.silent_at();
        silent
            .chain(self.next_datacenter_check())
            .filter(|(_, server)| {
                self.requests.are_sent_to(*server) && self.connections.has_room_for_probe(*server)
            })
            .min()
    }

    /// The time at which the server in use is probed because a datacenter does not answer.
    fn next_datacenter_check(&self) -> Option<(Instant, usize)> {
        let check = self.datacenters.next_check(self.servers.heard()?)?;
        let due = self.servers.pause().map_or(check, |end| check.max(end));
        Some((due, self.servers.preferred))
    }

    /// Probes a server if that is due.
    pub(super) fn probe(&mut self, now: Instant) -> Option<Request> {
        let (_, server) = self.next_probe().filter(|(due, _)| *due <= now)?;
        let poll = Poll::once(server);
        let request_id = self.begin_request(None, (Kind::Probe, Purpose::Follow), poll, now);
        Some(Request {
            id: request_id,
            target: Target::Server,
            poll,
            known: Weak::new(),
        })
    }

    /// Handles the outcome of a probe.
    pub(super) fn probed(&mut self, probe: &InFlight, result: Result<(), Error>, now: Instant) {
        let Err(error) = result else { return };
        let server = probe.poll.server;
        self.servers.probe_failed(server, probe.sent);
        if self.servers.count() == 1 {
            // There is no other server to move to.
            return;
        }
        let error = Arc::new(error);
        tracing::debug!(name: "consul.silent", server, %error, "a server does not answer a probe: {error}");
        for request_id in self.requests.request_ids(Some(server)) {
            let Some(request) = self.cancel(request_id) else {
                continue;
            };
            if let Some(id) = request.id {
                self.failed((id, &request), &error, now);
            }
        }
    }
}
