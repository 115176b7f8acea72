//! The connection budget: how many requests may be in flight at the same time.
//!
//! Over HTTP/1.1 a request in flight takes a connection. Consul accepts 200 connections from one
//! address by default, and all programs of a host share them.
//!
//! Two numbers stay within the limit: that of the requests in flight to all servers, and, for each server, that of the
//! requests in flight together with the connections that it keeps for cancelled long polls.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::refusals::Refusals;
use crate::source::MAX_SHORT_REQUESTS;

/// The number of connections that are left for probes, and for requests outside of the schedule, such as the search for
/// the cause of an empty answer.
const SPARE: usize = 2;
/// The number of connections below which only one is left, for probes.
const MIN_FOR_SPARE: usize = 16;
/// The number of connections up to which none is left: one takes a long poll, and the other one short requests.
const MAX_WITHOUT_SPARE: usize = 2;

/// The number of long polls that a limit of connections leaves, with this number of requests on each of them.
pub fn long_polls(connections: usize, sharing: usize) -> usize {
    Connections {
        sharing,
        ..Connections::new(connections)
    }
    .own_limit()
}

/// The kinds of requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request that is answered at once.
    Short,
    /// A request that blocks until something changes.
    Long,
    /// A request that finds out whether a server answers at all.
    Probe,
}

/// The requests in flight and their limits.
#[derive(Debug)]
pub(super) struct Connections {
    /// The maximum number of connections.
    limit: usize,
    /// The number of requests that share a connection.
    sharing: usize,
    servers: BTreeMap<usize, Usage>,
    refusals: Refusals,
}

/// The use of one server.
#[derive(Debug, Default)]
struct Usage {
    in_flight: Counts,
    /// The times until which the server keeps the connections of long polls that were cancelled.
    kept: Vec<Instant>,
}

/// The numbers of requests in flight.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    short: usize,
    long: usize,
    probes: usize,
}

impl Counts {
    fn total(self) -> usize {
        self.short + self.long + self.probes
    }

    fn of(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Short => &mut self.short,
            Kind::Long => &mut self.long,
            Kind::Probe => &mut self.probes,
        }
    }
}

impl Connections {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            sharing: 1,
            servers: BTreeMap::new(),
            refusals: Refusals::default(),
        }
    }

    /// Sets the number of requests that share a connection. Returns `true` if that is a change.
    pub(super) fn share(&mut self, sharing: usize) -> bool {
        let sharing = sharing.max(1);
        std::mem::replace(&mut self.sharing, sharing) != sharing
    }

    /// The number of requests that may be in flight.
    fn requests(&self) -> usize {
        self.limit.saturating_mul(self.sharing)
    }

    fn spare(&self) -> usize {
        if self.limit >= MIN_FOR_SPARE {
            SPARE
        } else {
            usize::from(self.requests() > MAX_WITHOUT_SPARE)
        }
    }

    /// The maximum number of short requests in flight.
    pub(super) fn short_limit(&self) -> usize {
        (self.limit / 8).clamp(1, MAX_SHORT_REQUESTS)
    }

    /// Returns `true` if each request takes a connection, which the server keeps after the request was cancelled.
    pub(super) fn are_exclusive(&self) -> bool {
        self.sharing == 1
    }

    /// For how long a server still keeps the connections of cancelled polls.
    pub(super) fn rest_of_cancelled(&self, server: usize, now: Instant) -> Vec<Duration> {
        let kept = self.servers.get(&server).map(|own| &own.kept);
        let rest = kept
            .into_iter()
            .flatten()
            .map(|until| until.saturating_duration_since(now));
        rest.filter(|rest| !rest.is_zero()).collect()
    }

    /// The maximum number of long polls that the configured limit leaves.
    pub(super) fn own_limit(&self) -> usize {
        let others = self.short_limit() + self.spare();
        self.requests().saturating_sub(others).max(1)
    }

    /// The maximum number of long polls at one server, if there is none at another.
    pub(super) fn long_limit(&mut self, server: usize, now: Instant) -> usize {
        self.forget_ended(now);
        let own = self.own_limit();
        self.refusals.rise(own, now);
        let (_, kept) = self.at(server);
        self.long_limit_later().min(own.saturating_sub(kept))
    }

    /// The maximum number of long polls at a server that keeps no connection of a cancelled one.
    pub(super) fn long_limit_later(&self) -> usize {
        self.refusals.limit(self.own_limit())
    }

    /// The time at which the limit of long polls rises without an event.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let kept = self.servers.values().flat_map(|own| &own.kept);
        let rise = self.refusals.next_rise(self.own_limit());
        kept.copied().chain(rise).min()
    }

    /// Returns `true` if there is room for a short request to a server that keeps no connection.
    pub(super) fn may_have_room_for_short(&self) -> bool {
        let all = self.in_flight();
        all.short < self.short_limit() && self.leaves_room(all, 0)
    }

    /// Returns `true` if there is room for a short request to this server.
    pub(super) fn has_room_for_short(&self, server: usize) -> bool {
        self.may_have_room_for_short() && self.has_room_at(server)
    }

    /// Returns `true` if there is room for a long poll to this server.
    pub(super) fn has_room_for_long(&self, server: usize) -> bool {
        let (all, (own, kept)) = (self.in_flight(), self.at(server));
        all.long < self.long_limit_later()
            && own.long + kept < self.own_limit()
            && self.leaves_room(all, 0)
            && self.has_room_at(server)
    }

    /// Returns `true` if there is room for a probe of this server, which has one at a time.
    pub(super) fn has_room_for_probe(&self, server: usize) -> bool {
        let (all, (own, kept)) = (self.in_flight(), self.at(server));
        let requests = self.requests();
        own.probes == 0 && all.total() < requests && own.total() + kept < requests
    }

    /// Returns `true` if a server has room for one more request that is not a probe. One at a time is sent in any case.
    fn has_room_at(&self, server: usize) -> bool {
        let (own, kept) = self.at(server);
        own.short + own.long == 0 || self.leaves_room(own, kept)
    }

    /// Returns `true` if one more request beside these requests and kept connections leaves room for a probe.
    fn leaves_room(&self, requests: Counts, kept: usize) -> bool {
        let probes = requests.probes.max(self.spare().min(1));
        requests.short + requests.long + probes + kept < self.requests()
    }

    /// The requests in flight to one server, and the number of connections that it keeps.
    fn at(&self, server: usize) -> (Counts, usize) {
        let own = self.servers.get(&server);
        own.map_or_else(Default::default, |own| (own.in_flight, own.kept.len()))
    }

    /// The requests in flight to all servers.
    fn in_flight(&self) -> Counts {
        let all = self.servers.values().map(|own| own.in_flight);
        all.fold(Counts::default(), |sum, own| Counts {
            short: sum.short + own.short,
            long: sum.long + own.long,
            probes: sum.probes + own.probes,
        })
    }

    /// Forgets the cancelled polls whose wait is over.
    pub(super) fn forget_ended(&mut self, now: Instant) {
        for own in self.servers.values_mut() {
            own.kept.retain(|until| now < *until);
        }
    }

    /// Counts a request to a server.
    pub(super) fn begin(&mut self, server: usize, kind: Kind) {
        let own = self.servers.entry(server).or_default();
        *own.in_flight.of(kind) += 1;
    }

    /// Counts the end of a request.
    pub(super) fn end(&mut self, server: usize, kind: Kind) {
        let own = self.servers.entry(server).or_default();
        let count = own.in_flight.of(kind);
        *count = count.saturating_sub(1);
    }

    /// Counts a long poll that was cancelled. Consul notices only at the end of its wait.
    pub(super) fn abandon(&mut self, server: usize, until: Instant) {
        if self.are_exclusive() {
            self.servers.entry(server).or_default().kept.push(until);
        }
    }

    /// Lowers the limit of long polls, because the server refuses connections.
    pub(super) fn refused(&mut self, now: Instant) {
        self.refusals.refused(self.in_flight().long, now);
    }

    /// Takes over the connections that the servers still keep for an earlier schedule.
    pub(super) fn inherit(&mut self, earlier: Self) {
        for (server, earlier) in earlier.servers {
            self.servers.entry(server).or_default().kept = earlier.kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_requests_and_long_polls_together_stay_within_the_limit() {
        for limit in [1, 2, 3, 8, 15, 16, 64, 200] {
            let mut connections = Connections::new(limit);
            loop {
                if connections.has_room_for_short(0) {
                    connections.begin(0, Kind::Short);
                } else if connections.has_room_for_long(0) {
                    connections.begin(0, Kind::Long);
                } else {
                    break;
                }
            }
            let all = connections.in_flight();
            assert_eq!(all.short + all.long, limit - connections.spare());
            assert!(all.short >= 1, "{limit}");
            assert_eq!(connections.has_room_for_probe(0), limit > MAX_WITHOUT_SPARE);
        }
    }

    #[test]
    fn a_cancelled_long_poll_takes_a_connection_until_its_wait_is_over() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let mut connections = Connections::new(64);
        assert_eq!(connections.long_limit(0, now), 54);
        connections.begin(0, Kind::Long);
        connections.end(0, Kind::Long);
        connections.abandon(0, now + minute);
        assert_eq!(connections.long_limit(0, now), 53);
        assert_eq!(connections.long_limit(1, now), 54, "another server");
        assert_eq!(connections.next_wake(), Some(now + minute));
        assert_eq!(connections.long_limit(0, now + minute), 54);
    }

    /// A request to a slow datacenter counts as a long poll, so a further short one exceeded the limit.
    #[test]
    fn cancelled_polls_and_a_slow_request_leave_no_room_for_a_short_one() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let mut connections = Connections::new(4);
        (0..2).for_each(|_| connections.abandon(0, now + minute));
        assert!(connections.has_room_for_short(0));
        connections.begin(0, Kind::Long);
        assert!(!connections.has_room_for_short(0));
        assert!(connections.has_room_for_probe(0));
        assert!(connections.has_room_for_short(1), "another server");
        connections.forget_ended(now + minute);
        assert!(connections.has_room_for_short(0));
    }

    #[test]
    fn requests_to_different_servers_share_the_limit() {
        let mut connections = Connections::new(8);
        for server in 0..6 {
            assert!(connections.has_room_for_long(server));
            connections.begin(server, Kind::Long);
        }
        assert!(!connections.has_room_for_long(7));
        connections.begin(0, Kind::Short);
        assert!(!connections.has_room_for_short(7));
        connections.begin(0, Kind::Probe);
        assert!(!connections.has_room_for_probe(7));
    }

    #[test]
    fn over_http2_many_requests_share_a_connection() {
        let now = Instant::now();
        let mut connections = Connections::new(64);
        assert!(connections.share(90));
        assert_eq!(connections.long_limit(0, now), 64 * 90 - 10);
        connections.abandon(0, now + Duration::from_secs(10));
        assert_eq!(connections.long_limit(0, now), 64 * 90 - 10);
    }
}
