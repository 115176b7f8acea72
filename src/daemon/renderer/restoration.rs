//! Decides which answers of an earlier process are loaded from the disk, and which calls see them.
//!
//! Input: the queries that this process has accepted no answer to, with their failures, and the time. Output: the queries
//! to load, those whose loaded answer all calls see from now on, and those whose answer is missing.
//!
//! Normally Consul answers within milliseconds, and nothing is loaded. An answer of an earlier process is seen
//!
//! - by all calls, while the first answer of this one is held back,
//! - by calls with `on_error=stale` and loops over datacenters, if the query fails,
//! - by all calls, if Consul or the datacenter does not answer and `warm_start` is set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::daemon::event::NoAnswer;
use answer_guard::{Earlier, SeenBy};
use consul_watch::query::Query;
use ctmpl_options::config::resolved::{Config, EarlierAnswers, Mode};

/// The time for which an outage has to last: Consul may be starting too. It is the same as for
/// `start_with = "last_good"`.
const OUTAGE_FOR: Duration = Duration::from_millis(500);

/// The minimum time between two decisions. Each looks at all queries, and in an outage many of them fail.
const INTERVAL: Duration = Duration::from_millis(100);

/// The answers of an earlier process that are being loaded, and those that are missing.
#[derive(Debug, Default)]
pub(super) struct Restoration {
    policy: RestorePolicy,
    states: BTreeMap<Arc<Query>, State>,
    /// The time of the next decision.
    next: Next,
    /// The time of the last decision.
    last: Option<Instant>,
}

/// The queries of which earlier answers are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::daemon) enum RestorePolicy {
    /// None.
    #[default]
    Never,
    /// Those whose first answer is held back, and those that fail if a call uses stale answers.
    Kept,
    /// Also all others, if Consul or their datacenter does not answer (`warm_start`).
    WarmStart,
}

/// The queries whose earlier answers are used from now on.
#[derive(Debug, Default)]
pub(super) struct Restorable {
    /// Their answers are loaded.
    pub(super) load: Vec<Arc<Query>>,
    /// Calls that use stale answers use theirs already, and now all calls do.
    pub(super) show_to_all: Vec<Arc<Query>>,
    /// All calls would use theirs now, but it is missing: calls that use stale answers have looked for it before.
    pub(super) missing: Vec<(Arc<Query>, NoAnswer)>,
}

/// The state of the earlier answer to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is being loaded for these calls.
    Loading(SeenBy),
    /// There is none for these calls.
    Missing(SeenBy, NoAnswer),
}

/// What is known of an earlier answer that calls want to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Nothing: it has to be loaded.
    Begin,
    /// It is being loaded, or these calls have looked for it before.
    Pending,
    /// It is missing.
    Missing(NoAnswer),
}

/// The time of the next decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Never,
    Now,
    At(Instant),
}

/// A query that fails, or that Consul does not answer because it answers no query at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FailingQuery {
    pub(super) since: Instant,
    /// `true` if Consul answers no query at all.
    pub(super) is_silent: bool,
    /// `true` if the datacenter of the query does not answer.
    pub(super) concerns_datacenter: bool,
    /// `true` if a call uses stale answers.
    pub(super) has_stale_call: bool,
}

impl FailingQuery {
    /// The calls that use an earlier answer; `None`: none does.
    fn seen_by(self, policy: RestorePolicy) -> Option<SeenBy> {
        let is_down = self.is_silent || self.concerns_datacenter;
        match policy {
            RestorePolicy::WarmStart if is_down => Some(SeenBy::All),
            RestorePolicy::WarmStart | RestorePolicy::Kept if self.has_stale_call => {
                Some(SeenBy::StaleCalls)
            }
            _ => None,
        }
    }

    /// The time from which it is used: an outage at the start may last for a moment.
    fn due(self) -> Instant {
        let patience = if self.is_silent {
            OUTAGE_FOR
        } else {
            Duration::ZERO
        };
        self.since + patience
    }
}

impl RestorePolicy {
    /// The policy of a configuration. `-once` fails if Consul does not answer, and waits until a loss is confirmed.
    pub(in crate::daemon) fn of(config: &Config) -> Self {
        match config.mode {
            Mode::Once { .. } => Self::Never,
            Mode::Daemon if config.answers == EarlierAnswers::WarmStart => Self::WarmStart,
            Mode::Daemon => Self::Kept,
        }
    }
}

impl Restoration {
    /// Uses earlier answers of these queries.
    pub(super) fn set_policy(&mut self, policy: RestorePolicy) {
        self.policy = policy;
        self.schedule();
    }

    /// Another server answers from now on.
    pub(super) fn server_changed(&mut self) {
        self.states.clear();
        self.schedule();
    }

    /// Returns `true` if earlier answers are used.
    pub(super) fn is_on(&self) -> bool {
        self.policy != RestorePolicy::Never
    }

    /// Returns `true` if all calls use earlier answers while Consul does not answer.
    pub(super) fn is_warm_start(&self) -> bool {
        self.policy == RestorePolicy::WarmStart
    }

    /// Schedules a decision: a query may have to be loaded.
    pub(super) fn schedule(&mut self) {
        if self.is_on() {
            self.next = Next::Now;
        }
    }

    /// Begins a decision if one is due.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        if self.next == Next::Now {
            let earliest = self.last.map_or(now, |last| last + INTERVAL);
            self.next = Next::At(earliest);
        }
        let is_due = matches!(self.next, Next::At(time) if time <= now);
        if is_due {
            (self.next, self.last) = (Next::Never, Some(now));
        }
        is_due
    }

    /// The time of the next decision. What is due now is decided with the present event.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        match self.next {
            Next::At(time) => Some(time),
            Next::Never | Next::Now => None,
        }
    }

    /// Schedules a decision because of a failure. `earlier`: the earlier answer, if it is in use already.
    pub(super) fn schedule_for(&mut self, failing: FailingQuery, earlier: Option<Earlier>) {
        let is_for_all = failing.seen_by(self.policy) == Some(SeenBy::All);
        let is_needed = match earlier.map(|earlier| earlier.seen_by) {
            None => true,
            Some(SeenBy::StaleCalls) => is_for_all,
            Some(SeenBy::All) => false,
        };
        if is_needed {
            self.schedule();
        }
    }

    /// Returns `true` if no other decision about this query is possible.
    pub(super) fn is_decided(&self, query: &Query) -> bool {
        matches!(
            self.states.get(query),
            Some(State::Missing(SeenBy::All, _) | State::Loading(SeenBy::All))
        )
    }

    /// The calls that use the earlier answer from now on, because the query fails; `None`: none does.
    pub(super) fn decide(&mut self, failing: FailingQuery, now: Instant) -> Option<SeenBy> {
        let seen_by = failing.seen_by(self.policy)?;
        let due = failing.due();
        if due <= now {
            return Some(seen_by);
        }
        self.next = match self.next {
            Next::At(time) if time < due => self.next,
            _ => Next::At(due),
        };
        None
    }

    /// The same, because the first answer is held back.
    pub(super) fn decide_beside_held(&self) -> Option<SeenBy> {
        self.is_on().then_some(SeenBy::All)
    }

    /// Records that these calls use the earlier answer to a query when it is loaded.
    pub(super) fn load(&mut self, query: &Arc<Query>, seen_by: SeenBy) -> Load {
        let Some(state) = self.states.get_mut(query) else {
            self.states
                .insert(Arc::clone(query), State::Loading(seen_by));
            return Load::Begin;
        };
        match state {
            State::Loading(known @ SeenBy::StaleCalls) => *known = seen_by,
            State::Missing(known @ SeenBy::StaleCalls, cause) if seen_by == SeenBy::All => {
                *known = seen_by;
                return Load::Missing(*cause);
            }
            State::Loading(SeenBy::All) | State::Missing(..) => {}
        }
        Load::Pending
    }

    /// Returns `true` if a query that fails may still get an earlier answer, so that its failure is not final.
    pub(super) fn is_pending(&self, query: &Query, failing: FailingQuery) -> bool {
        match self.states.get(query) {
            None => failing.seen_by(self.policy).is_some(),
            Some(State::Loading(_)) => true,
            Some(State::Missing(..)) => false,
        }
    }

    /// Records that a query was loaded, or that there is no answer. Returns the calls that use its answer; `None` if it is
    /// not needed any more.
    pub(super) fn loaded(&mut self, query: &Query, loaded: Result<(), NoAnswer>) -> Option<SeenBy> {
        let state = self.states.get_mut(query)?;
        let State::Loading(seen_by) = *state else {
            return None;
        };
        match loaded {
            Ok(()) => {
                self.states.remove(query);
            }
            Err(cause) => *state = State::Missing(seen_by, cause),
        }
        Some(seen_by)
    }

    /// Records that there is no earlier answer for more calls than those that use it already.
    pub(super) fn set_missing(&mut self, query: &Arc<Query>, cause: NoAnswer) {
        let state = State::Missing(SeenBy::All, cause);
        self.states.insert(Arc::clone(query), state);
    }

    /// Records that this process has accepted an answer.
    pub(super) fn answered(&mut self, query: &Query) {
        self.states.remove(query);
    }

    /// Keeps only the queries that are still followed.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.states.retain(|query, _| wanted(query));
        self.schedule();
    }
}

#[cfg(test)]
mod tests;
