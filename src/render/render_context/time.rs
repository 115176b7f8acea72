//! What depends on the time, in a pass: how long instances have been passing, and what was made in earlier passes.

use std::time::Duration;

use jiff::Timestamp;

use super::RenderContext;
use crate::answer::Instance;
use crate::query::{Health, Query};

/// A pass that is to be made again later is made again after this time at the latest.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl RenderContext {
    /// Has an instance in the answer to this query been passing for this long? If it has not yet, the pass is to be
    /// made again when it has.
    #[must_use]
    pub fn has_passed(&self, query: &Query, instance: &Instance, span: Duration) -> bool {
        if instance.status != Health::Passing {
            return false;
        }
        let Some(ripe) = self
            .snapshot
            .passes_since(query, instance)
            .and_then(|since| since.checked_add(span))
        else {
            return true;
        };
        if self.snapshot.is_past(ripe) {
            return true;
        }
        let mut dependencies = self.dependencies();
        dependencies.again = Some(dependencies.again.map_or(ripe, |earlier| earlier.min(ripe)));
        false
    }

    /// It matters whether the instances in the answer to this query have been passing for this long.
    pub fn times(&self, query: &Query, span: Duration) {
        let mut dependencies = self.dependencies();
        let longest = dependencies.timed.entry(query.clone()).or_default();
        *longest = span.max(*longest);
    }

    /// The pass is to be made again at this time, or before.
    pub(super) fn again_at(&self, time: Timestamp) {
        let wait = Duration::try_from(time.duration_since(self.now)).unwrap_or_default();
        // The clock may be set in between, so the time is looked at again before long.
        let then = self
            .snapshot
            .moment()
            .and_then(|now| now.checked_add(wait.min(LONGEST_WAIT)));
        if let Some(then) = then {
            let mut dependencies = self.dependencies();
            dependencies.again = Some(dependencies.again.map_or(then, |earlier| earlier.min(then)));
        }
    }
}
