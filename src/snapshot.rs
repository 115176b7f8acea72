//! The latest believed answer of every question.
//!
//! in:  answers, one question at a time
//! out: a [`Snapshot`]: cheap to clone, and never changing once taken

use std::collections::HashMap;
use std::sync::Arc;

use crate::answer::{Answer, Pair};
use crate::query::Query;

/// What is known at one moment. A clone costs one reference count, and later answers do not show in it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    known: Arc<HashMap<Arc<Query>, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    answer: Arc<Answer>,
    /// For a key: the last entry there was. A key that is deleted keeps its last value in templates that need it.
    last_entry: Option<Arc<Pair>>,
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
        self.known.get_key_value(query).map(|(query, known)| (query, &known.answer))
    }

    /// The last entry that this key had, also when it is gone now.
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<&Arc<Pair>> {
        self.known.get(query)?.last_entry.as_ref()
    }

    /// Takes an answer in; snapshots that were taken before do not change.
    pub fn record(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>) {
        let query = query.into();
        let known = Arc::make_mut(&mut self.known);
        let before = known.get(&query).and_then(|known| known.last_entry.clone());
        let last_entry = match &*answer {
            Answer::Key(Some(pair)) => Some(Arc::clone(pair)),
            _ => before,
        };
        known.insert(query, Known { answer, last_entry });
    }

    /// Forgets every question that `wanted` does not name.
    pub fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        if self.known.keys().any(|query| !wanted(query)) {
            Arc::make_mut(&mut self.known).retain(|query, _| wanted(query));
        }
    }
}
