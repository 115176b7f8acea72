//! The queries that fail now.
//!
//! Input: failures and recoveries. Output: the failure of each failing query, for readers that depend on it.

use std::sync::Arc;
use std::time::Instant;

use consul_watch::query::{Query, QueryMap};

/// The failure of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The time of the first failure since the last answer, or the last time at which the answer of an earlier process was
    /// current; `None` if it is unknown.
    pub since: Option<Instant>,
    /// The text of the error.
    pub error: Arc<str>,
    /// `true` if the datacenter of the query does not answer, but Consul does.
    pub concerns_datacenter: bool,
    /// `true` if a call without an answer does not wait: `-once` has no retries left, and no answer of an earlier process may
    /// be loaded.
    pub is_final: bool,
}

/// The failing queries. A clone costs one reference count.
#[derive(Clone, Debug, Default)]
pub struct FailingQueries(Arc<QueryMap<Failing>>);

impl FailingQueries {
    /// The failure of a query; `None` if it does not fail.
    #[must_use]
    pub fn get(&self, query: &Query) -> Option<&Failing> {
        self.0.get(query)
    }

    /// Records a failure, or with `None` its end. Returns `true` if the state of the query differs, apart from the text
    /// of its error.
    pub fn set(&mut self, query: &Arc<Query>, failing: Option<Failing>) -> bool {
        let before = self.0.get(query);
        let state = |one: &Failing| (one.concerns_datacenter, one.is_final);
        let is_news = before.map(state) != failing.as_ref().map(state);
        if before != failing.as_ref() {
            let queries = Arc::make_mut(&mut self.0);
            match failing {
                Some(failing) => drop(queries.insert(Arc::clone(query), failing)),
                None => drop(queries.remove(query)),
            }
        }
        is_news
    }

    /// Removes every query for which `wanted` returns `false`.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        if self.0.keys().any(|query| !wanted(query)) {
            Arc::make_mut(&mut self.0).retain(|query, _| wanted(query));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_news_when_it_begins_changes_and_ends() {
        let query = Arc::new(Query::key("a").unwrap());
        let failing = |error: &str, is_final| Failing {
            since: Some(Instant::now()),
            error: error.into(),
            concerns_datacenter: false,
            is_final,
        };
        let mut queries = FailingQueries::default();
        assert!(!queries.set(&query, None));
        assert!(queries.set(&query, Some(failing("a", false))));
        let before = queries.clone();
        assert!(!queries.set(&query, Some(failing("b", false))));
        assert!(queries.set(&query, Some(failing("b", true))));
        assert_eq!(queries.get(&query).map(|one| &*one.error), Some("b"));
        assert_eq!(before.get(&query).map(|one| &*one.error), Some("a"));
        assert!(queries.set(&query, None));
        queries.set(&query, Some(failing("a", true)));
        queries.retain(|_| false);
        assert!(queries.get(&query).is_none());
    }
}
