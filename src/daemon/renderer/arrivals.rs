//! The answers that arrive while a template is being rendered.
//!
//! Input: answers during a pass. Output: at its end, the queries whose new answers the pass has not seen.
//!
//! What a pass requests is known only when it ends. A query that it requests for the first time may have been answered
//! meanwhile; without this record the template would wait for an answer that has come already.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::answer::Answer;
use crate::query::Query;
use crate::render::Dependencies;

/// The queries that were answered during a pass.
#[derive(Debug, Default)]
pub(super) struct Arrivals(BTreeMap<Arc<Query>, Arrived>);

/// The answer that the pass has seen, and the latest one; `None` for no answer.
#[derive(Debug)]
struct Arrived {
    seen: Option<Arc<Answer>>,
    latest: Option<Arc<Answer>>,
}

impl Arrivals {
    /// Forgets everything, as a pass begins.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Notes that `after` takes the place of `before`.
    pub(super) fn note(
        &mut self,
        query: &Arc<Query>,
        before: Option<&Arc<Answer>>,
        after: Option<&Arc<Answer>>,
    ) {
        let arrived = self.0.entry(Arc::clone(query));
        let arrived = arrived.or_insert_with(|| Arrived {
            seen: before.cloned(),
            latest: None,
        });
        arrived.latest = after.cloned();
    }

    /// The queries among these dependencies whose answers the pass has not seen.
    pub(super) fn take_missed(&mut self, dependencies: &Dependencies) -> Vec<Arc<Query>> {
        let arrived = std::mem::take(&mut self.0).into_iter();
        let is_missed = |(query, Arrived { seen, latest }): &(Arc<Query>, Arrived)| match latest {
            Some(latest) => dependencies.sees_change(query, seen.as_deref(), latest),
            None => dependencies.queries.contains(query),
        };
        let missed = arrived.filter(is_missed);
        missed.map(|(query, _)| query).collect()
    }
}
