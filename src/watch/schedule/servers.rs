//! The servers of the source: which one is asked, and whether it still responds.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Schedule;
use super::connections::Kind;
use super::entry::Subject;
use super::id::Id;
use super::request::{Purpose, Request, Target};
use crate::source::{Error, Poll};

/// The time without any answer after which a server with requests in flight is probed, if there is another server.
const SILENCE: Duration = Duration::from_secs(5);

impl Schedule {
    /// Moves an entry away from a server that did not answer, or that is not the one that others use.
    pub(super) fn choose_server(&mut self, id: Id) {
        let preferred = self.servers.preferred;
        let is_preferred_up = !self.servers.down.contains(&preferred);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let server = entry.cursor.poll().server;
        let is_down = self.servers.down.contains(&server) && is_preferred_up;
        if entry.failure.is_first_try() && (is_down || entry.cursor.poll().index == 0) {
            entry.cursor.move_to(preferred);
            if let Subject::Tick(_, tick) = &mut entry.subject
                && server != preferred
            {
                (tick.index, tick.seen) = (0, 0);
            }
        }
    }

    /// Returns `true` if there is room for a short request to the server in use.
    pub(super) fn has_room_for_short(&self) -> bool {
        self.connections.has_room_for_short(self.servers.preferred)
    }

    /// The next server to probe, and the time: its requests are not answered, and another one may answer them; or a
    /// datacenter does not answer. `None` if no connection is left, until a request ends.
    pub(super) fn next_probe(&self) -> Option<(Instant, usize)> {
        if self.servers.probe.is_some() {
            return None;
        }
        let silent = self.servers.heard.iter();
        let silent = silent.map(|(server, heard)| (*heard + SILENCE, *server));
        let silent = silent.filter(|_| self.servers.count > 1);
        let probes = silent.chain(self.next_datacenter_check());
        probes
            .filter(|(_, server)| {
                self.requests.are_sent_to(*server) && self.connections.has_room_for_probe(*server)
            })
            .min()
    }

    /// The time at which the server in use is probed because a datacenter does not answer.
    fn next_datacenter_check(&self) -> Option<(Instant, usize)> {
        let server = self.servers.preferred;
        let check = self
            .datacenters
            .next_check(*self.servers.heard.get(&server)?)?;
        let earlier = self.servers.probed.map(|probed| probed + SILENCE);
        Some((earlier.map_or(check, |earlier| check.max(earlier)), server))
    }

    pub(super) fn probe(&mut self, now: Instant) -> Option<Request> {
        let (_, server) = self.next_probe().filter(|(due, _)| *due <= now)?;
        let poll = Poll::once(server);
        let request_id = self.begin_request(None, (Kind::Short, Purpose::Follow), poll, now);
        self.servers.probe = Some(request_id);
        self.servers.probed = Some(now);
        Some(Request {
            id: request_id,
            target: Target::Server,
            poll,
            known: Weak::new(),
        })
    }

    /// Handles the outcome of a probe.
    pub(super) fn probed(&mut self, server: usize, result: Result<(), Error>, now: Instant) {
        self.servers.probe = None;
        let Err(error) = result else { return };
        if self.servers.count == 1 {
            // There is no other server to move to.
            return;
        }
        let error = Arc::new(error);
        tracing::debug!(name: "consul.silent", server, %error, "a server does not answer a probe: {error}");
        for request_id in self.requests.request_ids(Some(server)) {
            let Some(request) = self.end_request(request_id) else {
                continue;
            };
            self.cancelled.push(request_id);
            if let Some(id) = request.id {
                self.failed((id, &request), &error, now);
            }
        }
    }
}
