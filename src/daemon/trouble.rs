//! What is said about questions that are not answered: each trouble once, not once per try.
//!
//! An outage concerns everybody, so it is one message however many queries feel it, and one more when it is over. A
//! question that fails by itself is a message of its own, and another one only when the reason changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::state::chain;
use crate::consul::{AskError, ErrorClass};
use crate::query::Query;

/// The questions that fail just now.
#[derive(Debug, Default)]
pub(super) struct QueryFailures {
    open: BTreeMap<Arc<Query>, Trouble>,
    /// After how many failures in a row a question is given up; `None`: never.
    patience: Option<u32>,
    /// Since when nobody is answered.
    outage: Option<Instant>,
}

/// One of them.
#[derive(Debug)]
struct Trouble {
    error: Arc<AskError>,
    /// How often it has failed in a row.
    failures: u32,
}

impl QueryFailures {
    /// None yet. A question is asked again so often before it is given up; `None`: for ever.
    pub(super) fn new(attempts: Option<u32>) -> Self {
        Self {
            patience: attempts.map(|attempts| attempts.saturating_add(1)),
            ..Self::default()
        }
    }

    /// A question failed, perhaps not for the first time.
    pub(super) fn failed(&mut self, query: Arc<Query>, error: Arc<AskError>, now: Instant) {
        let text = chain(&*error);
        let before = self.open.get(&query);
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        if concerns_everybody(error.class()) {
            if self.outage.is_none() {
                self.outage = Some(now);
                let again = match self.patience {
                    None => "it is asked again until it answers".to_owned(),
                    Some(1) => "it is not asked again".to_owned(),
                    Some(patience) => format!("it is asked again up to {} times", patience - 1),
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
        self.open.insert(query, Trouble { error, failures });
    }

    /// A question was answered.
    pub(super) fn recovered(&mut self, query: &Query, now: Instant) {
        let Some(Trouble { error, .. }) = self.open.remove(query) else {
            return;
        };
        if !concerns_everybody(error.class()) {
            tracing::info!(name: "query.recovered", %query, "{query} is answered again");
        }
        self.close_outage(Some(now));
    }

    /// Forgets the questions that nobody asks any more.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.open.retain(|query, _| wanted(query));
        self.close_outage(None);
    }

    /// Does this question fail in a way that asking again does not mend, or has it been asked often enough?
    pub(super) fn is_final(&self, query: &Query) -> bool {
        let given_up = |failures| self.patience.is_some_and(|patience| failures >= patience);
        self.open
            .get(query)
            .is_some_and(|trouble| trouble.error.is_final() || given_up(trouble.failures))
    }

    /// Why this question fails.
    pub(super) fn text(&self, query: &Query) -> Option<String> {
        self.open.get(query).map(|trouble| chain(&*trouble.error))
    }

    /// Is nobody answered?
    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// How many questions fail by themselves.
    pub(super) fn questions(&self) -> usize {
        self.open
            .values()
            .filter(|trouble| !concerns_everybody(trouble.error.class()))
            .count()
    }

    fn close_outage(&mut self, answered: Option<Instant>) {
        if self
            .open
            .values()
            .any(|trouble| concerns_everybody(trouble.error.class()))
        {
            return;
        }
        if let (Some(since), Some(now)) = (self.outage.take(), answered) {
            let seconds = (now - since).as_secs_f64();
            tracing::info!(name: "consul.recovered", seconds, "Consul answers again after {seconds:.1} s");
        }
    }
}

fn concerns_everybody(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Outage | ErrorClass::Throttled)
}
