//! Logs the failures of queries: each once, not once per attempt.
//!
//! An outage affects all queries, so it is one message regardless of how many queries notice it,
//! and one more when it ends. A failure of a single query is a message of its own, repeated only
//! when the reason changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use answer_guard::Failing;
use consul_watch::query::Query;
use consul_watch::source::{Error, ErrorClass};
use error_line::chain;

/// The queries that are failing.
#[derive(Debug, Default)]
pub(super) struct QueryFailures {
    open: BTreeMap<Arc<Query>, Failure>,
    /// The number of consecutive failures after which a query is given up; `None`: never.
    max_failures: Option<u32>,
    /// The current outage.
    outage: Option<Outage>,
    /// `true` if templates wait for the retries of a query before they treat it as failing.
    wait_for_retries: bool,
}

/// The time in which failures concern all queries.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Instant,
    /// The time since which no query at all was answered; `None` if one was answered, and none has begun to fail after it.
    /// While a server refuses some requests, it answers others.
    silent_since: Option<Instant>,
}

/// What an outage means for the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilesInOutage {
    Stay,
    /// With `warm_start`, templates whose queries this process has accepted no answer to are rendered.
    FromEarlierAnswers,
    /// The same, but only calls that use stale answers use those of the process before.
    StaleCallsFromEarlierAnswers,
}

impl FilesInOutage {
    fn text(self) -> &'static str {
        match self {
            Self::Stay => "the files stay as they are",
            Self::FromEarlierAnswers => {
                "templates without an answer use that of the process before"
            }
            Self::StaleCallsFromEarlierAnswers => {
                "calls that use stale answers use those of the process before, the other files stay as they are"
            }
        }
    }
}

/// The failure of one query.
#[derive(Debug)]
struct Failure {
    error: Arc<Error>,
    /// The number of consecutive failures.
    failures: u32,
    /// The time of the first of them.
    since: Instant,
    /// `true` if the server that has answered before a reload has caused it.
    is_outdated: bool,
}

impl QueryFailures {
    /// Creates a value without failures. `attempts` is the number of retries before a query is
    /// given up; `None`: no limit.
    pub(super) fn new(attempts: Option<u32>) -> Self {
        Self {
            max_failures: attempts.map(|attempts| attempts.saturating_add(1)),
            ..Self::default()
        }
    }

    /// Makes templates wait for the retries of a query before they treat it as failing, for `-once`. The daemon retries
    /// without end.
    #[must_use]
    pub(super) fn waiting_for_retries(self, wait_for_retries: bool) -> Self {
        Self {
            wait_for_retries,
            ..self
        }
    }

    /// Handles a failure of a query: the first or a repeated one.
    pub(super) fn failed(
        &mut self,
        query: Arc<Query>,
        error: Arc<Error>,
        files: FilesInOutage,
        now: Instant,
    ) {
        let text = chain(&*error);
        let before = self.open.get(&query);
        let earlier = before.map_or(0, |before| before.failures);
        let since = before.map_or(now, |before| before.since);
        // A file is not retried; it is read when it may have changed.
        let is_retry = !matches!(*query, Query::File(_)) || earlier == 0;
        let failures = earlier.saturating_add(u32::from(is_retry));
        if affects_all_queries(error.class()) {
            if let Some(outage) = &mut self.outage {
                // A server that refuses requests answers them.
                let is_silence = error.class() == ErrorClass::Outage;
                if is_silence && before.is_none_or(|before| !before.is_silence()) {
                    outage.silent_since.get_or_insert(now);
                }
                tracing::debug!(name: "query.without_consul", %query, error = text, "{query}: {text}");
            } else {
                self.outage = Some(Outage {
                    since: now,
                    silent_since: Some(now),
                });
                let (files, again) = (files.text(), self.retries_text());
                tracing::warn!(name: "consul.outage", error = text, "{text}; {files}, and {again}");
            }
        } else if before.is_none_or(|before| chain(&*before.error) != text) {
            let is_shared = |other: &Query| match error.class() {
                ErrorClass::Datacenter => other.datacenter() == query.datacenter(),
                _ => error.concerns_the_server(),
            };
            let mut open = self.open.iter();
            let is_known =
                open.any(|(other, failure)| is_shared(other) && chain(&*failure.error) == text);
            if is_known {
                tracing::debug!(name: "query.fails_too", %query, error = text, "{query}: {text}");
            } else {
                tracing::error!(name: "query.failed", %query, error = text, "{query}: {text}");
            }
        } else {
            tracing::debug!(name: "query.still_fails", %query, error = text, "{query}: still {text}");
        }
        let failure = Failure {
            error,
            failures,
            since,
            is_outdated: false,
        };
        self.open.insert(query, failure);
    }

    fn retries_text(&self) -> String {
        match self.max_failures {
            None => "it is retried until it answers".to_owned(),
            Some(1) => "it is not retried".to_owned(),
            Some(max_failures) => format!("it is retried up to {} times", max_failures - 1),
        }
    }

    /// Handles an answer to any query.
    pub(super) fn answered(&mut self) {
        if let Some(outage) = &mut self.outage {
            outage.silent_since = None;
        }
    }

    /// Another server answers from now on. It is silent when a query has failed again.
    pub(super) fn server_changed(&mut self) {
        self.answered();
        for failure in self.open.values_mut() {
            failure.is_outdated = true;
        }
    }

    /// Handles an answer to a query. Returns `true` if the query has failed before.
    pub(super) fn recovered(&mut self, query: &Query, now: Instant) -> bool {
        let Some(Failure { error, .. }) = self.open.remove(query) else {
            return false;
        };
        if !affects_all_queries(error.class()) {
            tracing::info!(name: "query.recovered", %query, "{query} is answered again");
        }
        self.close_outage(Some(now));
        true
    }

    /// Keeps only the queries that are still followed.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.open.retain(|query, _| wanted(query));
        self.close_outage(None);
    }

    /// Returns `true` if no further retry is made for this query, or none can succeed.
    pub(super) fn is_final(&self, query: &Query) -> bool {
        let given_up = |failures| {
            self.max_failures
                .is_some_and(|max_failures| failures >= max_failures)
        };
        self.open
            .get(query)
            .is_some_and(|failure| failure.error.is_final() || given_up(failure.failures))
    }

    /// The failure of this query; `None` if it does not fail.
    pub(super) fn failing(&self, query: &Query) -> Option<Failing> {
        let Failure { error, since, .. } = self.open.get(query)?;
        Some(Failing {
            since: Some(*since),
            error: chain(&**error).into(),
            concerns_datacenter: !query.datacenter().is_empty() && error.may_concern_datacenter(),
            is_final: !self.wait_for_retries || self.is_final(query),
        })
    }

    /// The time since which Consul answers no query at all; `None` if it answers one.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        self.outage?.silent_since
    }

    /// The error text of this query; `None` if it does not fail.
    pub(super) fn text(&self, query: &Query) -> Option<String> {
        self.open.get(query).map(|failure| chain(&*failure.error))
    }

    /// Returns `true` if no query fails.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Returns `true` during an outage.
    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// The number of queries that fail for a reason of their own, not because of an outage.
    pub(super) fn own_failures(&self) -> usize {
        self.open
            .values()
            .filter(|failure| !affects_all_queries(failure.error.class()))
            .count()
    }

    fn close_outage(&mut self, answered: Option<Instant>) {
        if self
            .open
            .values()
            .any(|failure| affects_all_queries(failure.error.class()))
        {
            return;
        }
        if let (Some(Outage { since, .. }), Some(now)) = (self.outage.take(), answered) {
            let seconds = (now - since).as_secs_f64();
            tracing::info!(name: "consul.recovered", seconds, "Consul answers again after {seconds:.1} s");
        }
    }
}

impl Failure {
    /// Returns `true` if the present server has not answered the query at all.
    fn is_silence(&self) -> bool {
        !self.is_outdated && self.error.class() == ErrorClass::Outage
    }
}

fn affects_all_queries(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Outage | ErrorClass::Throttled)
}
