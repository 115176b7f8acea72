//! The failures of queries, and the backoff that follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::id::Id;
use crate::backoff::Backoff;
use crate::config::resolved::Pauses;
use crate::source::{Error, ErrorClass};

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
            ErrorClass::Query | ErrorClass::Idle if error.concerns_the_server() => Self::NotConsul,
            ErrorClass::Query | ErrorClass::Idle => Self::Query,
        }
    }

    fn is_outage(self) -> bool {
        matches!(self, Self::Outage | Self::Throttled)
    }
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
    /// The entry that retries often during an outage; its success wakes the others.
    outage_prober: Option<Id>,
    /// The entry that retries often while answers are not Consul's. It is separate from the prober of an outage,
    /// because an entry whose answer is never valid would not notice the end of an outage.
    not_consul_prober: Option<Id>,
    denied: BTreeSet<Id>,
    /// The entries that wait for a recovery, with `true` if they were throttled.
    waiting: BTreeMap<Id, bool>,
}

impl Failures {
    /// Records a failure on all servers. Returns `true` if it proves that an outage is over.
    pub(super) fn failed(&mut self, id: Id, cause: Cause) -> bool {
        let mut is_over = false;
        if cause.is_outage() {
            self.outage_prober.get_or_insert(id);
        } else if self.outage_prober == Some(id) {
            // An error of one query proves that the server is up.
            self.outage_prober = None;
            is_over = true;
        }
        if cause == Cause::NotConsul {
            self.not_consul_prober.get_or_insert(id);
        } else if self.not_consul_prober == Some(id) {
            self.not_consul_prober = None;
        }
        if cause == Cause::Denied {
            self.denied.insert(id);
        } else {
            self.denied.remove(&id);
        }
        if matches!(cause, Cause::Denied | Cause::Query) {
            self.waiting.remove(&id);
        } else {
            self.waiting.insert(id, cause == Cause::Throttled);
        }
        is_over
    }

    /// Returns an entry that has to take the place of this one as a prober.
    pub(super) fn successor(&self, id: Id) -> Option<Id> {
        let is_prober = [self.outage_prober, self.not_consul_prober].contains(&Some(id));
        let mut waiting = self.waiting.keys().copied();
        waiting.find(|other| is_prober && *other != id)
    }

    /// Forgets the failures of an entry. Returns `true` if it was denied.
    pub(super) fn forget(&mut self, id: Id) -> bool {
        for prober in [&mut self.outage_prober, &mut self.not_consul_prober] {
            if *prober == Some(id) {
                *prober = None;
            }
        }
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
        let is_prober = [self.outage_prober, self.not_consul_prober].contains(&Some(id));
        let mut longest = if is_prober {
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
        std::mem::take(&mut self.waiting)
    }

    /// Records that the rights of the token have changed. Returns the denied entries.
    pub(super) fn rights_changed(&mut self) -> Vec<Id> {
        self.rights += 1;
        self.denied.iter().copied().collect()
    }
}
