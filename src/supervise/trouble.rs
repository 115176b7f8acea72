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
pub(super) struct Troubles {
    open: BTreeMap<Arc<Query>, Arc<AskError>>,
    /// Since when nobody is answered.
    outage: Option<Instant>,
}

impl Troubles {
    /// A question failed, perhaps not for the first time.
    pub(super) fn failed(&mut self, query: Arc<Query>, error: Arc<AskError>, now: Instant) {
        let text = chain(&*error);
        if concerns_everybody(error.class()) {
            if self.outage.is_none() {
                self.outage = Some(now);
                tracing::warn!(
                    name: "consul.outage", error = text,
                    "{text}; the files stay as they are, and it is asked again until it answers"
                );
            } else {
                tracing::debug!(name: "query.without_consul", %query, error = text, "{query}: {text}");
            }
        } else if self.open.get(&query).is_none_or(|before| chain(&**before) != text) {
            let is_known = error.concerns_the_server() && self.open.values().any(|other| chain(&**other) == text);
            if is_known {
                tracing::debug!(name: "query.fails_too", %query, error = text, "{query}: {text}");
            } else {
                tracing::error!(name: "query.failed", %query, error = text, "{query}: {text}");
            }
        } else {
            tracing::debug!(name: "query.still_fails", %query, error = text, "{query}: still {text}");
        }
        self.open.insert(query, error);
    }

    /// A question was answered.
    pub(super) fn recovered(&mut self, query: &Query, now: Instant) {
        let Some(error) = self.open.remove(query) else { return };
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

    /// Does this question fail in a way that asking again does not mend?
    pub(super) fn is_final(&self, query: &Query) -> bool {
        self.open.get(query).is_some_and(|error| error.is_final())
    }

    /// Why this question fails.
    pub(super) fn text(&self, query: &Query) -> Option<String> {
        self.open.get(query).map(|error| chain(&**error))
    }

    /// Is nobody answered?
    pub(super) fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// How many questions fail by themselves.
    pub(super) fn questions(&self) -> usize {
        self.open.values().filter(|error| !concerns_everybody(error.class())).count()
    }

    fn close_outage(&mut self, answered: Option<Instant>) {
        if self.open.values().any(|error| concerns_everybody(error.class())) {
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
