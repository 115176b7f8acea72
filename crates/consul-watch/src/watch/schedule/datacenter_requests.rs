//! Sends requests to datacenters that answer, and probes the others.

use std::sync::Arc;
use std::time::Instant;

use super::Schedule;
use super::connections::Kind;
use super::datacenters::MAX_SILENCE;
use super::entry::{Lane, State};
use super::id::Id;
use crate::source::Error;

impl Schedule {
    /// Returns `true` if a short request of this entry may be sent now. If not, it lets the entry wait for an answer of its
    /// datacenter, and reports the failure of the datacenter if there is one.
    pub(super) fn admit(&mut self, id: Id, now: Instant) -> bool {
        let Some(entry) = self.entries.get(id) else {
            return true;
        };
        let name = entry.datacenter();
        let has_prober = self.failures.has_prober_of_datacenter(name);
        if self.datacenters.admit(name, has_prober) || self.failures.is_prober(id) {
            return true;
        }
        let name = name.to_owned();
        self.failures.wait_for_datacenter(id, &name);
        // An answer wakes it. The time is for the case that the only request to the datacenter was cancelled.
        let pause = self.spread(self.rules.pauses.longest);
        self.entries.wait_for(id, State::Time(now + pause));
        if let Some(error) = self.datacenters.error(&name).cloned() {
            self.report_missing(id, &error);
        }
        false
    }

    /// The first entry in a lane whose request may be sent now.
    pub(super) fn first_admitted(&mut self, lane: Lane, now: Instant) -> Option<Id> {
        while let Some(id) = self.entries.first(lane) {
            if self.admit(id, now) {
                return Some(id);
            }
        }
        None
    }

    /// Returns `true` if the datacenter of an entry does not answer.
    pub(super) fn is_in_silent_datacenter(&self, id: Id) -> bool {
        let entry = self.entries.get(id);
        entry.is_some_and(|entry| self.datacenters.error(entry.datacenter()).is_some())
    }

    /// Reports the failure of a datacenter for an entry without an answer.
    fn report_missing(&mut self, id: Id, error: &Arc<Error>) {
        let entry = self.entries.get(id);
        if entry.is_some_and(|entry| entry.is_unanswered() && !entry.failure.is_reported) {
            self.report_failure(id, error);
        }
    }

    /// Records an answer of a datacenter. If it did not answer before, its queries are requested now.
    pub(super) fn datacenter_answered(&mut self, name: &str, now: Instant) {
        if !self.datacenters.answered(name, now) {
            return;
        }
        for id in self.failures.waiting_for_datacenter(name) {
            let entry = self.entries.get(id);
            if entry.is_some_and(|entry| entry.request_id().is_none()) {
                self.wake(id, false, now);
            }
        }
    }

    /// Records that a datacenter does not answer. All queries to it without an answer fail.
    /// `except`: the entry whose failure is reported anyway.
    pub(super) fn datacenter_failed(&mut self, name: &str, error: &Arc<Error>, except: Option<Id>) {
        self.datacenters.failed(name, error);
        for id in self.failures.waiting_for_datacenter(name) {
            if Some(id) != except {
                self.report_missing(id, error);
            }
        }
    }

    /// Requests another query to the same datacenter if the only one that probes it is not followed any more.
    pub(super) fn replace_probe_of_datacenter(&mut self, name: &str) {
        if !self.datacenters.is_unprobed(name) {
            return;
        }
        let next = self
            .failures
            .waiting_for_datacenter(name)
            .into_iter()
            .next();
        if let Some(next) = next
            && let Some(entry) = self.entries.get(next)
        {
            let lane = entry.short_lane();
            self.entries.wait_for(next, State::Lane(lane));
        }
    }

    /// The time at which a datacenter counts as slow or silent.
    pub(super) fn next_silence(&self) -> Option<Instant> {
        let heard = self.servers.heard()?;
        self.datacenters.deadlines(heard).map(|(_, at)| at).min()
    }

    /// Frees the room that slow datacenters take, and lets templates continue without the silent ones.
    pub(super) fn find_silent_datacenters(&mut self, now: Instant) {
        let Some(heard) = self.servers.heard() else {
            return;
        };
        let (slow, silent) = self.datacenters.take_slow_and_silent(heard, now);
        for name in slow {
            for server in self.requests.set_aside(&name) {
                self.connections.end(server, Kind::Short);
                self.connections.begin(server, Kind::Long);
            }
        }
        for name in silent {
            let seconds = MAX_SILENCE.as_secs();
            let error = Arc::new(Error::Datacenter {
                name: name.clone(),
                reason: format!("no answer for {seconds} s"),
            });
            self.datacenter_failed(&name, &error, None);
            for id in self.requests.entries_of_datacenter(&name) {
                self.report_missing(id, &error);
            }
        }
    }
}
