//! The answers that are held back, and the instances that are damped, for the report and for messages.

use std::sync::Arc;

use super::requirements::Requirements;
use super::{Renderer, guard_log};
use answer_guard::{DampedInstance, Held};
use consul_watch::query::Query;

impl Renderer {
    /// The queries whose latest answer is held back.
    pub(in crate::daemon) fn held(&self) -> impl Iterator<Item = (&Arc<Query>, &Held)> {
        self.answers.guards().held()
    }

    /// The instances that are damped.
    pub(in crate::daemon) fn damped(
        &self,
    ) -> impl Iterator<Item = (&Arc<Query>, DampedInstance<'_>)> {
        self.answers.dampers().damped()
    }

    /// The latest answer to this query, if it is held back: the loss, and the condition on which it is accepted.
    pub(in crate::daemon) fn held_text(&self, query: &Query) -> Option<String> {
        let held = self.answers.guards().held_of(query)?;
        let requirements = Requirements::of(self.templates.all(), query);
        let until = guard_log::until(held, requirements.rules.as_ref());
        Some(format!("{}: held back {until}", held.loss()))
    }
}
