//! Logs the failures of queries: each once, not once per attempt.
//!
//! An outage affects all queries, so it is one message however many queries notice it, and one more when it is over. A
//! query that fails by itself is a message of its own, and another one only when the reason changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::error_chain::chain;
use crate::query::Query;
use crate::source::{Error, ErrorClass};

/// The queries that fail at present.
#[derive(Debug, Default)]
pub(super) struct QueryFailures {
    open: BTreeMap<Arc<Query>, Failure>,
    /// The number of failures in a row after which a query is given up; `None`: never.
    patience: Option<u32>,
    /// The start of the outage, if there is one.
    outage: Option<Instant>,
}

/// One of them.
#[derive(Debug)]
struct Failure {
    error: Arc<Error>,
    /// The number of failures in a row.
    failures: u32,
}

impl QueryFailures {
    /// Creates a value without failures. `attempts` is the number of retries before a query is given up; `None`: no limit.
    pub(super) fn new(attempts: Option<u32>) -> Self {
        Self {
            patience: attempts.map(|attempts| attempts.saturating_add(1)),
            ..Self::default()
        }
    }

    /// Takes in the failure of a query, perhaps not the first one.
    pub(super) fn failed(&mut self, query: Arc<Query>, error: Arc<Error>, now: Instant) {
        let text = chain(&*error);
        let before = self.open.get(&query);
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        if affects_all_queries(error.class()) {
            if self.outage.is_none() {
                self.outage = Some(now);
                let again = match self.patience {
                    None => "it is retried until it answers".to_owned(),
                    Some(1) => "it is not retried".to_owned(),
                    Some(patience) => format!("it is retried up to {} times", patience - 1),
                };
                tracing::warn!(name: "consul.outage", error = text, "{text}; the files stay as they are, and {again}");
            } else {
                tracing::debug!(name: "query.without_consul", %query, error = text, "{query}: {text}");
            }
        } else if before.is_none_or(|before| chain(&*before.error) != text) {
            let is_known = error.concerns_the_server()
                && self.open.values().any(|other| chain(&*other.error) == text);
            if is_known {
                tracing::debug!(name: "query.fails_too", %query, error = text, "{query}: {text}");
            } else {
                tracing::error!(name: "query.failed", %query, error = text, "{query}: {text}");
            }
        } else {
            tracing::debug!(name: "query.still_fails", %query, error = text, "{query}: still {text}");
        }
        self.open.insert(query, Failure { error, failures });
    }

    /// Takes in that a query was answered.
    pub(super) fn recovered(&mut self, query: &Query, now: Instant) {
        let Some(Failure { error, .. }) = self.open.remove(query) else {
            return;
        };
        if !affects_all_queries(error.class()) {
            tracing::info!(name: "query.recovered", %query, "{query} is answered again");
        }
        self.close_outage(Some(now));
    }

    /// Keeps only the queries that are still followed.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.open.retain(|query, _| wanted(query));
        self.close_outage(None);
    }

    /// Returns `true` if a retry cannot help this query, or if it was retried often enough.
    pub(super) fn is_final(&self, query: &Query) -> bool {
        let given_up = |failures| self.patience.is_some_and(|patience| failures >= patience);
        self.open
            .get(query)
            .is_some_and(|failure| failure.error.is_final() || given_up(failure.failures))
    }

    /// The reason why this query fails.
    pub(super) fn text(&self, query: &Query) -> Option<String> {
        self.open.get(query).map(|failure| chain(&*failure.error))
    }

    /// Returns `true` during an outage.
    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// The number of queries that fail by themselves.
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
        if let (Some(since), Some(now)) = (self.outage.take(), answered) {
            let seconds = (now - since).as_secs_f64();
            tracing::info!(name: "consul.recovered", seconds, "Consul answers again after {seconds:.1} s");
        }
    }
}

fn affects_all_queries(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Outage | ErrorClass::Throttled)
}
