//! Loads and uses the answers of an earlier process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::Answers;
use crate::daemon::event::{LoadedAnswer, Moment};
use crate::daemon::renderer::answer_change::AnswerChange;
use crate::daemon::renderer::restoration::{Lack, RestorePolicy};
use crate::daemon::renderer::template_state::TemplateState;
use answer_guard::{Unwritten, View, is_kept};
use consul_watch::query::Query;

impl Answers {
    /// Records the changes of accepted answers, to be written, and uses earlier answers of these queries.
    pub(in crate::daemon::renderer) fn keep(&mut self, policy: RestorePolicy) {
        self.unwritten.begin();
        self.restoration.set_policy(policy);
    }

    /// Uses earlier answers of these queries, if answers are kept.
    pub(in crate::daemon::renderer) fn set_restore_policy(&mut self, policy: RestorePolicy) {
        if self.restoration.is_on() {
            self.restoration.set_policy(policy);
        }
    }

    /// Decides again which queries are loaded: a pass has ended, so a template may observe other failures.
    pub(in crate::daemon::renderer) fn reconsider_restoration(&mut self) {
        if !self.failures.is_empty() {
            self.restoration.look_again();
        }
    }

    /// Returns `true` if changes of accepted answers are not written yet.
    pub(in crate::daemon::renderer) fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Removes these changes, to write them.
    pub(in crate::daemon::renderer) fn take_unwritten(&mut self) -> Vec<(Arc<Query>, Unwritten)> {
        self.unwritten.take()
    }

    /// Takes back changes that could not be written.
    pub(in crate::daemon::renderer) fn take_back(&mut self, changes: &[(Arc<Query>, Unwritten)]) {
        self.unwritten.take_back(changes);
    }

    /// The last time at which the accepted answers of queries that do not fail were known to be current.
    pub(in crate::daemon::renderer) fn current_until(&self, now: Moment) -> SystemTime {
        let outage = self.failures.outage_since();
        let outage = outage.map(|since| now.instant.saturating_duration_since(since));
        let time = SystemTime::from(now.time);
        time.checked_sub(outage.unwrap_or_default()).unwrap_or(time)
    }

    /// The number of queries of which an earlier answer is in use.
    pub(in crate::daemon::renderer) fn restored(&self) -> usize {
        self.restoration.restored()
    }

    /// The time of the next decision about earlier answers.
    pub(in crate::daemon::renderer) fn next_restoration(&self) -> Option<Instant> {
        self.restoration.next_wake()
    }

    /// The queries whose earlier answers are loaded now.
    pub(in crate::daemon::renderer) fn take_restorable(
        &mut self,
        templates: &[TemplateState],
        now: Instant,
    ) -> Vec<Arc<Query>> {
        if !self.restoration.begin(now) {
            return Vec::new();
        }
        let mut observed = None;
        let mut restorable = Vec::new();
        for query in &self.followed {
            if !is_kept(query) || self.snapshot.answer_in(View::Accepted, query).is_some() {
                continue;
            }
            let lack = if self.guards.held_of(query).is_some() {
                Lack::Held
            } else if let Some(since) = self.failures.failing_since(query) {
                let observed: &BTreeSet<_> = observed.get_or_insert_with(|| {
                    let templates = templates.iter();
                    templates.flat_map(TemplateState::observed).collect()
                });
                let is_observed = observed.contains(query);
                Lack::Failing {
                    since,
                    is_outage: self.failures.is_outage(),
                    is_observed,
                }
            } else {
                Lack::Unanswered
            };
            if self.restoration.decide(query, lack, now) {
                restorable.push(Arc::clone(query));
            }
        }
        restorable
    }

    /// Handles the earlier answer to a query; `None`: there is none. Returns the change.
    pub(in crate::daemon::renderer) fn on_loaded(
        &mut self,
        query: &Arc<Query>,
        loaded: Option<&LoadedAnswer>,
        now: Moment,
    ) -> Option<AnswerChange> {
        let is_needed = self.restoration.loaded(query, loaded.is_some());
        let LoadedAnswer {
            answer,
            current_until,
        } = loaded.filter(|_| is_needed)?;
        self.unwritten.failed(query, *current_until);
        let age = SystemTime::from(now.time).duration_since(*current_until);
        self.failures
            .fails_for(query, age.unwrap_or(Duration::ZERO), now.instant);
        self.guards.restored(query);
        let is_held = self.snapshot.held(query).is_some();
        Some(AnswerChange::restored(query, answer, is_held))
    }
}
