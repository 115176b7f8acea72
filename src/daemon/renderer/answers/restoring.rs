//! Loads and uses the answers of an earlier process.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::Answers;
use crate::daemon::event::{KeptWrite, LoadedAnswer, Moment, NoAnswer};
use crate::daemon::query_failures::FilesInOutage;
use crate::daemon::renderer::answer_change::AnswerChange;
use crate::daemon::renderer::requirements::Requirements;
use crate::daemon::renderer::restoration::{FailingQuery, Load, Restorable, RestorePolicy};
use crate::daemon::renderer::template_state::TemplateState;
use crate::daemon::unwritten::{UnwrittenAnswer, is_kept};
use answer_guard::{Earlier, Failing, Held, Origin, SeenBy, View, items};
use consul_watch::answer::{Answer, Depth};
use consul_watch::query::Query;

impl Answers {
    /// Records the changes of accepted answers, to be written, and uses earlier answers.
    pub(in crate::daemon::renderer) fn keep(&mut self, policy: RestorePolicy) {
        self.unwritten.begin();
        self.restoration.set_policy(policy);
    }

    /// Adopts a new configuration: the server that answers, and the use of earlier answers. Returns the answers that are used
    /// no longer: those that an earlier process has accepted from another server.
    pub(in crate::daemon::renderer) fn renew(
        &mut self,
        policy: RestorePolicy,
        server: &str,
    ) -> Vec<(Arc<Query>, Arc<Answer>)> {
        if self.restoration.is_on() {
            self.restoration.set_policy(policy);
        }
        if **self.server() == *server {
            return Vec::new();
        }
        self.unwritten.server_changed();
        self.failures.server_changed();
        self.restoration.server_changed();
        Arc::make_mut(&mut self.sizes).server_changed(server);
        self.snapshot.forget_earlier()
    }

    /// Handles the result of a write for a server, or the changes that could not be written.
    pub(in crate::daemon::renderer) fn on_kept(
        &mut self,
        server: &str,
        result: Result<&KeptWrite, &[(Arc<Query>, UnwrittenAnswer)]>,
    ) {
        match result {
            Ok(write) if self.unwritten.written(write.is_new) => {
                let own: Vec<_> = self.own_answers().collect();
                self.unwritten.record_again(&own);
            }
            Err(changes) if **self.server() == *server => self.unwritten.take_back(changes),
            // Another server answers now.
            Ok(_) | Err(_) => {}
        }
    }

    /// The queries of which this process has accepted an answer that is kept.
    fn own_answers(&self) -> impl Iterator<Item = (Arc<Query>, Arc<Answer>)> {
        self.followed.iter().filter_map(|query| {
            let answer = self.snapshot.answer_in(View::Accepted, query)?;
            let is_own = is_kept(query) && self.snapshot.origin(query) == Some(Origin::Own);
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

    /// What an outage that begins now means for the files.
    pub(super) fn files_in_outage(&self, templates: &[TemplateState]) -> FilesInOutage {
        // Each failure calls it, but only the first one of an outage is logged.
        if self.failures.is_outage() || !self.restoration.is_on() {
            return FilesInOutage::Stay;
        }
        let is_own = |query: &Query| self.snapshot.origin(query) == Some(Origin::Own);
        let followed = self.followed.iter();
        let mut others = followed.filter(|query| is_kept(query) && !is_own(query));
        let has_stale_call = |query: &Query| templates.iter().any(|one| one.has_stale_call(query));
        let (is_restored, files) = if self.restoration.is_warm_start() {
            (others.next().is_some(), FilesInOutage::FromEarlierAnswers)
        } else {
            let is_restored = others.any(|query| has_stale_call(query));
            (is_restored, FilesInOutage::StaleCallsFromEarlierAnswers)
        };
        if is_restored {
            files
        } else {
            FilesInOutage::Stay
        }
    }

    /// Schedules a decision, if this query fails and more calls may use its earlier answer.
    pub(super) fn schedule_restoration_of(&mut self, query: &Query) {
        let own = self.failures.failing(query);
        let earlier = self.snapshot.earlier(query);
        let is_own = earlier.is_none() && self.snapshot.answer(query).is_some();
        if let Some(failing) = self.failing_query(query, own.as_ref(), &[])
            && !is_own
        {
            self.restoration.schedule_for(failing, earlier);
        }
    }

    /// The queries whose earlier answers are used from now on.
    pub(in crate::daemon::renderer) fn take_restorable(
        &mut self,
        templates: &[TemplateState],
        now: Instant,
    ) -> Restorable {
        let mut restorable = Restorable::default();
        if !self.restoration.begin(now) {
            return restorable;
        }
        for query in &self.followed {
            let is_used = match self.snapshot.origin(query) {
                None => false,
                Some(Origin::Earlier(earlier)) if earlier.seen_by == SeenBy::StaleCalls => true,
                Some(_) => continue,
            };
            if !is_kept(query) || self.restoration.is_decided(query) {
                continue;
            }
            let seen_by = if self.guards.held_of(query).is_some() {
                self.restoration.decide_beside_held()
            } else {
                let own = self.failures.failing(query);
                let failing = self.failing_query(query, own.as_ref(), templates);
                failing.and_then(|failing| self.restoration.decide(failing, now))
            };
            match seen_by {
                Some(SeenBy::All) if is_used => restorable.show_to_all.push(Arc::clone(query)),
                Some(seen_by) if !is_used => match self.restoration.load(query, seen_by) {
                    Load::Begin => restorable.load.push(Arc::clone(query)),
                    Load::Missing(cause) => restorable.missing.push((Arc::clone(query), cause)),
                    Load::Pending => {}
                },
                _ => {}
            }
        }
        restorable
    }

    fn failing_query(
        &self,
        query: &Query,
        own: Option<&Failing>,
        templates: &[TemplateState],
    ) -> Option<FailingQuery> {
        let silent_since = self.failures.silent_since();
        Some(FailingQuery {
            since: silent_since.or_else(|| own?.since)?,
            is_silent: silent_since.is_some(),
            concerns_datacenter: own.is_some_and(|own| own.concerns_datacenter),
            has_stale_call: templates.iter().any(|one| one.has_stale_call(query)),
        })
    }

    /// The failure of a query. It has lasted since its accepted answer was current: since another one is held back, or since
    /// the time of an answer of an earlier process.
    pub(super) fn failure_of(&self, query: &Query) -> Option<Failing> {
        let own = self.failures.failing(query);
        let Some(earlier) = self.snapshot.earlier(query) else {
            let held = self.guards.held_of(query);
            return own.map(|own| Failing {
                since: own.since.min(held.map(Held::since).or(own.since)),
                ..own
            });
        };
        match own {
            // `None` is less than any time.
            Some(own) => Some(Failing {
                since: own.since.min(earlier.current_until),
                ..own
            }),
            None if self.guards.held_of(query).is_some() => None,
            // It was not sent yet.
            None => Some(Failing {
                since: earlier.current_until,
                error: "Consul does not answer".into(),
                concerns_datacenter: false,
                is_final: true,
            }),
        }
    }

    /// The failure of a query as templates see it. It is not final before it is known whether there is an earlier answer.
    pub(super) fn failure_for_templates(
        &self,
        query: &Query,
        templates: &[TemplateState],
    ) -> Option<Failing> {
        let failing = self.failure_of(query)?;
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

    /// Returns `true` if an earlier answer has fewer items than the process before has accepted last from the same server, and
    /// the first answer of this one is held back: the file may have more items, too. After a crash, the sizes may be newer
    /// than the answers.
    fn is_too_small(&self, query: &Query, earlier: &Answer, templates: &[TemplateState]) -> bool {
        let depth = depth_of(query, templates);
        let expected = self.sizes.own_items(query, depth);
        self.snapshot.held(query).is_some()
            && expected.is_some_and(|count| items(earlier, depth) < count)
    }

    /// Handles the earlier answer to a query. Returns the calls that wanted it, and the change.
    pub(in crate::daemon::renderer) fn on_loaded(
        &mut self,
        query: &Arc<Query>,
        loaded: Result<&LoadedAnswer, NoAnswer>,
        templates: &[TemplateState],
        now: Moment,
    ) -> Option<(SeenBy, Result<AnswerChange, NoAnswer>)> {
        let loaded = match loaded {
            Ok(loaded) if self.is_too_small(query, &loaded.answer, templates) => {
                Err(NoAnswer::TooSmall)
            }
            loaded => loaded,
        };
        let seen_by = self.restoration.loaded(query, loaded.map(|_| ()))?;
        let LoadedAnswer {
            answer,
            current_until,
        } = match loaded {
            Ok(loaded) => loaded,
            Err(cause) => return Some((seen_by, Err(cause))),
        };
        let time = SystemTime::from(now.time);
        self.unwritten
            .restored(query, current_until.unwrap_or(time));
        let depth = depth_of(query, templates);
        self.guards.restored(query, answer, depth);
        // A time in the future says nothing.
        let age = current_until.and_then(|until| time.duration_since(until).ok());
        let earlier = Earlier {
            seen_by,
            current_until: age.and_then(|age| now.instant.checked_sub(age)),
        };
        let is_held = self.snapshot.held(query).is_some();
        let change = AnswerChange::restored(query, answer, earlier, is_held);
        Some((seen_by, Ok(self.damp(change, templates, now))))
    }

    /// Shows all calls the earlier answer that calls with stale answers use. Returns the change; `None` if it has too few
    /// items.
    pub(in crate::daemon::renderer) fn show_to_all_calls(
        &mut self,
        query: &Arc<Query>,
        templates: &[TemplateState],
        now: Moment,
    ) -> Option<AnswerChange> {
        let answer = Arc::clone(self.snapshot.answer_in(View::Accepted, query)?);
        if self.is_too_small(query, &answer, templates) {
            self.restoration.set_missing(query, NoAnswer::TooSmall);
            return None;
        }
        let earlier = Earlier {
            seen_by: SeenBy::All,
            ..self.snapshot.earlier(query)?
        };
        let is_held = self.snapshot.held(query).is_some();
        let change = AnswerChange::restored(query, &answer, earlier, is_held);
        Some(self.damp(change, templates, now))
    }
}

/// The entries below a prefix that count for the guard of a query; `None`: all items.
fn depth_of(query: &Query, templates: &[TemplateState]) -> Option<Depth> {
    let rules = Requirements::of(templates, query).rules;
    rules.and_then(|rules| rules.depth)
}
