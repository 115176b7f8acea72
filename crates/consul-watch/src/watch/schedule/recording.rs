//! Records which connections the process may occupy, so that its successor can count those that the servers still keep.

use std::time::{Duration, Instant};

use super::Schedule;
use crate::watch::connection_record::Occupied;

impl Schedule {
    /// Records the connections from now on. `kept` has, for each server, for how long it still keeps connections of
    /// earlier processes.
    pub(in crate::watch) fn record_connections(&mut self, kept: &[Vec<Duration>], now: Instant) {
        self.reservations.turn_on(now);
        for (server, rests) in kept.iter().enumerate() {
            for rest in rests {
                self.connections.abandon(server, now + *rest);
            }
        }
    }

    /// Returns the record for each server, if a write is due. [`Schedule::recorded`] takes its result.
    pub(in crate::watch) fn next_record(&mut self, now: Instant) -> Option<Vec<Occupied>> {
        if !self.connections.are_exclusive() {
            return None;
        }
        let limit = self.connections.own_limit();
        let open = self
            .reservations
            .next_write(self.servers.count(), limit, now)?;
        let open = open.into_iter().enumerate();
        Some(
            open.map(|(server, open)| self.occupied(server, open, now))
                .collect(),
        )
    }

    /// Handles the result of a write.
    pub(in crate::watch) fn recorded(&mut self, is_written: bool) {
        self.reservations.wrote(is_written);
    }

    /// Takes over the connections that the servers still keep for the requests of an earlier schedule, which end.
    pub(in crate::watch) fn inherit(&mut self, mut earlier: Self, now: Instant) {
        earlier.cancel_all();
        self.is_busy = earlier.is_busy;
        self.reservations.inherit(&earlier.reservations, now);
        self.connections.inherit(earlier.connections);
    }

    /// Cancels all requests, because the process ends. Returns the last record.
    pub(in crate::watch) fn end(&mut self, now: Instant) -> Vec<Occupied> {
        self.cancel_all();
        let servers = 0..self.servers.count();
        servers
            .map(|server| self.occupied(server, Vec::new(), now))
            .collect()
    }

    /// Cancels all requests in flight.
    pub(super) fn cancel_all(&mut self) {
        for request_id in self.requests.request_ids(None) {
            self.cancel(request_id);
        }
    }

    fn occupied(&self, server: usize, open: Vec<(Duration, usize)>, now: Instant) -> Occupied {
        let kept = self.connections.rest_of_cancelled(server, now);
        Occupied {
            // With a lower limit than before, more connections can be kept.
            limit: self.connections.own_limit().max(kept.len()),
            open,
            kept,
        }
    }

    /// Returns `true` while long polls have to wait for the first write.
    pub(super) fn waits_for_record(&self, now: Instant) -> bool {
        self.connections.are_exclusive() && self.reservations.waits(now)
    }

    /// The wait of a long poll that the record has room for.
    pub(super) fn recorded_wait(&self, server: usize, wanted: Duration, now: Instant) -> Duration {
        if self.connections.are_exclusive() {
            self.reservations.longest_wait(server, wanted, now)
        } else {
            wanted
        }
    }

    /// The time of the next write.
    pub(super) fn next_record_at(&self, now: Instant) -> Option<Instant> {
        if !self.connections.are_exclusive() {
            return None;
        }
        self.reservations.next_wake(now)
    }
}
