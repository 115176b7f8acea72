//! The accepted answers, and the queries that fail.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer_change::{AnswerChange, log_change};
use super::damping::Dampers;
use super::guard_log;
use super::guards::Guards;
use super::requirements::Requirements;
use super::retained::{self, RetainedNames};
use super::template_state::TemplateState;
use crate::answer::Answer;
use crate::daemon::event::Moment;
use crate::daemon::query_failures::QueryFailures;
use crate::query::{FileQuery, Query};
use crate::source::Circumstances;
use crate::store::{InstanceId, Ruling, SavedAnswers, Snapshot, View};
use crate::watch::WatchEvent;

/// The followed queries with their latest answers and failures.
#[derive(Debug)]
pub(super) struct Answers {
    followed: BTreeSet<Arc<Query>>,
    pub(super) snapshot: Snapshot,
    failures: QueryFailures,
    guards: Guards,
    retained: RetainedNames,
    pub(super) dampers: Dampers,
    /// The sizes of the accepted answers, of this process and of the one before.
    pub(super) saved: Arc<SavedAnswers>,
}

impl Answers {
    /// Creates a store that follows no query.
    pub(super) fn new(failures: QueryFailures) -> Self {
        Self {
            followed: BTreeSet::new(),
            snapshot: Snapshot::default(),
            failures,
            guards: Guards::default(),
            retained: RetainedNames::default(),
            dampers: Dampers::default(),
            saved: Arc::default(),
        }
    }

    /// The latest answers.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The queries that are failing.
    pub(super) fn failures(&self) -> &QueryFailures {
        &self.failures
    }

    /// Adopts the sizes of the answers that an earlier process has accepted.
    pub(super) fn expect(&mut self, saved: SavedAnswers) {
        self.saved = Arc::new(saved);
    }

    /// The sizes of the accepted answers.
    pub(super) fn saved(&self) -> &Arc<SavedAnswers> {
        &self.saved
    }

    /// The guards of the queries.
    pub(super) fn guards(&self) -> &Guards {
        &self.guards
    }

    /// The flap damping of the queries.
    pub(super) fn dampers(&self) -> &Dampers {
        &self.dampers
    }

    /// Returns `true` if the queries that are followed for others have changed.
    pub(super) fn take_other_reads(&mut self) -> bool {
        self.guards.take_other_reads()
    }

    /// The queries to read again now.
    pub(super) fn take_due_reads(&mut self, now: Instant) -> BTreeSet<Arc<Query>> {
        self.guards.take_due(now)
    }

    /// The queries that are followed.
    pub(super) fn followed(&self) -> &BTreeSet<Arc<Query>> {
        &self.followed
    }

    /// Sets the time at which the snapshot is evaluated.
    pub(super) fn turn_to(&mut self, now: Instant) {
        self.snapshot.turn_to(now);
    }

    /// Handles a failure or a recovery of a query.
    pub(super) fn on_failure(&mut self, event: &WatchEvent, now: Instant) {
        match event {
            WatchEvent::Failed(query, error) => {
                self.guards.failed(query, now);
                if self.followed.contains(query) {
                    let (query, error) = (Arc::clone(query), Arc::clone(error));
                    self.failures.failed(query, error, now);
                }
            }
            WatchEvent::Recovered(query) if self.followed.contains(query) => {
                self.failures.recovered(query, now);
            }
            WatchEvent::Recovered(_) | WatchEvent::Answered(..) => {}
        }
    }

    /// Handles an answer. Returns the changes: of the query, and of those that were read through it.
    pub(super) fn on_answer(
        &mut self,
        query: &Arc<Query>,
        answer: &Arc<Answer>,
        circumstances: Circumstances,
        templates: &[TemplateState],
        now: Moment,
    ) -> Vec<AnswerChange> {
        let mut changes = Vec::new();
        if circumstances.is_fresh {
            for read in self.guards.read(query, answer) {
                let seen = (&read.answer, circumstances, &read.in_maintenance);
                changes.extend(self.judge(&read.query, seen, templates, now.instant));
            }
        }
        // Drop late answers of queries no longer followed; caching them would make stale data look fresh.
        if self.followed.contains(query) {
            self.failures.recovered(query, now.instant);
            // A file is also read when its watch starts.
            let is_same_file =
                matches!(**query, Query::File(_)) && self.snapshot.answer(query) == Some(answer);
            if !is_same_file {
                let seen = (answer, circumstances, &HashSet::new());
                changes.extend(self.judge(query, seen, templates, now.instant));
            }
        }
        let damp = |change| self.damp(change, templates, now);
        changes.into_iter().map(damp).collect()
    }

    /// Shows templates whether a query fails. Returns `true` if that has changed.
    pub(super) fn update_failing(&mut self, query: &Arc<Query>) -> bool {
        let failing = self.failures.failing(query);
        self.snapshot.failing_mut().set(query, failing)
    }

    /// Handles the output of a plugin.
    pub(super) fn on_plugin(
        &mut self,
        query: &Arc<Query>,
        answer: &Arc<Answer>,
    ) -> Option<AnswerChange> {
        let wanted = self.followed.contains(query);
        wanted.then(|| {
            let before = self.snapshot.answer(query).cloned();
            AnswerChange::accepted(query, before, answer)
        })
    }

    /// Judges an answer. Returns the changes.
    fn judge(
        &mut self,
        query: &Arc<Query>,
        seen: (&Arc<Answer>, Circumstances, &HashSet<InstanceId>),
        templates: &[TemplateState],
        now: Instant,
    ) -> Vec<AnswerChange> {
        let (after, circumstances, _) = seen;
        let before = self.snapshot.answer(query).cloned();
        let has_minimum = || {
            let mut templates = templates.iter();
            templates.any(|template| template.has_minimum(query))
        };
        let is_filtered = circumstances.is_filtered;
        // The first answer of the process is compared with the last one of the process before.
        let has_expectation = before.is_none() && self.saved.items(query, None).is_some();
        let is_concern = has_expectation
            || self
                .guards
                .concern(query, before.as_deref(), after, is_filtered);
        if !is_concern && !has_minimum() {
            return self.accept(query, after, templates);
        }
        let requirements = Requirements::of(templates, query);
        if let (true, Some(rules)) = (has_expectation, &requirements.rules)
            && let Some(items) = self.saved.items(query, rules.depth)
        {
            self.guards.expect(query, items);
        }
        let ruling = self
            .guards
            .observe(query, &requirements, before.as_ref(), seen, now);
        match ruling {
            Ruling::Held { is_news } => {
                if let Some(held) = self.guards.held_of(query).filter(|_| is_news) {
                    guard_log::held(query, held, requirements.rules.as_ref(), before.is_some());
                }
                let latest = self.snapshot.held(query).cloned().or(before);
                let is_change = latest.as_ref() != Some(after);
                let change = is_change.then(|| AnswerChange::held(query, latest, after));
                change.into_iter().collect()
            }
            Ruling::Accepted(ended) => {
                match &ended {
                    Some(ended) => guard_log::ended(query, ended, after),
                    None if requirements.rules.is_none() => {
                        guard_log::unguarded(query, before.as_deref(), after);
                    }
                    None => {}
                }
                self.accept(query, after, templates)
            }
        }
    }

    /// Accepts an answer, with the names that have to stay in it. Returns the changes.
    fn accept(
        &mut self,
        query: &Arc<Query>,
        latest: &Arc<Answer>,
        templates: &[TemplateState],
    ) -> Vec<AnswerChange> {
        let before = self.snapshot.answer(query).cloned();
        let held = self.snapshot.held(query).cloned();
        let uses = |query: &Query| {
            let accepted = self.snapshot.answer(query);
            accepted.is_some_and(|answer| !answer.is_empty())
                && Requirements::of(templates, query).rules.is_some()
        };
        let followed = self.followed.iter();
        let completed = retained::completed(query, before.as_deref(), latest, followed, uses);
        if completed.is_some() {
            self.retained.insert(query, latest);
        } else {
            self.retained.remove(query);
        }
        let after = completed.as_ref().unwrap_or(latest);
        let mut changes = Vec::new();
        let mut seen = held.clone().or_else(|| before.clone());
        // A read gives the same answer again.
        let is_news = before.as_ref() != Some(after);
        if is_news && held.is_none() {
            log_change(query, after);
        }
        if is_news || (held.is_some() && completed.is_none()) {
            changes.push(match held {
                Some(held) => AnswerChange::released(query, before, held, after),
                None => AnswerChange::accepted(query, before, after),
            });
            seen = Some(Arc::clone(after));
        }
        if completed.is_some() && seen.as_ref() != Some(latest) {
            changes.push(AnswerChange::held(query, seen, latest));
        }
        changes
    }

    /// Accepts the answers that are held back, but not by what the templates require now.
    pub(super) fn reconsider(
        &mut self,
        templates: &[TemplateState],
        now: Moment,
    ) -> Vec<AnswerChange> {
        let held: Vec<_> = self
            .guards
            .held()
            .map(|(query, _)| Arc::clone(query))
            .collect();
        let mut changes = Vec::new();
        for query in held {
            let accepted = self.snapshot.answer(&query).cloned();
            let requirements = Requirements::of(templates, &query);
            let ended =
                self.guards
                    .reconsider(&query, &requirements, accepted.as_ref(), now.instant);
            if let Some((answer, ended)) = ended {
                guard_log::ended(&query, &ended, &answer);
                let held = Arc::clone(&answer);
                let change = AnswerChange::released(&query, accepted, held, &answer);
                changes.push(self.damp(change, templates, now));
            }
        }
        for (query, latest) in self.retained.take_outdated() {
            if self.guards.held_of(&query).is_none() {
                let accepted = self.accept(&query, &latest, templates);
                changes.extend(accepted.into_iter().map(|it| self.damp(it, templates, now)));
            }
        }
        changes
    }

    /// Records an answer. `passing_span` is the longest `passing_for` of its templates.
    pub(super) fn record(&mut self, change: AnswerChange, passing_span: Duration) {
        let AnswerChange {
            query,
            after,
            is_held,
            damped,
            ..
        } = change;
        let view = if is_held {
            self.snapshot.hold(Arc::clone(&query), after, passing_span);
            View::Latest
        } else {
            Arc::make_mut(&mut self.saved).accept(&query, &after);
            self.retained.accepted(&query, &after);
            let known = Arc::clone(&query);
            self.snapshot.record_timed(known, after, passing_span);
            View::Accepted
        };
        if damped.is_some() {
            self.snapshot.damp(view, &query, damped);
        }
    }

    /// Forgets the answer to a query.
    pub(super) fn forget(&mut self, query: &Query) {
        self.snapshot.forget(query);
    }

    /// Follows these queries and no others. Returns the files among them that are new.
    pub(super) fn follow(&mut self, queries: BTreeSet<Arc<Query>>) -> Vec<FileQuery> {
        let is_new = |file: &&FileQuery| !self.followed.contains(&Query::File((*file).clone()));
        let new = files(&queries).filter(is_new).cloned().collect();
        for query in self.followed.difference(&queries) {
            Arc::make_mut(&mut self.saved).forget(query);
        }
        self.snapshot.retain(|query| queries.contains(query));
        self.failures.retain(|query| queries.contains(query));
        self.guards.retain(|query| queries.contains(query));
        self.retained.retain(|query| queries.contains(query));
        self.dampers.retain(|query| queries.contains(query));
        self.followed = queries;
        new
    }
}

/// The files among these queries.
pub(super) fn files(queries: &BTreeSet<Arc<Query>>) -> impl Iterator<Item = &FileQuery> {
    queries.iter().filter_map(|query| match &**query {
        Query::File(file) => Some(file),
        _ => None,
    })
}
