//! The latest accepted answer of every query.
//!
//! Input: answers, one query at a time. Output: a [`Snapshot`], cheap to clone, which never changes once taken.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::{Answer, Instance, Pair};
use crate::query::Query;

mod passing_since;

use passing_since::PassingSince;

/// The answers at one moment. A clone costs one reference count, and later answers do not show in it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    known: Arc<HashMap<Arc<Query>, Known>>,
    /// The moment; `None`: so late that every instance has passed its checks for long.
    now: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Known {
    answer: Arc<Answer>,
    /// For a key: the last entry. A key that is deleted keeps its last value in templates that need it.
    last_entry: Option<Arc<Pair>>,
    /// For a service: the instances that began to pass their checks within the span that a template requires.
    passing_since: PassingSince,
}

impl Snapshot {
    /// The latest answer; `None` before the first.
    #[must_use]
    pub fn answer(&self, query: &Query) -> Option<&Arc<Answer>> {
        self.known.get(query).map(|known| &known.answer)
    }

    /// The query as it is stored here, and its latest answer.
    #[must_use]
    pub fn entry(&self, query: &Query) -> Option<(&Arc<Query>, &Arc<Answer>)> {
        self.known
            .get_key_value(query)
            .map(|(query, known)| (query, &known.answer))
    }

    /// The last entry of this key, even if it is deleted now.
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<&Arc<Pair>> {
        self.known.get(query)?.last_entry.as_ref()
    }

    /// Since when this instance, in the answer to this query, passes its checks; `None`: for long, as far as is known.
    #[must_use]
    pub fn passes_since(&self, query: &Query, instance: &Instance) -> Option<Instant> {
        self.known
            .get(query)?
            .passing_since
            .since(&instance.identity())
    }

    /// How late it is; `None`: so late that everything has been as it is for long.
    #[must_use]
    pub fn moment(&self) -> Option<Instant> {
        self.now
    }

    /// Returns `true` if this time is not in the future.
    #[must_use]
    pub fn is_past(&self, time: Instant) -> bool {
        self.now.is_none_or(|now| time <= now)
    }

    /// Sets the moment.
    pub fn turn_to(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// Records an answer; snapshots that were taken before do not change.
    pub fn record(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>) {
        self.record_timed(query, answer, Duration::ZERO);
    }

    /// Records an answer, and for this span which instances began to pass their checks with it.
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

    /// Forgets the answer to a query.
    pub fn forget(&mut self, query: &Query) {
        if self.known.contains_key(query) {
            Arc::make_mut(&mut self.known).remove(query);
        }
    }

    /// Forgets every query that `wanted` rejects.
    pub fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        if self.known.keys().any(|query| !wanted(query)) {
            Arc::make_mut(&mut self.known).retain(|query, _| wanted(query));
        }
    }
}
