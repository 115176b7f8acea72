//! Loads and uses the answers of an earlier process.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::Answers;
use crate::daemon::event::{KeptWrite, LoadedAnswer, Moment};
use crate::daemon::renderer::answer_change::AnswerChange;
use crate::daemon::renderer::requirements::Requirements;
use crate::daemon::renderer::restoration::{FailingQuery, MissingReason, RestorePolicy};
use crate::daemon::renderer::template_state::TemplateState;
use crate::daemon::unwritten::{UnwrittenAnswer, is_kept};
use answer_guard::{Failing, Users, View, items};
use consul_watch::query::Query;

/// The age of an answer if the clock says that it was current in the future: older than any limit.
const UNKNOWN_AGE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl Answers {
    /// Records the changes of accepted answers, to be written, and uses earlier answers.
    pub(in crate::daemon::renderer) fn keep(&mut self, policy: RestorePolicy) {
        self.unwritten.begin();
        self.restoration.set_policy(policy);
    }

    /// Adopts a new configuration: the server that answers, and the use of earlier answers.
    pub(in crate::daemon::renderer) fn renew(&mut self, policy: RestorePolicy, server: String) {
        if self.restoration.is_on() {
            self.restoration.set_policy(policy);
        }
        if self.server == server {
            return;
        }
        let before = std::mem::replace(&mut self.server, server);
        self.unwritten.server_changed();
        self.restoration.server_changed();
        Arc::make_mut(&mut self.saved).server_changed(&before, &self.server);
    }

    /// Handles the result of a write, or the changes that could not be written.
    pub(in crate::daemon::renderer) fn on_kept(
        &mut self,
        result: Result<&KeptWrite, &[(Arc<Query>, UnwrittenAnswer)]>,
    ) {
        match result {
            Ok(write) if self.unwritten.written(write.is_new) => {
                let own: Vec<_> = self.own_answers().collect();
                self.unwritten.record_again(&own);
            }
            Ok(_) => {}
            Err(changes) => self.unwritten.take_back(changes),
        }
    }

    /// The queries of which this process has accepted an answer that is kept.
    fn own_answers(&self) -> impl Iterator<Item = (Arc<Query>, Arc<consul_watch::answer::Answer>)> {
        self.followed.iter().filter_map(|query| {
            let answer = self.snapshot.answer_in(View::Accepted, query)?;
            let is_own = is_kept(query) && !self.restoration.is_restored(query);
            is_own.then(|| (Arc::clone(query), Arc::clone(answer)))
        })
    }

    /// Schedules a decision about the queries to load: a pass has ended, so a template may have other calls.
    pub(in crate::daemon::renderer) fn schedule_restoration(&mut self) {
        if !self.failures.is_empty() {
            self.restoration.schedule();
        }
    }

    /// The last time at which the accepted answers of queries that do not fail were known to be current.
    pub(in crate::daemon::renderer) fn current_until(&self, now: Moment) -> SystemTime {
        let silence = self.failures.silent_since();
        let silence = silence.map(|since| now.instant.saturating_duration_since(since));
        let time = SystemTime::from(now.time);
        time.checked_sub(silence.unwrap_or_default())
            .unwrap_or(time)
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
        let mut restorable = Vec::new();
        for query in &self.followed {
            if !is_kept(query) || self.snapshot.answer_in(View::Accepted, query).is_some() {
                continue;
            }
            let reason = self.missing_reason(query, templates);
            if self.restoration.decide(query, reason, now) {
                restorable.push(Arc::clone(query));
            }
        }
        restorable
    }

    /// Why a query has no accepted answer.
    fn missing_reason(&self, query: &Query, templates: &[TemplateState]) -> MissingReason {
        if self.guards.held_of(query).is_some() {
            return MissingReason::Held;
        }
        let own = self.failures.failing(query);
        let failing = self.failing_query(query, own.as_ref(), templates);
        failing.map_or(MissingReason::Unanswered, MissingReason::Failing)
    }

    fn failing_query(
        &self,
        query: &Query,
        own: Option<&Failing>,
        templates: &[TemplateState],
    ) -> Option<FailingQuery> {
        let silent_since = self.failures.silent_since();
        Some(FailingQuery {
            since: own.map(|own| own.since).or(silent_since)?,
            is_silent: silent_since.is_some(),
            concerns_datacenter: own.is_some_and(|own| own.concerns_datacenter),
            has_stale_call: templates.iter().any(|one| one.has_stale_call(query)),
        })
    }

    /// The failure of a query as templates see it. It is not final before it is known whether there is an earlier answer.
    pub(super) fn failing(&self, query: &Query, templates: &[TemplateState]) -> Option<Failing> {
        let failing = self.failures.failing(query)?;
        let is_answered = self.snapshot.answer(query).is_some();
        let own = self.failing_query(query, Some(&failing), templates);
        let is_pending = !is_answered
            && is_kept(query)
            && own.is_some_and(|own| self.restoration.is_pending(query, own));
        Some(Failing {
            is_final: failing.is_final && !is_pending,
            concerns_datacenter: failing.concerns_datacenter && !is_pending,
            ..failing
        })
    }

    /// Handles the earlier answer to a query; `None`: there is none. Returns the calls that wanted it, and the change.
    pub(in crate::daemon::renderer) fn on_loaded(
        &mut self,
        query: &Arc<Query>,
        loaded: Option<&LoadedAnswer>,
        templates: &[TemplateState],
        now: Moment,
    ) -> Option<(Users, Option<AnswerChange>)> {
        let depth = Requirements::of(templates, query)
            .rules
            .and_then(|rules| rules.depth);
        let is_held = self.snapshot.held(query).is_some();
        // After a crash, the number of items may be newer than the answer. Then the file may have more items, too.
        let expected = self.saved.items(query, depth).filter(|_| is_held);
        let loaded = loaded
            .filter(|loaded| expected.is_none_or(|count| items(&loaded.answer, depth) >= count));
        let users = self.restoration.loaded(query, loaded.is_some())?;
        let Some(loaded) = loaded else {
            return Some((users, None));
        };
        let LoadedAnswer {
            answer,
            current_until,
        } = loaded;
        self.unwritten.restored(query, *current_until);
        self.guards.restored(query, answer, depth);
        if !is_held {
            let time = SystemTime::from(now.time);
            let age = time.duration_since(*current_until).ok();
            let age = age.filter(|_| *current_until != SystemTime::UNIX_EPOCH);
            let age = age.unwrap_or(UNKNOWN_AGE);
            let since = now.instant.checked_sub(age).unwrap_or(now.instant);
            self.failures.restored(query, since);
        }
        let change = AnswerChange::restored(query, answer, users, is_held);
        Some((users, Some(self.damp(change, templates, now))))
    }
}
