//! The servers of the source: which one is in use, and which of them answer.

use std::time::{Duration, Instant};

/// The time without any answer after which a server with requests in flight is probed, if there is another server. Also the
/// time between two probes that are not answered.
const SILENCE: Duration = Duration::from_secs(5);

/// The servers of the source.
#[derive(Debug)]
pub(super) struct Servers {
    /// The server in use. Another one replaces it only if it is down: each change of the server starts polls over.
    pub(super) preferred: usize,
    all: Vec<Server>,
}

/// What is known about one server.
#[derive(Clone, Debug, Default)]
struct Server {
    /// `true` if its last query failed. An answer to a probe does not count.
    is_down: bool,
    /// The time of its last answer, or of the first request after it was idle.
    heard: Option<Instant>,
    /// The time of the last probe, if nothing was answered since.
    unanswered: Option<Instant>,
}

impl Servers {
    /// Creates the state of this number of servers. `preferred`: the one to use first.
    pub(super) fn new(count: usize, preferred: usize) -> Self {
        Self {
            preferred,
            all: vec![Server::default(); count.max(1)],
        }
    }

    /// The number of servers.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// The time of the last answer of the server in use, or of the first request to it after it was idle.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.all[self.preferred].heard
    }

    /// Returns `true` if the last query at a server failed.
    pub(super) fn is_down(&self, server: usize) -> bool {
        self.all[server].is_down
    }

    /// The times at which servers have to be probed that answer none of their requests; none without another server.
    pub(super) fn silent_at(&self) -> impl Iterator<Item = (Instant, usize)> {
        let all = self.all.iter().enumerate();
        let all = all.filter(|_| self.count() > 1);
        all.filter_map(|(server, own)| Some((own.heard? + SILENCE, server)))
    }

    /// The time until which the server in use is not probed again; `None` if it has answered since the last probe.
    pub(super) fn pause(&self) -> Option<Instant> {
        let unanswered = self.all[self.preferred].unanswered;
        unanswered.map(|sent| sent + SILENCE)
    }

    /// Records the first request to a server after it was idle.
    pub(super) fn requested(&mut self, server: usize, now: Instant) {
        self.all[server].heard = Some(now);
    }

    /// Records that a query at a server has failed.
    pub(super) fn failed(&mut self, server: usize) {
        self.all[server].is_down = true;
    }

    /// Records that a probe was not answered.
    pub(super) fn probe_failed(&mut self, server: usize, sent: Instant) {
        self.all[server].unanswered = Some(sent);
    }

    /// Records an answer of a server, to a probe or to another request.
    pub(super) fn answered(&mut self, server: usize, is_probe: bool, now: Instant) {
        let own = &mut self.all[server];
        (own.heard, own.unanswered) = (Some(now), None);
        if is_probe {
            // It may answer probes, but no query.
            return;
        }
        own.is_down = false;
        if self.all[self.preferred].is_down {
            self.preferred = server;
        }
    }
}
