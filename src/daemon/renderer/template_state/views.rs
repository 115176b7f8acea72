//! What a template sees of the answers to its queries, and what it requires of their guards.

use std::time::Duration;

use answer_guard::{FlapDampingConfig, GuardConfig, Snapshot, View, applies_to};
use consul_render::Guarding;
use consul_render::reading::Selection;
use consul_watch::answer::Depth;
use consul_watch::query::Query;

use super::TemplateState;

impl TemplateState {
    /// The view of the calls without options.
    fn view(&self) -> View {
        if self.job.guard.is_on {
            View::Accepted
        } else {
            View::Latest
        }
    }

    /// The answers as the template sees them.
    pub(in crate::daemon::renderer) fn seen(&self, answers: &Snapshot) -> Snapshot {
        let seen = answers.clone().seen_in(self.view());
        seen.with_damping(self.is_damped())
    }

    /// Returns `true` if the template has flap damping.
    pub(crate) fn is_damped(&self) -> bool {
        self.job.flap_damping.is_on
    }

    /// Returns `true` if the template sees the answer to a query in this view.
    pub(super) fn sees(&self, query: &Query, view: View) -> bool {
        if !applies_to(query) {
            return view == View::Accepted;
        }
        match self.guarding(query) {
            Some(guarding) => guarding.sees(view),
            None => self.view() == view,
        }
    }

    /// The longest `passing_for` with which the template requests this query.
    pub(in crate::daemon::renderer) fn passing_span(&self, query: &Query) -> Duration {
        let span = self.dependencies.timed.get(query).copied();
        span.unwrap_or_default()
    }

    /// The guard of a query; `None` if no call sees the accepted answer.
    pub(in crate::daemon::renderer) fn guard_of(&self, query: &Query) -> Option<GuardConfig> {
        let is_guarded =
            self.dependencies.queries.contains(query) && self.sees(query, View::Accepted);
        is_guarded.then_some(GuardConfig {
            is_on: true,
            ..self.job.guard
        })
    }

    /// The flap damping of a query; `None` if the template has none, or does not request the query.
    pub(in crate::daemon::renderer) fn damping_of(
        &self,
        query: &Query,
    ) -> Option<FlapDampingConfig> {
        let is_damped = self.is_damped() && self.dependencies.queries.contains(query);
        is_damped.then_some(self.job.flap_damping)
    }

    /// Returns `true` if a call requires a least number of items of a query.
    pub(in crate::daemon::renderer) fn has_minimum(&self, query: &Query) -> bool {
        self.guarding(query).is_some_and(Guarding::has_minimum)
    }

    /// Returns `true` if a call uses an earlier answer to this query while it fails.
    pub(in crate::daemon::renderer) fn has_stale_call(&self, query: &Query) -> bool {
        self.dependencies.stale_calls.contains(query)
    }

    /// What the calls with options require of a query.
    pub(in crate::daemon::renderer) fn guarding(&self, query: &Query) -> Option<&Guarding> {
        self.dependencies.guarding.get(query)
    }

    /// The depths to which the template reads below a prefix.
    pub(in crate::daemon::renderer) fn depths(&self, query: &Query) -> impl Iterator<Item = Depth> {
        self.selections(query)
            .filter_map(|selection| match selection {
                Selection::Depth(depth) => Some(*depth),
                _ => None,
            })
    }

    /// What the calls of the template select of the answer to a query.
    pub(in crate::daemon::renderer) fn selections(
        &self,
        query: &Query,
    ) -> impl Iterator<Item = &Selection> {
        let readings = self.dependencies.readings.get(query).into_iter().flatten();
        readings.map(|reading| &reading.selection)
    }
}
