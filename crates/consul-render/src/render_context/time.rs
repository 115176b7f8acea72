//! The dependence of a pass on time: how long instances have been passing, and when results of
//! earlier passes expire.

use std::time::Duration;

use jiff::Timestamp;

use super::RenderContext;
use answer_guard::View;
use consul_watch::answer::Instance;
use consul_watch::query::{Health, Query};

/// The maximum delay before a pass that depends on the time is repeated.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

impl RenderContext {
    /// Returns `true` if an instance in the answer to this query, in this view, has been passing for
    /// this long. If not, the pass is repeated when it has.
    #[must_use]
    pub(crate) fn has_passed(
        &self,
        view: View,
        query: &Query,
        instance: &Instance,
        span: Duration,
    ) -> bool {
        if instance.status != Health::Passing {
            return false;
        }
        let Some(due) = self
            .snapshot
            .passes_since(view, query, instance)
            .and_then(|since| since.checked_add(span))
        else {
            return true;
        };
        if self.snapshot.is_past(due) {
            return true;
        }
        let mut dependencies = self.dependencies();
        dependencies.again = Some(dependencies.again.map_or(due, |earlier| earlier.min(due)));
        false
    }

    /// Records that the template selects instances of this query by `passing_for`.
    pub(crate) fn times(&self, query: &Query, span: Duration) {
        let mut dependencies = self.dependencies();
        let longest = dependencies.timed.entry(query.clone()).or_default();
        *longest = span.max(*longest);
    }

    /// Requests that the pass is repeated at this time at the latest.
    pub(super) fn again_at(&self, time: Timestamp) {
        let wait = Duration::try_from(time.duration_since(self.now)).unwrap_or_default();
        // The system clock may be set meanwhile, so the delay is limited.
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
