//! Handles failed requests: other servers, backoff and recovery.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Schedule;
use super::entry::{Entry, Lane, State, Subject};
use super::failures::Cause;
use super::id::Id;
use super::request::InFlight;
use crate::query::Query;
use crate::source::{Error, ErrorClass};
use crate::watch::event::WatchEvent;

/// The time after which a refused prefix or tick is requested again, when queries are added.
const REFUSED_PAUSE: Duration = Duration::from_secs(600);
/// The longest pause that a server may demand.
const MAX_PAUSE: Duration = Duration::from_secs(300);
/// The time over which throttled queries are spread when they resume.
const RECOVERY_JITTER: Duration = Duration::from_secs(1);

impl Schedule {
    /// Tries the next server. After a failure of all servers, reports it and waits until a retry is due.
    pub(super) fn failed(
        &mut self,
        (id, request): (Id, &InFlight),
        error: &Arc<Error>,
        now: Instant,
    ) {
        let servers = self.servers.count();
        let datacenter = request.datacenter.as_str();
        let cause = match Cause::of(error) {
            Cause::Datacenter if datacenter.is_empty() => Cause::Query,
            cause => cause,
        };
        if cause == Cause::Throttled {
            self.throttled(error, now);
        }
        if self.is_extra_read(id, request) {
            let is_server_dead = matches!(cause, Cause::Outage | Cause::NotConsul);
            if !is_server_dead || !self.is_at_server_of(id, request) {
                return self.extra_read_failed((id, request), error, cause);
            }
            self.cancel_request_of(id);
        }
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.cursor.start_over();
        let is_idle = error.class() == ErrorClass::Idle;
        if let Subject::Tick(_, tick) = &mut entry.subject {
            tick.index = 0;
            if !is_idle {
                // The server may have lost its state.
                tick.seen = 0;
            }
        }
        if is_idle {
            return self.entries.queue_first(id, Lane::Again);
        }
        if error.concerns_the_server() {
            let server = request.poll.server;
            self.servers.failed(server);
            entry.cursor.move_to((server + 1) % servers);
            if entry.failure.has_another_server(servers) {
                return self.entries.queue_first(id, Lane::First);
            }
        }
        if self.failures.failed(id, cause, datacenter) {
            self.wake_all(now);
        }
        if cause == Cause::Datacenter {
            self.datacenter_failed(datacenter, error, Some(id));
        }
        self.report_failure(id, error);
        self.fail_members(id, cause, error);
        self.back_off((id, request), cause, now);
        if !cause.is_shared() {
            // The server refuses this prefix, but perhaps not the keys below it.
            self.dissolve_refused(id, now);
            self.refuse_tick(id, error, now);
        }
    }

    /// Returns `true` if the entry does not wait for this request, but was read once more beside its long poll.
    pub(super) fn is_extra_read(&self, id: Id, request: &InFlight) -> bool {
        let entry = self.entries.get(id);
        entry.is_some_and(|entry| entry.request_id() != Some(request.request_id))
    }

    fn is_at_server_of(&self, id: Id, request: &InFlight) -> bool {
        let entry = self.entries.get(id);
        entry.is_some_and(|entry| entry.cursor.poll().server == request.poll.server)
    }

    /// Cancels the long poll of an entry.
    fn cancel_request_of(&mut self, id: Id) {
        if let Some(own) = self.entries.get(id).and_then(Entry::request_id) {
            self.cancel(own);
        }
    }

    /// Leaves the long poll alone. The entry is read before its next poll.
    fn extra_read_failed(
        &mut self,
        (id, request): (Id, &InFlight),
        error: &Arc<Error>,
        cause: Cause,
    ) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.read_again = true;
        }
        if cause == Cause::Datacenter {
            self.datacenter_failed(&request.datacenter, error, Some(id));
        }
    }

    /// Lets the queries fail whose changes a tick does not announce at present. They are read when it is answered again.
    fn fail_members(&mut self, id: Id, cause: Cause, error: &Arc<Error>) {
        if !matches!(cause, Cause::Outage | Cause::NotConsul | Cause::Datacenter) {
            return;
        }
        let tick = self.entries.get(id).filter(|entry| entry.is_tick());
        let area = tick.and_then(|tick| tick.traits.area.as_ref());
        let Some(state) = area.and_then(|area| self.areas.get(area)) else {
            return;
        };
        for member in state.members.clone() {
            let Some(entry) = self.entries.get_mut(member) else {
                continue;
            };
            if matches!(entry.state, State::Tick(_)) && !entry.failure.is_reported {
                entry.cursor.start_over();
                self.report_failure(member, error);
            }
        }
    }

    /// Lets the queries that rely on a refused tick take turns.
    fn refuse_tick(&mut self, id: Id, error: &Error, now: Instant) {
        let tick = self.entries.get(id).filter(|entry| entry.is_tick());
        if let Some(area) = tick.and_then(|tick| tick.traits.area.clone()) {
            tracing::debug!(
                name: "queries.tick_refused", %error,
                "Consul refuses the request that announces changes, so queries take turns: {error}"
            );
            self.areas.refuse(area, now + REFUSED_PAUSE);
            self.mode.is_outdated = true;
        }
    }

    fn dissolve_refused(&mut self, id: Id, now: Instant) {
        if self
            .entries
            .get(id)
            .is_some_and(|entry| !entry.keys.is_empty())
        {
            self.dissolve(id, Some(now + REFUSED_PAUSE));
        }
    }

    pub(super) fn throttled(&mut self, error: &Error, now: Instant) {
        self.connections.refused(now);
        self.ramp = now;
        self.pace.refused();
        if let Some(pause) = error.retry_after() {
            self.pace.pause_until(now + pause.min(MAX_PAUSE));
        }
        self.mode.is_outdated = true;
    }

    /// Reports the failure of a query, or of the keys whose prefix has failed.
    pub(super) fn report_failure(&mut self, id: Id, error: &Arc<Error>) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.failure.is_reported = true;
        let mut queries: Vec<Arc<Query>> = Vec::new();
        if entry.is_requested {
            queries.extend(entry.query().cloned());
        }
        if Cause::of(error).is_shared() {
            let keys = entry.keys.clone();
            let keys = keys.into_iter().filter_map(|key| self.entries.get(key));
            let waiting = keys.filter(|key| key.state == State::Prefix);
            queries.extend(waiting.filter_map(|key| key.query().cloned()));
            for key in self
                .entries
                .get(id)
                .map(|entry| entry.keys.clone())
                .unwrap_or_default()
            {
                if let Some(key) = self.entries.get_mut(key) {
                    key.failure.is_reported |= key.state == State::Prefix;
                }
            }
        }
        let failed = queries.into_iter();
        self.events
            .extend(failed.map(|query| WatchEvent::Failed(query, Arc::clone(error))));
    }

    /// Waits for the backoff, or until a recovery makes an answer likely.
    fn back_off(&mut self, (id, request): (Id, &InFlight), cause: Cause, now: Instant) {
        let random = self.random.f64();
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let failure = (id, &mut entry.failure);
        let pause = self
            .failures
            .pause(failure, cause, &self.rules.pauses, random);
        let is_over = match cause {
            Cause::Outage | Cause::NotConsul | Cause::Throttled | Cause::Datacenter => {
                request.recoveries != self.failures.recoveries
            }
            Cause::Denied => request.rights != self.failures.rights,
            Cause::Query => false,
        };
        if is_over {
            self.wake(id, cause == Cause::Throttled, now);
        } else {
            self.entries.wait_for(id, State::Time(now + pause));
        }
    }

    /// Ends the failure of an entry that was answered.
    pub(super) fn recover(&mut self, id: Id, now: Instant) {
        let was_denied = self.failures.forget(id);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let failure = std::mem::take(&mut entry.failure);
        if was_denied {
            // This right may have been granted together with others.
            self.retry_denied(now);
        }
        if failure.is_reported {
            self.wake_all(now);
            self.report_recovery(id);
        }
    }

    fn report_recovery(&mut self, id: Id) {
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        let own = entry.query().filter(|_| entry.is_requested).cloned();
        let keys = entry.keys.iter().filter_map(|key| self.entries.get(*key));
        let waiting = keys.filter(|key| key.state == State::Prefix);
        let queries: Vec<_> = own
            .into_iter()
            .chain(waiting.filter_map(Entry::query).cloned())
            .collect();
        for key in entry.keys.clone() {
            if let Some(key) = self.entries.get_mut(key) {
                key.failure.is_reported &= key.state != State::Prefix;
            }
        }
        self.events
            .extend(queries.into_iter().map(WatchEvent::Recovered));
    }

    /// Wakes all entries that wait for a recovery.
    fn wake_all(&mut self, now: Instant) {
        for (id, was_throttled) in self.failures.recovered() {
            // The outcome of a request in flight counts.
            if self
                .entries
                .get(id)
                .is_some_and(|entry| entry.request_id().is_none())
            {
                self.wake(id, was_throttled, now);
            }
        }
    }

    /// Lets an entry be requested soon, because an answer is likely.
    pub(super) fn wake(&mut self, id: Id, was_throttled: bool, now: Instant) {
        let jitter = RECOVERY_JITTER.mul_f64(self.random.f64());
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        if was_throttled {
            // There were too many requests at once: spread them this time.
            self.entries.wait_for(id, State::Time(now + jitter));
        } else {
            entry.failure.start_over();
            let lane = entry.short_lane();
            self.entries.wait_for(id, State::Lane(lane));
        }
    }
}
