//! The latest accepted answer of every query.
//!
//! Input: answers, one query at a time. Output: a [`Snapshot`], which is immutable and cheap to clone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failing::FailingQueries;
use crate::answer::{Answer, Instance, Pair};
use crate::query::Query;

mod passing_since;

use passing_since::PassingSince;

/// The answers at one point in time. A clone costs one reference count; later answers do not change it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    known: Arc<HashMap<Arc<Query>, Known>>,
    /// The time of evaluation; `None`: so late that every passing instance has been passing for
    /// long enough.
    now: Option<Instant>,
    failing: FailingQueries,
}

#[derive(Clone, Debug)]
struct Known {
    answer: Arc<Answer>,
    /// The last existing entry of a key, so that templates keep the value of a deleted key.
    last_entry: Option<Arc<Pair>>,
    /// The instances of a service that became passing within the span that a template requires.
    passing_since: PassingSince,
}

impl Snapshot {
    /// The latest answer; `None` before the first one.
    #[must_use]
    pub fn answer(&self, query: &Query) -> Option<&Arc<Answer>> {
        self.known.get(query).map(|known| &known.answer)
    }

    /// The queries that fail now.
    #[must_use]
    pub fn failing(&self) -> &FailingQueries {
        &self.failing
    }

    /// The queries that fail now, to be changed.
    pub fn failing_mut(&mut self) -> &mut FailingQueries {
        &mut self.failing
    }

    /// The stored query and its latest answer.
    #[must_use]
    pub fn entry(&self, query: &Query) -> Option<(&Arc<Query>, &Arc<Answer>)> {
        self.known
            .get_key_value(query)
            .map(|(query, known)| (query, &known.answer))
    }

    /// The last existing entry of this key, even if the key is deleted now.
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<&Arc<Pair>> {
        self.known.get(query)?.last_entry.as_ref()
    }

    /// The time since when this instance of the query has been passing; `None` if for longer than recorded.
    #[must_use]
    pub fn passes_since(&self, query: &Query, instance: &Instance) -> Option<Instant> {
        self.known
            .get(query)?
            .passing_since
            .since(&instance.identity())
    }

    /// The time of evaluation; `None`: so late that every passing instance has been passing for
    /// long enough.
    #[must_use]
    pub fn moment(&self) -> Option<Instant> {
        self.now
    }

    /// Returns `true` if this time has come.
    #[must_use]
    pub fn is_past(&self, time: Instant) -> bool {
        self.now.is_none_or(|now| time <= now)
    }

    /// Sets the time of evaluation.
    pub fn turn_to(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// Records an answer; existing clones of the snapshot do not change.
    pub fn record(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>) {
        self.record_timed(query, answer, Duration::ZERO);
    }

    /// Records an answer, and the instances that became passing within the span `longest`.
    pub fn record_timed(
        &mut self,
        query: impl Into<Arc<Query>>,
        answer: Arc<Answer>,
        longest: Duration,
    ) {
        let query = query.into();
        let known = Arc::make_mut(&mut self.known);
        let before = known.get(&query);
        let passing_since = match (before, self.now) {
            (Some(before), Some(now)) if !longest.is_zero() => {
                before
                    .passing_since
                    .next(&before.answer, &answer, now, longest)
            }
            _ => PassingSince::default(),
        };
        let last_entry = match &*answer {
            Answer::Key(Some(pair)) => Some(Arc::clone(pair)),
            _ => before.and_then(|known| known.last_entry.clone()),
        };
        known.insert(
            query,
            Known {
                answer,
                last_entry,
                passing_since,
            },
        );
    }

    /// Removes the answer to a query.
    pub fn forget(&mut self, query: &Query) {
        if self.known.contains_key(query) {
            Arc::make_mut(&mut self.known).remove(query);
        }
    }

    /// Removes every query for which `wanted` returns `false`.
    pub fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.failing.retain(&wanted);
        if self.known.keys().any(|query| !wanted(query)) {
            Arc::make_mut(&mut self.known).retain(|query, _| wanted(query));
        }
    }
}
