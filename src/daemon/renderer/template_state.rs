//! One template: its source, its dependencies, and whether a render pass is due.
//!
//! Input: the source that was read, answers, the result of a pass. Output: whether a pass is due.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use answer_guard::View;
use consul_render::{Absence, Dependencies, Template};
use consul_watch::answer::Answer;
use consul_watch::query::Query;
use ctmpl_options::config::resolved::{Job, OnError};

use super::answer_change::ViewChange;
use super::arrivals::Arrivals;
use super::failures::Failures;
use super::first_answers::FirstAnswers;
use super::substitutes::{self, Substitutes};
use crate::daemon::render_pass::{PassResult, Rendered};

mod views;

mod files;

/// A template and its mutable state.
#[derive(Debug)]
pub(crate) struct TemplateState {
    /// The identifier of the template in events. It is unique in the process: a later template for
    /// the same file gets another number.
    number: usize,
    job: Arc<Job>,
    /// The files to watch for changes of the template, with its includes.
    sources: Vec<PathBuf>,
    /// The last good version.
    template: Option<Arc<Template>>,
    /// `true` if the next reading of the source causes a pass even if the version stays the same.
    renders_when_read: bool,
    inputs: Inputs,
    worker: Worker,
    /// The dependencies of the last pass; their queries are followed.
    dependencies: Dependencies,
    /// The answers that arrived while the template was being rendered.
    arrivals: Arrivals,
    first_answers: FirstAnswers,
    substitutes: Substitutes,
    /// The start of the last pass.
    begun: Option<Instant>,
    failures: Failures,
}

/// The state of the dependencies since the last pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inputs {
    /// The last pass, or the one in progress, has seen everything.
    Seen,
    /// A dependency has changed since the last pass began.
    Changed,
}

/// The state of the worker thread that renders the template.
#[derive(Clone, Debug)]
enum Worker {
    Idle,
    /// This version is being rendered.
    Rendering(Arc<Template>),
    /// The worker that renders this version exceeded its limit and was abandoned. The version is
    /// not rendered again before the worker has returned; another version is.
    Stuck(Arc<Template>),
}

impl TemplateState {
    /// Creates a template that has not been read yet.
    pub(super) fn new(number: usize, job: Job) -> Self {
        Self {
            number,
            job: Arc::new(job),
            sources: Vec::new(),
            template: None,
            renders_when_read: false,
            inputs: Inputs::Seen,
            worker: Worker::Idle,
            dependencies: Dependencies::default(),
            arrivals: Arrivals::default(),
            first_answers: FirstAnswers::default(),
            substitutes: Substitutes::default(),
            begun: None,
            failures: Failures::default(),
        }
    }

    /// Returns the template of the same file with a new configuration, and keeps what is still
    /// valid. The number stays if the file attributes are unchanged: results of work in progress
    /// then still count.
    pub(super) fn renewed(mut self, job: Job, number: usize) -> Self {
        if !self.job.reads_as(&job) {
            // Keep following the old queries until the new template's are known.
            return Self {
                dependencies: self.dependencies,
                ..Self::new(number, job)
            };
        }
        if self.job.file != job.file {
            // The content may be right already; the writer checks the attributes.
            self.number = number;
            self.worker = Worker::Idle;
            self.mark_dirty();
        }
        self.job = Arc::new(job);
        self
    }

    /// The identifier of the template in events.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// The configuration of the template.
    pub(crate) fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// The name of the template in log lines.
    pub(crate) fn name(&self) -> String {
        self.job.source.name()
    }

    /// The consequence of its failure for the process.
    pub(crate) fn on_error(&self) -> OnError {
        self.job.on_error
    }

    /// The last good version.
    pub(super) fn template(&self) -> Option<&Arc<Template>> {
        self.template.as_ref()
    }

    /// The queries that are followed for the template.
    pub(crate) fn queries(&self) -> impl DoubleEndedIterator<Item = &Arc<Query>> {
        self.dependencies.queries.iter()
    }

    /// The queries without data, and the reasons.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&Query, Absence)> {
        let missing = self.dependencies.missing.iter();
        missing.map(|(query, absence)| (query, *absence))
    }

    /// Returns `true` if the last pass had all its data.
    pub(crate) fn is_complete(&self) -> bool {
        self.dependencies.is_complete()
    }

    /// Returns `true` if the last pass has ended and has seen all changes.
    pub(crate) fn is_current(&self) -> bool {
        self.inputs == Inputs::Seen && !self.is_rendering()
    }

    /// Returns `true` while a worker renders the template.
    pub(super) fn is_rendering(&self) -> bool {
        matches!(self.worker, Worker::Rendering(_))
    }

    /// Returns `true` if the source is broken.
    pub(crate) fn is_source_broken(&self) -> bool {
        self.failures.is_source_broken()
    }

    /// Returns `true` if the source is broken, and there is no last good version that stays in use.
    pub(crate) fn has_no_version(&self) -> bool {
        self.is_source_broken() && self.template.is_none()
    }

    /// Returns `true` if rendering failed with complete data.
    pub(crate) fn is_rendering_broken(&self) -> bool {
        self.failures.is_rendering_broken()
    }

    /// Records that a dependency other than a query has changed.
    pub(super) fn mark_dirty(&mut self) {
        self.inputs = Inputs::Changed;
    }

    /// Handles a new answer to a query. Returns `true` if the template sees a difference.
    pub(super) fn on_answer(&mut self, query: &Arc<Query>, change: &ViewChange) -> bool {
        let after = &change.after;
        for view in change.views(query) {
            self.note_arrival((*view, query), change.before.as_ref(), Some(after));
        }
        self.first_answers.answered(query);
        let mut views = change.views(query).iter();
        let before = change.before.as_deref();
        let sees = views.any(|view| self.sees(query, *view))
            && self.dependencies.sees_change(query, before, after);
        if sees {
            self.mark_dirty();
        }
        sees
    }

    /// Handles the begin or the end of a failure of a query.
    pub(super) fn on_failure_change(&mut self, query: &Arc<Query>) {
        if self.is_rendering() {
            self.arrivals.note_failure(query);
        }
        if self.dependencies.observed.contains(query) {
            self.first_answers.answered(query);
            self.mark_dirty();
        }
    }

    /// Records that the answer to a query has become invalid.
    pub(super) fn on_answer_lost(&mut self, query: &Arc<Query>, before: Option<&Arc<Answer>>) {
        self.note_arrival((View::Accepted, query), before, None);
        if self.dependencies.queries.contains(query) {
            self.mark_dirty();
        }
    }

    fn note_arrival(
        &mut self,
        query: (View, &Arc<Query>),
        before: Option<&Arc<Answer>>,
        after: Option<&Arc<Answer>>,
    ) {
        if self.is_rendering() {
            self.arrivals.note(query, before, after);
        }
    }

    /// After a pass, returns the queries whose new answers it has not seen; they mark the template
    /// for another pass.
    pub(super) fn take_missed(&mut self) -> Vec<Arc<Query>> {
        if self.is_rendering() {
            // An earlier version has ended.
            return Vec::new();
        }
        let missed = self.arrivals.take_missed(&self.dependencies);
        let missed = missed
            .into_iter()
            .filter(|(view, query)| self.sees(query, *view));
        let missed: Vec<_> = missed.map(|(_, query)| query).collect();
        for query in &missed {
            self.first_answers.answered(query);
        }
        let failures = self.arrivals.take_missed_failures(&self.dependencies);
        if failures || !missed.is_empty() {
            self.mark_dirty();
        }
        missed
    }

    /// The time at which the template has to be rendered again without an event.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let wake = match self.inputs {
            Inputs::Seen => self.dependencies.again,
            Inputs::Changed => self.first_answers.end(),
        };
        wake.filter(|_| self.can_render())
    }

    /// Returns `true` if no worker renders the template or is stuck with its present version.
    fn can_render(&self) -> bool {
        match (&self.worker, &self.template) {
            (Worker::Idle, _) => true,
            (Worker::Stuck(version), Some(own)) => !Arc::ptr_eq(version, own),
            (Worker::Stuck(_), None) | (Worker::Rendering(_), _) => false,
        }
    }

    /// Begins a pass if one is due. Returns the version to render.
    pub(super) fn begin_pass(&mut self, now: Instant) -> Option<Arc<Template>> {
        if self.next_wake().is_some_and(|again| again <= now) {
            self.mark_dirty();
        }
        if self.inputs == Inputs::Seen || !self.can_render() {
            return None;
        }
        let template = self.template.clone()?;
        if self.first_answers.delay_pass(self.begun, now) {
            return None;
        }
        self.begun = Some(now);
        self.inputs = Inputs::Seen;
        self.worker = Worker::Rendering(Arc::clone(&template));
        self.arrivals.clear();
        Some(template)
    }

    /// Returns `true` if this is a pass over the present version.
    pub(super) fn accepts(&self, rendered: &Rendered) -> bool {
        let own = self.template.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, &rendered.template))
    }

    /// Handles the end of a pass. Returns `true` if the queries or files to follow may have
    /// changed.
    pub(super) fn pass_ended(&mut self, rendered: &Rendered) -> bool {
        // A worker that was stuck with an old version may return while the new one is rendered.
        if let Worker::Rendering(version) | Worker::Stuck(version) = &self.worker
            && Arc::ptr_eq(version, &rendered.template)
        {
            self.worker = match rendered.result {
                PassResult::Overdue { .. } => Worker::Stuck(Arc::clone(version)),
                _ => Worker::Idle,
            };
        }
        if !self.accepts(rendered) {
            return false;
        }
        // An include with a computed name is known only after the pass.
        let sources = rendered.template.sources();
        let other_sources = sources != self.sources;
        self.sources = sources;
        self.failures.of_pass(&self.name(), &rendered.result);
        let other_queries = match &rendered.result {
            PassResult::Ended(pass) => {
                self.first_answers.after_pass(&pass.dependencies);
                let is_whole = pass.dependencies.is_complete() && pass.text.is_ok();
                let other_queries = self
                    .dependencies
                    .replace(pass.dependencies.clone(), is_whole);
                for (query, substitute) in self.substitutes.after_pass(&pass.dependencies) {
                    substitutes::log(self.place_of(query), query, substitute);
                }
                other_queries
            }
            PassResult::Overdue { .. } | PassResult::Refused(_) | PassResult::Returned => false,
        };
        other_sources || other_queries
    }
}
