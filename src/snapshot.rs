//! The latest believed answer of every question.
//!
//! in:  answers, one question at a time
//! out: a [`Snapshot`]: cheap to clone, and never changing once taken

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::{Answer, Instance, Pair};
use crate::query::Query;

mod young;

use young::PassingSince;

/// What is known at one moment. A clone costs one reference count, and later answers do not show in it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    known: Arc<HashMap<Arc<Query>, Known>>,
    /// The moment; `None`: so late that everything has been as it is for long.
    now: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Known {
    answer: Arc<Answer>,
    /// For a key: the last entry there was. A key that is deleted keeps its last value in templates that need it.
    last_entry: Option<Arc<Pair>>,
    /// For a service: the instances that began to pass a while ago, as far as somebody wants to know.
    young: PassingSince,
}

impl Snapshot {
    /// The latest answer, or nothing as long as there was none.
    #[must_use]
    pub fn answer(&self, query: &Query) -> Option<&Arc<Answer>> {
        self.known.get(query).map(|known| &known.answer)
    }

    /// The question as it is kept here, and its latest answer.
    #[must_use]
    pub fn entry(&self, query: &Query) -> Option<(&Arc<Query>, &Arc<Answer>)> {
        self.known
            .get_key_value(query)
            .map(|(query, known)| (query, &known.answer))
    }

    /// The last entry that this key had, also when it is gone now.
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<&Arc<Pair>> {
        self.known.get(query)?.last_entry.as_ref()
    }

    /// Since when this instance, in the answer to this query, passes its checks; `None`: for long, as far as is known.
    #[must_use]
    pub fn passes_since(&self, query: &Query, instance: &Instance) -> Option<Instant> {
        self.known.get(query)?.young.since(&instance.identity())
    }

    /// How late it is; `None`: so late that everything has been as it is for long.
    #[must_use]
    pub fn moment(&self) -> Option<Instant> {
        self.now
    }

    /// Has this time come?
    #[must_use]
    pub fn is_past(&self, time: Instant) -> bool {
        self.now.is_none_or(|now| time <= now)
    }

    /// It is this late now.
    pub fn turn_to(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// Takes an answer in; snapshots that were taken before do not change.
    pub fn record(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>) {
        self.record_timed(query, answer, Duration::ZERO);
    }

    /// Takes an answer in, and keeps in mind for this long which instances began to pass with it.
    pub fn record_timed(
        &mut self,
        query: impl Into<Arc<Query>>,
        answer: Arc<Answer>,
        longest: Duration,
    ) {
        let query = query.into();
        let known = Arc::make_mut(&mut self.known);
        let before = known.get(&query);
        let young = match (before, self.now) {
            (Some(before), Some(now)) if !longest.is_zero() => {
                before.young.next(&before.answer, &answer, now, longest)
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
                young,
            },
        );
    }

    /// Forgets the answer to a question.
    pub fn forget(&mut self, query: &Query) {
        if self.known.contains_key(query) {
            Arc::make_mut(&mut self.known).remove(query);
        }
    }

    /// Forgets every question that `wanted` does not name.
    pub fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        if self.known.keys().any(|query| !wanted(query)) {
            Arc::make_mut(&mut self.known).retain(|query, _| wanted(query));
        }
    }
}
