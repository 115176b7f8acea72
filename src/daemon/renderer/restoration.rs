//! Decides which answers of an earlier process are loaded from the disk.
//!
//! Input: the queries without an accepted answer, why they have none, the time. Output: the queries to load.
//!
//! Normally Consul answers within milliseconds, and nothing is loaded. An answer of an earlier process is used
//!
//! - if the first answer of this one is held back,
//! - if the query fails, and a call with `on_error=stale` or a loop over datacenters can use it,
//! - if the query fails and `warm_start` is set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::resolved::{Config, EarlierAnswers, Mode};
use consul_watch::query::Query;

/// The time for which an outage has to last: Consul may be starting too. It is the same as for
/// `start_with = "last_good"`.
const OUTAGE_FOR: Duration = Duration::from_millis(500);

/// The minimum time between two decisions. Each looks at all queries, and in an outage many of them fail.
const INTERVAL: Duration = Duration::from_millis(100);

/// The answers of an earlier process, of queries that have none of this one.
#[derive(Debug, Default)]
pub(super) struct Restoration {
    policy: RestorePolicy,
    states: BTreeMap<Arc<Query>, State>,
    /// The time of the next decision.
    next: Next,
    /// The time of the last decision.
    last: Option<Instant>,
}

/// The queries that are restored if they fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::daemon) enum RestorePolicy {
    /// None: no answers are kept.
    #[default]
    Never,
    /// None, but queries whose first answer is held back.
    Held,
    /// Those whose failure a template observes.
    Observed,
    /// All (`warm_start`).
    All,
}

/// The state of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is being loaded.
    Loading,
    /// The earlier answer is in use.
    Restored,
    /// There is none.
    Missing,
}

/// The time of the next decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Never,
    Now,
    At(Instant),
}

/// Why a query has no accepted answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// Its first answer is held back.
    Held,
    /// It has failed since this time.
    Failing {
        since: Instant,
        /// `true` if Consul answers no query.
        is_outage: bool,
        /// `true` if a template observes the failure.
        is_observed: bool,
    },
    /// It was sent.
    Unanswered,
}

impl RestorePolicy {
    /// The policy of a configuration. `-once` fails if Consul does not answer.
    pub(in crate::daemon) fn of(config: &Config) -> Self {
        match config.mode {
            Mode::Once { .. } => Self::Held,
            Mode::Daemon if config.answers == EarlierAnswers::WarmStart => Self::All,
            Mode::Daemon => Self::Observed,
        }
    }
}

impl Restoration {
    /// Uses earlier answers of these queries.
    pub(super) fn set_policy(&mut self, policy: RestorePolicy) {
        self.policy = policy;
        self.look_again();
    }

    /// Returns `true` if answers are kept.
    pub(super) fn is_on(&self) -> bool {
        self.policy != RestorePolicy::Never
    }

    /// A query may have to be loaded.
    pub(super) fn look_again(&mut self) {
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

    /// Returns `true` if a query is loaded now.
    pub(super) fn decide(&mut self, query: &Arc<Query>, lack: Lack, now: Instant) -> bool {
        if self.states.contains_key(query) {
            return false;
        }
        let is_wanted = match lack {
            Lack::Held => self.is_on(),
            Lack::Unanswered => false,
            Lack::Failing {
                since,
                is_outage,
                is_observed,
            } => {
                let patience = if is_outage {
                    OUTAGE_FOR
                } else {
                    Duration::ZERO
                };
                let due = since + patience;
                let is_wanted = self.restores_failing(is_observed);
                if is_wanted && now < due {
                    self.next = match self.next {
                        Next::At(time) if time < due => self.next,
                        _ => Next::At(due),
                    };
                }
                is_wanted && due <= now
            }
        };
        if is_wanted {
            self.states.insert(Arc::clone(query), State::Loading);
        }
        is_wanted
    }

    /// Returns `true` if the failure of a query is not final yet, because an earlier answer may be used.
    pub(super) fn may_follow(&self, query: &Query) -> bool {
        let is_open = matches!(self.states.get(query), None | Some(State::Loading));
        is_open && self.restores_failing(true)
    }

    fn restores_failing(&self, is_observed: bool) -> bool {
        match self.policy {
            RestorePolicy::Never | RestorePolicy::Held => false,
            RestorePolicy::Observed => is_observed,
            RestorePolicy::All => true,
        }
    }

    /// Records that a query was loaded. Returns `true` if its answer is still needed.
    pub(super) fn loaded(&mut self, query: &Query, has_answer: bool) -> bool {
        let Some(state) = self.states.get_mut(query) else {
            return false;
        };
        let is_needed = has_answer && *state == State::Loading;
        if *state == State::Loading {
            *state = if has_answer {
                State::Restored
            } else {
                State::Missing
            };
        }
        is_needed
    }

    /// Records that this process has accepted an answer.
    pub(super) fn answered(&mut self, query: &Query) {
        self.states.remove(query);
    }

    /// The number of queries of which the earlier answer is in use.
    pub(super) fn restored(&self) -> usize {
        let states = self.states.values();
        states.filter(|state| **state == State::Restored).count()
    }

    /// Keeps only the queries that are still followed.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.states.retain(|query, _| wanted(query));
        self.look_again();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Arc<Query> {
        Arc::new(Query::key(name).unwrap())
    }

    fn on(policy: RestorePolicy) -> Restoration {
        let mut restoration = Restoration::default();
        restoration.set_policy(policy);
        restoration
    }

    #[test]
    fn each_policy_loads_its_queries() {
        use RestorePolicy::{All, Held, Never, Observed};
        let since = Instant::now();
        let now = since + OUTAGE_FOR;
        let failing = |is_observed| Lack::Failing {
            since,
            is_outage: true,
            is_observed,
        };
        for (policy, [held, observed, unobserved]) in [
            (Never, [false, false, false]),
            (Held, [true, false, false]),
            (Observed, [true, true, false]),
            (All, [true, true, true]),
        ] {
            for (lack, expected) in [
                (Lack::Held, held),
                (failing(true), observed),
                (failing(false), unobserved),
                (Lack::Unanswered, false),
            ] {
                let is_loaded = on(policy).decide(&key("a"), lack, now);
                assert_eq!(is_loaded, expected, "{policy:?} {lack:?}");
            }
        }
    }

    #[test]
    fn a_query_is_loaded_after_half_a_second_of_an_outage_and_once() {
        let (mut restoration, begun) = (on(RestorePolicy::All), Instant::now());
        let lack = Lack::Failing {
            since: begun,
            is_outage: true,
            is_observed: false,
        };
        let own = Lack::Failing {
            since: begun,
            is_outage: false,
            is_observed: true,
        };
        assert!(restoration.decide(&key("own"), own, begun));
        assert!(restoration.begin(begun));
        assert!(!restoration.decide(&key("a"), lack, begun));
        assert!(restoration.may_follow(&key("a")));
        let due = restoration.next_wake().unwrap();
        assert_eq!(due, begun + OUTAGE_FOR);
        assert!(!restoration.begin(begun) && restoration.begin(due));
        assert!(restoration.decide(&key("a"), lack, due));
        assert!(!restoration.decide(&key("a"), lack, due));
        assert!(restoration.may_follow(&key("a")));
        assert!(restoration.loaded(&key("a"), true));
        assert!(!restoration.may_follow(&key("a")));
        assert_eq!(restoration.restored(), 1);
        restoration.answered(&key("a"));
        assert_eq!(restoration.restored(), 0);
    }

    #[test]
    fn many_failures_cause_ten_decisions_per_second() {
        let (mut restoration, begun) = (on(RestorePolicy::All), Instant::now());
        let failures = (0..1000).map(|number| begun + Duration::from_millis(number));
        let decisions = failures.filter(|now| {
            restoration.look_again();
            restoration.begin(*now)
        });
        assert_eq!(decisions.count(), 10);
        let rest = restoration.next_wake();
        assert_eq!(rest, Some(begun + Duration::from_secs(1)));
    }

    #[test]
    fn an_answer_that_is_loaded_too_late_is_not_used() {
        let (mut restoration, now) = (on(RestorePolicy::All), Instant::now());
        assert!(restoration.decide(&key("a"), Lack::Held, now));
        restoration.answered(&key("a"));
        assert!(!restoration.loaded(&key("a"), true));
        assert!(restoration.decide(&key("b"), Lack::Held, now));
        assert!(!restoration.loaded(&key("b"), false));
        assert!(!restoration.may_follow(&key("b")));
        assert_eq!(restoration.restored(), 0);
    }
}
