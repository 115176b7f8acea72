//! The accepted answers, and the queries that fail.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer_change::{AnswerChange, AnswerStatus};
use super::damping::Dampers;
use super::guard_log::{self, Shown};
use super::guards::Guards;
use super::requirements::Requirements;
use super::restoration::Restoration;
use super::retained_names::RetainedNames;
use super::template_state::TemplateState;
use crate::daemon::event::Moment;
use crate::daemon::query_failures::QueryFailures;
use crate::daemon::unwritten::UnwrittenAnswers;
use answer_guard::{AnswerSizes, InstanceId, Origin, Ruling, Snapshot, View, items};
use consul_watch::answer::Answer;
use consul_watch::query::{FileQuery, Query};
use consul_watch::source::Circumstances;
use consul_watch::watch::WatchEvent;

mod accepting;
mod holding;
mod restoring;

/// The followed queries with their latest answers and failures.
#[derive(Debug)]
pub(super) struct Answers {
    followed: BTreeSet<Arc<Query>>,
    pub(super) snapshot: Snapshot,
    failures: QueryFailures,
    guards: Guards,
    retained: RetainedNames,
    pub(super) dampers: Dampers,
    /// The server that answers, and the sizes of the accepted answers, of this process and of the one before.
    pub(super) sizes: Arc<AnswerSizes>,
    /// The changes of accepted answers that are not on the disk yet.
    pub(super) unwritten: UnwrittenAnswers,
    pub(super) restoration: Restoration,
}

impl Answers {
    /// Creates a store that follows no query. `server` is the identity of the server that answers.
    pub(super) fn new(failures: QueryFailures, server: &str) -> Self {
        Self {
            followed: BTreeSet::new(),
            snapshot: Snapshot::default(),
            failures,
            guards: Guards::default(),
            retained: RetainedNames::default(),
            dampers: Dampers::default(),
            sizes: Arc::new(AnswerSizes::of(server)),
            unwritten: UnwrittenAnswers::default(),
            restoration: Restoration::default(),
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
    pub(super) fn expect(&mut self, sizes: AnswerSizes) {
        self.sizes = Arc::new(sizes);
    }

    /// The sizes of the accepted answers.
    pub(super) fn sizes(&self) -> &Arc<AnswerSizes> {
        &self.sizes
    }

    /// The identity of the server that answers.
    pub(super) fn server(&self) -> &Arc<str> {
        self.sizes.source()
    }

    /// The guards of the queries.
    pub(super) fn guards(&self) -> &Guards {
        &self.guards
    }

    /// The names that stay in lists.
    pub(super) fn retained(&self) -> &RetainedNames {
        &self.retained
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
    pub(super) fn on_failure(
        &mut self,
        event: &WatchEvent,
        templates: &[TemplateState],
        now: Moment,
    ) {
        match event {
            WatchEvent::Failed(query, error) => {
                self.guards.failed(query, now.instant);
                if self.followed.contains(query) {
                    if self.snapshot.answer(query).is_some() {
                        self.unwritten.stale_since(query, now.time.into());
                    }
                    let (own, error) = (Arc::clone(query), Arc::clone(error));
                    let files = self.files_in_outage(templates);
                    let was_silent = self.failures.silent_since().is_some();
                    self.failures.failed(own, error, files, now.instant);
                    if !was_silent && self.failures.silent_since().is_some() {
                        // It concerns the other queries, too.
                        self.restoration.schedule();
                    }
                    self.schedule_restoration_of(query);
                }
            }
            WatchEvent::Recovered(query) if self.followed.contains(query) => {
                self.failures.answered();
                self.recovered(query, now.instant);
                let is_own = self.snapshot.origin(query) == Some(Origin::Own);
                if is_own && self.guards.held_of(query).is_none() {
                    self.unwritten.current(query);
                }
            }
            WatchEvent::Recovered(_) | WatchEvent::Answered(..) => {}
        }
    }

    /// Handles the end of a failure, if the query has failed.
    fn recovered(&mut self, query: &Arc<Query>, now: Instant) {
        if self.failures.recovered(query, now) {
            self.retained.recovered(query);
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
        if matches!(**query, Query::Consul(_)) {
            self.failures.answered();
        }
        let mut changes = Vec::new();
        if circumstances.is_fresh {
            for read in self.guards.read(query, answer) {
                let seen = (&read.answer, circumstances, &read.in_maintenance);
                changes.extend(self.judge(&read.query, seen, templates, now));
            }
        }
        // Drop late answers of queries no longer followed; caching them would make stale data look fresh.
        if self.followed.contains(query) {
            self.recovered(query, now.instant);
            // A file is also read when its watch starts.
            let is_same_file =
                matches!(**query, Query::File(_)) && self.snapshot.answer(query) == Some(answer);
            if !is_same_file {
                let seen = (answer, circumstances, &HashSet::new());
                changes.extend(self.judge(query, seen, templates, now));
            }
        }
        let damp = |change| self.damp(change, templates, now);
        changes.into_iter().map(damp).collect()
    }

    /// Shows templates whether a query fails. Returns `true` if that has changed.
    pub(super) fn update_failing(
        &mut self,
        query: &Arc<Query>,
        templates: &[TemplateState],
    ) -> bool {
        let failing = self.failure_for_templates(query, templates);
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
        now: Moment,
    ) -> Vec<AnswerChange> {
        let (after, circumstances, _) = seen;
        let before = self.snapshot.answer(query).cloned();
        let has_minimum = || {
            let mut templates = templates.iter();
            templates.any(|template| template.has_minimum(query))
        };
        let baseline = self.baseline(query);
        let is_filtered = circumstances.is_filtered;
        // The first answer of the process is compared with the last one of the process before, and with its size.
        let is_first = self.snapshot.origin(query) != Some(Origin::Own);
        let has_expectation = is_first && self.sizes.items(query, None).is_some();
        let is_concern = has_expectation
            || self
                .guards
                .concern(query, baseline.as_deref(), after, is_filtered);
        if !is_concern && !has_minimum() {
            return self.accept(query, after, templates, now.instant);
        }
        let requirements = Requirements::of(templates, query);
        if let (true, Some(rules)) = (has_expectation, &requirements.rules)
            && let Some(count) = self.sizes.items(query, rules.depth)
            && baseline
                .as_ref()
                .is_none_or(|known| items(known, rules.depth) < count)
        {
            self.guards.expect(query, count);
        }
        let ruling =
            self.guards
                .observe(query, &requirements, baseline.as_ref(), seen, now.instant);
        match ruling {
            Ruling::Held { is_news } => {
                if is_news && let Some(held) = self.guards.held_of(query) {
                    let is_restoring = self.restoration.is_on();
                    let shown = Shown::of(self.snapshot.origin(query), is_restoring);
                    guard_log::held(query, held, requirements.rules.as_ref(), shown);
                }
                self.hold(query, after, now).into_iter().collect()
            }
            Ruling::Accepted(ended) => {
                match &ended {
                    Some(ended) => guard_log::ended(query, ended, after),
                    None if requirements.rules.is_none() => {
                        guard_log::unguarded(query, before.as_deref(), after);
                    }
                    None => {}
                }
                self.accept(query, after, templates, now.instant)
            }
        }
    }

    /// Records an answer. `passing_span` is the longest `passing_for` of its templates.
    pub(super) fn record(&mut self, change: AnswerChange, passing_span: Duration) {
        let AnswerChange {
            query,
            after,
            status,
            damped,
            ..
        } = change;
        let known = Arc::clone(&query);
        let view = match status {
            AnswerStatus::Held => {
                self.snapshot.hold(known, after, passing_span);
                View::Latest
            }
            AnswerStatus::Uncompleted => {
                self.snapshot.record_uncompleted(known, after);
                View::Latest
            }
            AnswerStatus::Accepted => {
                let list = self.retained.latest(&query).unwrap_or(&after);
                Arc::make_mut(&mut self.sizes).accept(&query, list);
                self.unwritten.accepted(&query, &after);
                self.retained.accepted(&query, &after);
                self.snapshot.record_timed(known, after, passing_span);
                View::Accepted
            }
            AnswerStatus::Restored(earlier) => {
                self.snapshot.restore(known, after, earlier);
                View::Accepted
            }
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
            Arc::make_mut(&mut self.sizes).forget(query);
            self.unwritten.not_requested(query);
        }
        self.snapshot.retain(|query| queries.contains(query));
        self.failures.retain(|query| queries.contains(query));
        self.guards.retain(|query| queries.contains(query));
        self.retained.retain(|query| queries.contains(query));
        self.dampers.retain(|query| queries.contains(query));
        self.restoration.retain(|query| queries.contains(query));
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
