//! The failures of queries, and the backoff that follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::id::Id;
use crate::source::{Error, ErrorClass};
use crate::watch::rules::Pauses;
use policy_values::Backoff;

/// The minimum interval between two requests for all denied queries together. A granted right is
/// noticed soon, and a missing one does not fill the server's log.
pub(in crate::watch) const DENIED_PAUSE: Duration = Duration::from_secs(5);
/// The fraction of a pause that jitter may remove.
const JITTER: f64 = 0.9;

/// The cause of a failure; the next request depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server answers no query.
    Outage,
    /// The server refuses queries because there are too many.
    Throttled,
    /// The answers are not Consul's, for example a login page.
    NotConsul,
    /// The datacenter of the query does not answer.
    Datacenter,
    /// The token lacks a right.
    Denied,
    /// Only this query fails.
    Query,
}

impl Cause {
    /// The cause of an error.
    pub(super) fn of(error: &Error) -> Self {
        match error.class() {
            ErrorClass::Outage => Self::Outage,
            ErrorClass::Throttled => Self::Throttled,
            ErrorClass::Denied => Self::Denied,
            ErrorClass::Datacenter => Self::Datacenter,
            ErrorClass::Query | ErrorClass::Idle if error.concerns_the_server() => Self::NotConsul,
            ErrorClass::Query | ErrorClass::Idle => Self::Query,
        }
    }

    /// Returns `true` if the entry waits for the success of another one that fails for the same reason.
    pub(super) fn is_shared(self) -> bool {
        !matches!(self, Self::Denied | Self::Query)
    }

    /// The failure that entries have in common; `None` if it is that of one query. `datacenter`: that of the entry.
    fn common(self, datacenter: &str) -> Option<Common> {
        match self {
            Self::Outage | Self::Throttled => Some(Common::Outage),
            Self::NotConsul => Some(Common::NotConsul),
            Self::Datacenter => Some(Common::Datacenter(datacenter.to_owned())),
            Self::Denied | Self::Query => None,
        }
    }
}

/// A failure that several entries have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    Outage,
    NotConsul,
    Datacenter(String),
}

/// An entry that waits for a recovery.
#[derive(Clone, Debug)]
struct Waiting {
    failure: Common,
    was_throttled: bool,
}

/// The failures of one entry since its last answer.
#[derive(Debug, Default)]
pub(super) struct Failure {
    /// The number of consecutive failures since the last answer or recovery.
    failures: u32,
    /// The number of servers that were tried since the last answer.
    tried: usize,
    pub(super) is_reported: bool,
}

impl Failure {
    /// Returns `true` if no server has failed since the last answer.
    pub(super) fn is_first_try(&self) -> bool {
        self.tried == 0
    }

    /// Records the failure of a server. Returns `true` if another server has to be tried first.
    pub(super) fn has_another_server(&mut self, servers: usize) -> bool {
        self.tried += 1;
        !self.tried.is_multiple_of(servers)
    }

    /// Resets the backoff, because a recovery makes an answer likely.
    pub(super) fn start_over(&mut self) {
        self.failures = 0;
    }
}

/// The failures that all entries share.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// The number of recoveries.
    pub(super) recoveries: u64,
    /// The number of times that the rights of the token have changed.
    pub(super) rights: u64,
    /// The number of times that the token was replaced.
    pub(super) tokens: u64,
    /// The entry that retries often during a common failure; its success wakes the others. Each failure has its own,
    /// because an entry whose answer is never valid, for example, would not notice the end of an outage.
    probers: BTreeMap<Common, Id>,
    denied: BTreeSet<Id>,
    /// The entries that wait for a recovery.
    waiting: BTreeMap<Id, Waiting>,
}

impl Failures {
    /// Records a failure on all servers. Returns `true` if it proves that an outage is over.
    pub(super) fn failed(&mut self, id: Id, cause: Cause, datacenter: &str) -> bool {
        let common = cause.common(datacenter);
        // An error of one query proves that the server is up.
        let is_over = self.probers.get(&Common::Outage) == Some(&id)
            && common.as_ref() != Some(&Common::Outage);
        self.probers
            .retain(|failure, prober| *prober != id || Some(failure) == common.as_ref());
        if cause == Cause::Denied {
            self.denied.insert(id);
        } else {
            self.denied.remove(&id);
        }
        match common {
            None => drop(self.waiting.remove(&id)),
            Some(failure) => {
                self.probers.entry(failure.clone()).or_insert(id);
                let was_throttled = cause == Cause::Throttled;
                let waiting = Waiting {
                    failure,
                    was_throttled,
                };
                self.waiting.insert(id, waiting);
            }
        }
        is_over
    }

    /// Lets an entry wait for the first answer of its datacenter. It is no prober.
    pub(super) fn wait_for_datacenter(&mut self, id: Id, datacenter: &str) {
        let waiting = Waiting {
            failure: Common::Datacenter(datacenter.to_owned()),
            was_throttled: false,
        };
        self.waiting.insert(id, waiting);
    }

    /// The entries that wait for an answer of this datacenter.
    pub(super) fn waiting_for_datacenter(&self, datacenter: &str) -> Vec<Id> {
        let is_same = |waiting: &Waiting| matches!(&waiting.failure, Common::Datacenter(name) if name == datacenter);
        let waiting = self.waiting.iter();
        let waiting = waiting.filter(|(_, waiting)| is_same(waiting));
        waiting.map(|(id, _)| *id).collect()
    }

    /// Returns `true` if an entry retries often, because its success wakes others.
    pub(super) fn is_prober(&self, id: Id) -> bool {
        self.probers.values().any(|prober| *prober == id)
    }

    /// Returns `true` if an entry probes this datacenter.
    pub(super) fn has_prober_of_datacenter(&self, datacenter: &str) -> bool {
        let mut failures = self.probers.keys();
        failures.any(|failure| matches!(failure, Common::Datacenter(name) if name == datacenter))
    }

    /// Returns an entry that has to take the place of this one as a prober.
    pub(super) fn successor(&self, id: Id) -> Option<Id> {
        let mut probers = self.probers.iter();
        let (failure, _) = probers.find(|(_, prober)| **prober == id)?;
        let mut waiting = self.waiting.iter();
        let next = waiting.find(|(other, waiting)| **other != id && waiting.failure == *failure);
        next.map(|(other, _)| *other)
    }

    /// Forgets the failures of an entry. Returns `true` if it was denied.
    pub(super) fn forget(&mut self, id: Id) -> bool {
        self.probers.retain(|_, prober| *prober != id);
        self.waiting.remove(&id);
        self.denied.remove(&id)
    }

    /// The pause before the next request of an entry. `random` is between 0 and 1.
    pub(super) fn pause(
        &self,
        (id, failure): (Id, &mut Failure),
        cause: Cause,
        pauses: &Pauses,
        random: f64,
    ) -> Duration {
        let mut longest = if self.is_prober(id) {
            pauses.probe
        } else {
            pauses.longest
        };
        if cause == Cause::Denied {
            let denied = u32::try_from(self.denied.len()).unwrap_or(u32::MAX);
            longest = longest.min(DENIED_PAUSE.saturating_mul(denied));
        }
        failure.failures = failure.failures.saturating_add(1);
        let backoff = Backoff {
            first: pauses.first,
            longest,
            jitter: JITTER,
        };
        backoff.pause(failure.failures, random)
    }

    /// Records a recovery. Returns the entries that waited for one, with `true` if they were throttled.
    pub(super) fn recovered(&mut self) -> BTreeMap<Id, bool> {
        self.recoveries += 1;
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting
            .map(|(id, waiting)| (id, waiting.was_throttled))
            .collect()
    }

    /// Records that the rights of the token have changed. Returns the denied entries.
    pub(super) fn rights_changed(&mut self) -> Vec<Id> {
        self.rights += 1;
        self.denied.iter().copied().collect()
    }
}
