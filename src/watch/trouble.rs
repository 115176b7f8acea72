//! What a follower remembers while its query fails.

use std::time::Duration;

use tokio::sync::watch;

use super::count::CountGuard;
use super::outage::{Outage, Prober};
use crate::backoff::Backoff;
use crate::config::resolved::Pauses;
use crate::source::{Error, ErrorClass};

/// All queries that are denied are polled together once in this time at most: a right that is granted is noticed soon,
/// and one that is missing for good does not fill the server's log.
pub(super) const DENIED_PAUSE: Duration = Duration::from_secs(5);
/// The part of a pause that jitter may take away.
const JITTER: f64 = 0.9;

/// Why a query fails, as far as the next poll depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server answers no query.
    Outage,
    /// The server refuses queries because there are too many.
    Throttled,
    /// The answers of the server are not Consul's, as those of a login page.
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

/// Shared by all followers: who probes, and how many are denied.
#[derive(Clone, Debug)]
pub(super) struct Troubles {
    pub(super) outage: Outage,
    /// Chooses the prober among the queries whose answers are not Consul's. It is not the one of an outage: a query
    /// whose answer can never be read would not notice the end of an outage.
    not_consul: Outage,
    /// How many queries are denied.
    denied: watch::Sender<usize>,
}

impl Troubles {
    /// Creates a state without troubles.
    pub(super) fn new() -> Self {
        Self {
            outage: Outage::new(),
            not_consul: Outage::new(),
            denied: watch::Sender::new(0),
        }
    }
}

/// The trouble of one query.
#[derive(Default)]
pub(super) struct Trouble {
    /// Failures in a row since the last answer, or since the last reason to hope for one.
    failures: u32,
    /// How many servers were tried since the last answer.
    tried: usize,
    is_reported: bool,
    outage_prober: Option<Prober>,
    not_consul_prober: Option<Prober>,
    denied: Option<CountGuard>,
}

impl Trouble {
    /// Returns `true` if no server was tried in vain since the last answer.
    pub(super) fn is_first_try(&self) -> bool {
        self.tried == 0
    }

    /// Notes that a server failed. Returns `true` if there is another one to try first.
    pub(super) fn has_another_server(&mut self, servers: usize) -> bool {
        self.tried += 1;
        !self.tried.is_multiple_of(servers)
    }

    /// Takes in a failure on all servers.
    pub(super) fn failed(&mut self, cause: Cause, shared: &Troubles) {
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

    /// Takes in an answer. The result says what is over with it.
    pub(super) fn answered(&mut self) -> Over {
        let over = Over {
            failure: self.is_reported,
            denial: self.denied.is_some(),
        };
        *self = Self::default();
        over
    }

    /// The pause before the next poll. `random` is between 0 and 1.
    pub(super) fn pause(
        &mut self,
        cause: Cause,
        pauses: &Pauses,
        shared: &Troubles,
        random: f64,
    ) -> Duration {
        let is_prober = self.outage_prober.is_some() || self.not_consul_prober.is_some();
        let mut longest = if is_prober {
            pauses.scout
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

    /// Starts the pauses over, because there is reason to hope for an answer.
    pub(super) fn start_over(&mut self) {
        self.failures = 0;
    }
}

/// What is over with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over {
    /// A failure that was reported.
    pub(super) failure: bool,
    /// A missing right.
    pub(super) denial: bool,
}
