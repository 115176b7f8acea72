//! The datacenters that queries name: one that does not answer delays no other.
//!
//! Consul passes a request to another datacenter on, and may wait for it until the request exceeds its limit. A datacenter
//! is *open* while it answers. To a closed one, one short request at a time is sent, and its other queries wait for an
//! answer to that one. It is closed before its first answer, after a failure, and while its answers take long. Requests that
//! take long occupy the room of long polls, not that of short requests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connections::Kind;
use super::request::InFlight;
use crate::source::Error;

/// The time without an answer after which the requests to a datacenter take the room of long polls.
const SLOW: Duration = Duration::from_millis(250);
/// The time without an answer after which templates continue without a datacenter, if Consul has answered other requests
/// meanwhile.
pub(super) const MAX_SILENCE: Duration = Duration::from_secs(2);

/// The time without an answer after which Consul is asked whether it answers at all, if it has not answered other requests.
const CHECK_AFTER: Duration = Duration::from_secs(1);

/// The datacenters that queries name.
#[derive(Debug, Default)]
pub(super) struct Datacenters(BTreeMap<String, Datacenter>);

/// One datacenter.
#[derive(Debug, Default)]
struct Datacenter {
    is_open: bool,
    /// The reason for which it does not answer.
    error: Option<Arc<Error>>,
    /// The number of short requests in flight.
    in_flight: usize,
    /// The time since which one of them is in flight and none is answered.
    since: Option<Instant>,
    /// `true` if these requests take the room of long polls.
    is_slow: bool,
}

impl Datacenter {
    fn wait_since(&mut self, since: Option<Instant>) {
        self.since = since;
        self.is_slow = false;
    }
}

impl Datacenters {
    /// Returns `true` if a short request may be sent. `has_prober`: an entry retries often.
    pub(super) fn admit(&self, name: &str, has_prober: bool) -> bool {
        let datacenter = self.0.get(name).filter(|_| !name.is_empty());
        datacenter.is_none_or(|datacenter| {
            let is_probed = datacenter.error.is_some() && has_prober;
            datacenter.is_open || (datacenter.in_flight == 0 && !is_probed)
        })
    }

    /// Returns `true` if it is closed, and no short request to it is in flight.
    pub(super) fn is_unprobed(&self, name: &str) -> bool {
        let datacenter = self.0.get(name);
        datacenter.is_some_and(|datacenter| !datacenter.is_open && datacenter.in_flight == 0)
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
            if datacenter.since.is_none() {
                datacenter.wait_since(Some(request.sent));
            }
        }
    }

    /// Counts the end of a request.
    pub(super) fn end(&mut self, request: &InFlight) {
        if request.kind == Kind::Short
            && let Some(datacenter) = self.0.get_mut(&request.datacenter)
        {
            datacenter.in_flight = datacenter.in_flight.saturating_sub(1);
            if datacenter.in_flight == 0 {
                datacenter.wait_since(None);
            }
        }
    }

    /// Records an answer. Returns `true` if the datacenter was closed.
    pub(super) fn answered(&mut self, name: &str, now: Instant) -> bool {
        let Some(datacenter) = self.0.get_mut(name) else {
            return false;
        };
        datacenter.error = None;
        datacenter.wait_since((datacenter.in_flight > 0).then_some(now));
        !std::mem::replace(&mut datacenter.is_open, true)
    }

    /// Records that a datacenter does not answer.
    pub(super) fn failed(&mut self, name: &str, error: &Arc<Error>) {
        let datacenter = self.0.entry(name.to_owned()).or_default();
        datacenter.is_open = false;
        datacenter.error = Some(Arc::clone(error));
    }

    /// The times at which datacenters count as slow or silent. `heard`: the time of Consul's last answer.
    pub(super) fn deadlines(&self, heard: Instant) -> impl Iterator<Item = (&String, Instant)> {
        let deadline = move |datacenter: &Datacenter| {
            let since = datacenter.since?;
            if !datacenter.is_slow {
                return Some(since + SLOW);
            }
            let may_be_silent = datacenter.error.is_none() && since < heard;
            may_be_silent.then_some(since + MAX_SILENCE)
        };
        let all = self.0.iter();
        all.filter_map(move |(name, datacenter)| Some((name, deadline(datacenter)?)))
    }

    /// The time at which Consul has to be asked whether it answers at all, because it has answered nothing since a request to
    /// a datacenter was sent; `None` if it need not be asked.
    pub(super) fn next_check(&self, heard: Instant) -> Option<Instant> {
        let silent = self.0.values().filter(|own| own.error.is_none());
        let since = silent.filter_map(|own| own.since);
        since
            .filter(|since| *since >= heard)
            .map(|since| since + CHECK_AFTER)
            .min()
    }

    /// Closes the datacenters that are slow now, and returns the names of those, and of the silent ones.
    pub(super) fn take_slow_and_silent(
        &mut self,
        heard: Instant,
        now: Instant,
    ) -> (Vec<String>, Vec<String>) {
        let due = self.deadlines(heard).filter(|(_, at)| *at <= now);
        let due: Vec<_> = due.map(|(name, _)| name.clone()).collect();
        let is_slow = |name: &String| self.0.get(name).is_some_and(|one| one.is_slow);
        let (silent, slow): (Vec<_>, Vec<_>) = due.into_iter().partition(is_slow);
        for name in &slow {
            if let Some(datacenter) = self.0.get_mut(name) {
                (datacenter.is_slow, datacenter.is_open) = (true, false);
            }
        }
        (slow, silent)
    }
}
