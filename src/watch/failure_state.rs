//! The failure state of a query, and the backoff that follows from it.

use std::time::Duration;

use tokio::sync::watch;

use super::count::CountGuard;
use super::outage::{Outage, Prober};
use crate::backoff::Backoff;
use crate::config::resolved::Pauses;
use crate::source::{Error, ErrorClass};

/// The minimum interval between two polls of all denied queries together. A granted right is
/// noticed soon, and a missing one does not fill the server's log.
pub(super) const DENIED_PAUSE: Duration = Duration::from_secs(5);
/// The fraction of a pause that jitter may remove.
const JITTER: f64 = 0.9;

/// The cause of a failure; the next poll depends on it.
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

/// The state that all followers share: the probers, and the number of denied queries.
#[derive(Clone, Debug)]
pub(super) struct SharedFailures {
    pub(super) outage: Outage,
    /// Chooses the prober among the queries whose answers are not Consul's. It is separate from the prober
    /// of an outage, because a query whose answer is never valid would not notice the end of an outage.
    not_consul: Outage,
    /// The number of denied queries.
    denied: watch::Sender<usize>,
}

impl SharedFailures {
    /// Creates a state without failures.
    pub(super) fn new() -> Self {
        Self {
            outage: Outage::new(),
            not_consul: Outage::new(),
            denied: watch::Sender::new(0),
        }
    }
}

/// The failure state of one query.
#[derive(Default)]
pub(super) struct FailureState {
    /// The number of consecutive failures since the last answer or recovery.
    failures: u32,
    /// The number of servers that were tried since the last answer.
    tried: usize,
    is_reported: bool,
    outage_prober: Option<Prober>,
    not_consul_prober: Option<Prober>,
    denied: Option<CountGuard>,
}

impl FailureState {
    /// Returns `true` if no server has failed since the last answer.
    pub(super) fn is_first_try(&self) -> bool {
        self.tried == 0
    }

    /// Records the failure of a server. Returns `true` if another server has to be tried first.
    pub(super) fn has_another_server(&mut self, servers: usize) -> bool {
        self.tried += 1;
        !self.tried.is_multiple_of(servers)
    }

    /// Records a failure on all servers.
    pub(super) fn failed(&mut self, cause: Cause, shared: &SharedFailures) {
        self.is_reported = true;
        if cause.is_outage() {
            self.outage_prober = self.outage_prober.take().or_else(|| shared.outage.probe());
        } else if self.outage_prober.take().is_some() {
            // An error of one query proves that the server is up: end the outage.
            shared.outage.recovered();
        }
        self.not_consul_prober = match cause {
            Cause::NotConsul => self
                .not_consul_prober
                .take()
                .or_else(|| shared.not_consul.probe()),
            _ => None,
        };
        self.denied = match cause {
            Cause::Denied => Some(
                self.denied
                    .take()
                    .unwrap_or_else(|| CountGuard::begin(&shared.denied)),
            ),
            _ => None,
        };
    }

    /// Records an answer. Returns the conditions that end with it.
    pub(super) fn answered(&mut self) -> Ended {
        let ended = Ended {
            failure: self.is_reported,
            denial: self.denied.is_some(),
        };
        *self = Self::default();
        ended
    }

    /// The pause before the next poll. `random` is between 0 and 1.
    pub(super) fn pause(
        &mut self,
        cause: Cause,
        pauses: &Pauses,
        shared: &SharedFailures,
        random: f64,
    ) -> Duration {
        let is_prober = self.outage_prober.is_some() || self.not_consul_prober.is_some();
        let mut longest = if is_prober {
            pauses.probe
        } else {
            pauses.longest
        };
        if cause == Cause::Denied {
            let denied = u32::try_from(*shared.denied.borrow()).unwrap_or(u32::MAX);
            longest = longest.min(DENIED_PAUSE.saturating_mul(denied));
        }
        self.failures = self.failures.saturating_add(1);
        let backoff = Backoff {
            first: pauses.first,
            longest,
            jitter: JITTER,
        };
        backoff.pause(self.failures, random)
    }

    /// Resets the backoff, because a recovery makes an answer likely.
    pub(super) fn start_over(&mut self) {
        self.failures = 0;
    }
}

/// The conditions that an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// `true` if a failure was reported.
    pub(super) failure: bool,
    /// `true` if the query was denied.
    pub(super) denial: bool,
}
