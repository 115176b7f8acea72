//! The answers that arrive while a template is being rendered.
//!
//! Input: answers during a pass. Output: at its end, the queries whose new answers the pass has not
//! seen.
//!
//! The requests of a pass are known only when it ends. A query that it requests for the first time
//! may have been answered meanwhile. Without this record, the template would wait for an answer
//! that has already arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use answer_guard::View;
use consul_render::Dependencies;
use consul_watch::answer::Answer;
use consul_watch::query::Query;

/// The queries that were answered during a pass, and those that began or ceased to fail.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    answers: BTreeMap<(View, Arc<Query>), Arrived>,
    failures: BTreeSet<Arc<Query>>,
}

/// The answer that the pass has seen, and the latest one; `None` for no answer.
#[derive(Debug)]
struct Arrived {
    seen: Option<Arc<Answer>>,
    latest: Option<Arc<Answer>>,
}

impl Arrivals {
    /// Clears the record at the start of a pass.
    pub(super) fn clear(&mut self) {
        self.answers.clear();
        self.failures.clear();
    }

    /// Records that `after` replaces `before`.
    pub(super) fn note(
        &mut self,
        (view, query): (View, &Arc<Query>),
        before: Option<&Arc<Answer>>,
        after: Option<&Arc<Answer>>,
    ) {
        let arrived = self.answers.entry((view, Arc::clone(query)));
        let arrived = arrived.or_insert_with(|| Arrived {
            seen: before.cloned(),
            latest: None,
        });
        arrived.latest = after.cloned();
    }

    /// Records that a query begins or ceases to fail.
    pub(super) fn note_failure(&mut self, query: &Arc<Query>) {
        self.failures.insert(Arc::clone(query));
    }

    /// Returns `true` if the pass has not seen the failure, or its end, of a query on which the text depends. Clears these
    /// records.
    pub(super) fn take_missed_failures(&mut self, dependencies: &Dependencies) -> bool {
        let failures = std::mem::take(&mut self.failures);
        failures
            .iter()
            .any(|query| dependencies.observed.contains(query))
    }

    /// Removes the record of answers. Returns the queries among these dependencies with new answers since the
    /// pass began, and the views in which they are new.
    pub(super) fn take_missed(&mut self, dependencies: &Dependencies) -> Vec<(View, Arc<Query>)> {
        let arrived = std::mem::take(&mut self.answers).into_iter();
        let is_missed =
            |((_, query), Arrived { seen, latest }): &((View, Arc<Query>), Arrived)| match latest {
                Some(latest) => dependencies.sees_change(query, seen.as_deref(), latest),
                None => dependencies.queries.contains(query),
            };
        let missed = arrived.filter(is_missed);
        missed.map(|(query, _)| query).collect()
    }
}
