//! The connection budget: how many requests may be in flight at the same time.
//!
//! Over HTTP/1.1 a request in flight takes a connection. Consul accepts 200 connections from one
//! address by default, and all programs of a host share them.

use std::time::{Duration, Instant};

use crate::source::MAX_SHORT_REQUESTS;

/// The number of connections that are left for requests outside of the schedule, such as the search for the cause
/// of an empty answer.
const SPARE: usize = 2;
/// The number of connections below which none is left.
const MIN_FOR_SPARE: usize = 16;
/// The interval after which the limit of long polls rises again when the server has refused some. It doubles each time
/// that the server refuses more.
const RECOVERY_INTERVAL: Duration = Duration::from_secs(10);
/// The longest such interval.
const MAX_RECOVERY_INTERVAL: Duration = Duration::from_secs(600);
/// The time in which refusals count as one.
const ONE_REFUSAL: Duration = Duration::from_secs(2);
/// The number by which it rises.
const RECOVERY_STEP: usize = 8;
/// The number of long polls that refusals leave.
const MIN_LONG: usize = 4;

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
}

/// The requests in flight and their limits.
#[derive(Debug)]
pub(super) struct Connections {
    /// The maximum number of connections.
    limit: usize,
    /// The number of requests that share a connection.
    sharing: usize,
    short: usize,
    long: usize,
    /// The long polls that were cancelled, by server, with the time until which the server keeps their connections.
    abandoned: Vec<(usize, Instant)>,
    refused: Option<Refused>,
}

/// The server has refused connections.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// The maximum number of long polls.
    most: usize,
    /// The time of the first of the refusals that count as one.
    at: Instant,
    interval: Duration,
    /// The time at which the maximum rises.
    next: Instant,
}

impl Connections {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            sharing: 1,
            short: 0,
            long: 0,
            abandoned: Vec::new(),
            refused: None,
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
        if self.limit < MIN_FOR_SPARE { 0 } else { SPARE }
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
        let own = self.abandoned.iter().filter(|(at, _)| *at == server);
        let rest = own.map(|(_, until)| until.saturating_duration_since(now));
        rest.filter(|rest| !rest.is_zero()).collect()
    }

    /// The maximum number of long polls that the configured limit leaves.
    pub(super) fn own_limit(&self) -> usize {
        let others = self.short_limit() + self.spare();
        self.requests().saturating_sub(others).max(1)
    }

    /// The maximum number of long polls at one server.
    pub(super) fn long_limit(&mut self, server: usize, now: Instant) -> usize {
        self.forget_ended(now);
        let abandoned = self.abandoned.iter().filter(|(at, _)| *at == server);
        let abandoned = abandoned.count();
        let own = self.own_limit();
        let most = self.refused.as_mut().map_or(own, |refused| {
            if now >= refused.next && refused.most < own {
                refused.most += RECOVERY_STEP;
                refused.next = now + refused.interval;
            }
            refused.most
        });
        most.min(own.saturating_sub(abandoned))
    }

    /// The maximum number of long polls at a server that keeps no connection of a cancelled one.
    pub(super) fn long_limit_later(&self) -> usize {
        let own = self.own_limit();
        self.refused.map_or(own, |refused| refused.most.min(own))
    }

    /// The time at which the limit of long polls rises without an event.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let abandoned = self.abandoned.iter().map(|(_, until)| *until);
        let rise = self
            .refused
            .filter(|refused| refused.most < self.own_limit());
        abandoned.chain(rise.map(|refused| refused.next)).min()
    }

    /// Returns `true` if there is room for a short request to this server.
    pub(super) fn has_room_for_short(&self, server: usize) -> bool {
        self.short < self.short_limit() && self.has_room_for_probe(server)
    }

    /// Returns `true` if there is room for a probe of this server. It may take one of the connections that are left for
    /// others.
    pub(super) fn has_room_for_probe(&self, server: usize) -> bool {
        self.short + self.long + self.kept(server) < self.requests()
    }

    /// The number of connections that the server keeps for cancelled polls. One request at a time is sent in any case.
    fn kept(&self, server: usize) -> usize {
        let own = self.abandoned.iter().filter(|(at, _)| *at == server);
        own.count().min(self.requests().saturating_sub(1))
    }

    /// Forgets the cancelled polls whose wait is over.
    pub(super) fn forget_ended(&mut self, now: Instant) {
        self.abandoned.retain(|(_, until)| now < *until);
    }

    /// Returns `true` if there is room for a long poll to this server.
    pub(super) fn has_room_for_long(&mut self, server: usize, now: Instant) -> bool {
        self.long < self.long_limit(server, now) && self.short + self.long < self.requests()
    }

    /// Counts a request.
    pub(super) fn begin(&mut self, kind: Kind) {
        match kind {
            Kind::Short => self.short += 1,
            Kind::Long => self.long += 1,
        }
    }

    /// Counts the end of a request.
    pub(super) fn end(&mut self, kind: Kind) {
        match kind {
            Kind::Short => self.short = self.short.saturating_sub(1),
            Kind::Long => self.long = self.long.saturating_sub(1),
        }
    }

    /// Counts a long poll that was cancelled. Consul notices only at the end of its wait.
    pub(super) fn abandon(&mut self, server: usize, until: Instant) {
        if self.are_exclusive() {
            self.abandoned.push((server, until));
        }
    }

    /// Lowers the limit of long polls, because the server refuses connections. Refusals at about the same time count as
    /// one: the number of long polls falls with each of them, so it tells nothing about the server after the first.
    pub(super) fn refused(&mut self, now: Instant) {
        // The refused request is not counted any more.
        let most = ((self.long + 1) * 3 / 4).max(MIN_LONG);
        self.refused = Some(match self.refused {
            Some(before) if now < before.at + ONE_REFUSAL => Refused {
                next: now + before.interval,
                ..before
            },
            before => {
                let recent = before.filter(|before| now < before.at + MAX_RECOVERY_INTERVAL * 2);
                let interval = recent.map_or(RECOVERY_INTERVAL, |before| {
                    (before.interval * 2).min(MAX_RECOVERY_INTERVAL)
                });
                Refused {
                    most: before.map_or(most, |before| before.most.min(most)),
                    at: now,
                    interval,
                    next: now + interval,
                }
            }
        });
    }

    /// Takes over the connections that the server of an earlier schedule still keeps.
    pub(super) fn inherit(&mut self, earlier: Self) {
        self.abandoned = earlier.abandoned;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_requests_and_long_polls_together_stay_within_the_limit() {
        let now = Instant::now();
        for limit in [1, 2, 3, 8, 15, 16, 64, 200] {
            let mut connections = Connections::new(limit);
            loop {
                if connections.has_room_for_short(0) {
                    connections.begin(Kind::Short);
                } else if connections.has_room_for_long(0, now) {
                    connections.begin(Kind::Long);
                } else {
                    break;
                }
            }
            let spare = connections.spare();
            assert_eq!(connections.short + connections.long, limit - spare);
            assert!(connections.short >= 1, "{limit}");
        }
    }

    #[test]
    fn a_cancelled_long_poll_takes_a_connection_until_its_wait_is_over() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let mut connections = Connections::new(64);
        assert_eq!(connections.long_limit(0, now), 54);
        connections.begin(Kind::Long);
        connections.end(Kind::Long);
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
        let mut connections = Connections::new(3);
        (0..2).for_each(|_| connections.abandon(0, now + minute));
        assert!(connections.has_room_for_short(0));
        connections.begin(Kind::Long);
        assert!(!connections.has_room_for_short(0));
        assert!(connections.has_room_for_short(1), "another server");
        connections.forget_ended(now + minute);
        assert!(connections.has_room_for_short(0));
    }

    #[test]
    fn over_http2_many_requests_share_a_connection() {
        let now = Instant::now();
        let mut connections = Connections::new(64);
        assert!(connections.share(90));
        assert_eq!(connections.long_limit(0, now), 64 * 90 - 10);
        connections.abandon(0, now + RECOVERY_INTERVAL);
        assert_eq!(connections.long_limit(0, now), 64 * 90 - 10);
    }

    #[test]
    fn refusals_lower_the_number_of_long_polls_and_it_rises_again() {
        let mut now = Instant::now();
        let mut connections = Connections::new(64);
        (0..40).for_each(|_| connections.begin(Kind::Long));
        connections.refused(now);
        assert_eq!(connections.long_limit(0, now), 30);
        let mut before = 30;
        while connections.next_wake().is_some() {
            now += RECOVERY_INTERVAL;
            let most = connections.long_limit(0, now);
            assert!(most > before);
            before = most;
        }
        assert!(before >= 54);
    }

    /// Each of them lowered the limit again, so 4 were left.
    #[test]
    fn long_polls_that_are_refused_at_the_same_time_count_as_one_refusal() {
        let mut now = Instant::now();
        let mut connections = Connections::new(64);
        (0..54).for_each(|_| connections.begin(Kind::Long));
        for _ in 0..54 {
            connections.end(Kind::Long);
            connections.refused(now);
        }
        assert_eq!(connections.long_limit(0, now), 40);
        // The server still refuses some of them.
        (0..40).for_each(|_| connections.begin(Kind::Long));
        now += ONE_REFUSAL;
        for _ in 0..20 {
            connections.end(Kind::Long);
            connections.refused(now);
        }
        assert_eq!(connections.long_limit(0, now), 30);
    }
}
