//! The datacenters that queries name: one that does not answer delays no other.
//!
//! Consul passes a request to another datacenter on, and may wait for it until the request exceeds its limit. Until the
//! first answer of a datacenter, and after a failure, one short request at a time is sent to it. Its other queries wait for
//! an answer to that one. A request that takes long occupies the room of a long poll, not that of a short request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Schedule;
use super::connections::Kind;
use super::entry::{Lane, State};
use super::id::Id;
use super::request::InFlight;
use crate::source::Error;

/// The time without an answer after which a datacenter counts as silent, if Consul has answered other requests meanwhile.
const MAX_SILENCE: Duration = Duration::from_secs(2);

/// The datacenters that queries name.
#[derive(Debug, Default)]
pub(super) struct Datacenters(BTreeMap<String, Datacenter>);

/// One datacenter.
#[derive(Debug, Default)]
struct Datacenter {
    /// `true` if it has answered, and has not failed since.
    answers: bool,
    /// The reason for which it does not answer.
    error: Option<Arc<Error>>,
    /// The number of short requests in flight.
    in_flight: usize,
    /// The time since which one of them is in flight and none is answered.
    since: Option<Instant>,
}

impl Datacenters {
    /// Returns `true` if a short request may be sent.
    fn admit(&self, name: &str) -> bool {
        let datacenter = self.0.get(name).filter(|_| !name.is_empty());
        datacenter.is_none_or(|datacenter| datacenter.answers || datacenter.in_flight == 0)
    }

    /// Returns `true` if it does not answer, and no request waits for it.
    fn is_unprobed(&self, name: &str) -> bool {
        let datacenter = self.0.get(name);
        datacenter.is_some_and(|datacenter| !datacenter.answers && datacenter.in_flight == 0)
    }

    /// The reason for which a datacenter does not answer.
    pub(super) fn error(&self, name: &str) -> Option<&Arc<Error>> {
        self.0.get(name)?.error.as_ref()
    }

    /// Counts a request.
    pub(super) fn begin(&mut self, request: &InFlight) {
        if request.kind == Kind::Short && !request.datacenter.is_empty() {
            let datacenter = self.0.entry(request.datacenter.clone()).or_default();
            datacenter.in_flight += 1;
            datacenter.since.get_or_insert(request.sent);
        }
    }

    /// Counts the end of a request.
    pub(super) fn end(&mut self, request: &InFlight) {
        if request.kind == Kind::Short
            && let Some(datacenter) = self.0.get_mut(&request.datacenter)
        {
            datacenter.in_flight = datacenter.in_flight.saturating_sub(1);
            if datacenter.in_flight == 0 {
                datacenter.since = None;
            }
        }
    }

    /// Records an answer. Returns `true` if the datacenter did not answer before.
    fn answered(&mut self, name: &str, now: Instant) -> bool {
        let Some(datacenter) = self.0.get_mut(name) else {
            return false;
        };
        datacenter.error = None;
        datacenter.since = (datacenter.in_flight > 0).then_some(now);
        !std::mem::replace(&mut datacenter.answers, true)
    }

    /// Records that a datacenter does not answer.
    fn failed(&mut self, name: &str, error: &Arc<Error>) {
        let datacenter = self.0.entry(name.to_owned()).or_default();
        datacenter.answers = false;
        datacenter.error = Some(Arc::clone(error));
    }

    /// The times at which datacenters count as silent. `heard`: the time of Consul's last answer.
    fn deadlines(&self, heard: Instant) -> impl Iterator<Item = (&String, Instant)> {
        let waiting = self.0.iter();
        let waiting = waiting.filter_map(|(name, datacenter)| Some((name, datacenter.since?)));
        waiting
            .filter(move |(_, since)| *since < heard)
            .map(|(name, since)| (name, since + MAX_SILENCE))
    }

    /// Removes the datacenters that count as silent now from those that are waited for.
    fn take_silent(&mut self, heard: Instant, now: Instant) -> Vec<String> {
        let due = self.deadlines(heard).filter(|(_, at)| *at <= now);
        let due: Vec<_> = due.map(|(name, _)| name.clone()).collect();
        for name in &due {
            if let Some(datacenter) = self.0.get_mut(name) {
                datacenter.since = None;
            }
        }
        due
    }
}

impl Schedule {
    /// Returns `true` if a short request of this entry may be sent now. Otherwise the entry waits for an answer of its
    /// datacenter.
    pub(super) fn admit(&mut self, id: Id, now: Instant) -> bool {
        let Some(entry) = self.entries.get(id) else {
            return true;
        };
        if self.datacenters.admit(entry.datacenter()) || self.failures.is_prober(id) {
            return true;
        }
        let name = entry.datacenter().to_owned();
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
    pub(super) fn datacenter_failed(&mut self, name: &str, error: &Arc<Error>) {
        self.datacenters.failed(name, error);
        for id in self.failures.waiting_for_datacenter(name) {
            self.report_missing(id, error);
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

    /// The time at which a datacenter counts as silent.
    pub(super) fn next_silence(&self) -> Option<Instant> {
        let heard = self.servers.heard.get(&self.servers.preferred)?;
        self.datacenters.deadlines(*heard).map(|(_, at)| at).min()
    }

    /// Lets templates continue without the datacenters that count as silent.
    pub(super) fn find_silent_datacenters(&mut self, now: Instant) {
        let Some(heard) = self.servers.heard.get(&self.servers.preferred).copied() else {
            return;
        };
        for name in self.datacenters.take_silent(heard, now) {
            let seconds = MAX_SILENCE.as_secs();
            let error = Arc::new(Error::Datacenter {
                name: name.clone(),
                reason: format!("no answer for {seconds} s"),
            });
            let slow = self.requests.set_aside(&name);
            for _ in &slow {
                self.connections.end(Kind::Short);
                self.connections.begin(Kind::Long);
            }
            self.datacenter_failed(&name, &error);
            for id in slow {
                self.report_missing(id, &error);
            }
        }
    }
}
