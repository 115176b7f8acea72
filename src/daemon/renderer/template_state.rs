//! One template: its source, what it depends on, and whether it has to be rendered.
//!
//! Input: the source when it was read, answers, the result of a pass. Output: whether a pass is due.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arrivals::Arrivals;
use super::failures::Failures;
use crate::answer::Answer;
use crate::config::resolved::{Job, OnError, Source};
use crate::daemon::rendering::{PassResult, Rendered};
use crate::query::Query;
use crate::render::{Absence, Dependencies, Template, TemplateError};

/// A template, and everything that changes about it.
#[derive(Debug)]
pub(crate) struct TemplateState {
    /// The name of the template in events; no other template of the process has it, not even a later one for the same
    /// file.
    number: usize,
    job: Arc<Job>,
    /// The files to watch for a change of the template, includes among them.
    sources: Vec<PathBuf>,
    /// The last good version.
    template: Option<Arc<Template>>,
    inputs: Inputs,
    worker: Worker,
    /// What the template requests; its queries are followed.
    dependencies: Dependencies,
    /// The answers that arrived while the template was being rendered.
    arrivals: Arrivals,
    failures: Failures,
}

/// Whether a pass is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inputs {
    /// The last pass, or the one in progress, has seen everything.
    Seen,
    /// Something that the template depends on has changed since the last pass began.
    Changed,
}

/// Whether a worker thread renders the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worker {
    Idle,
    Rendering,
    /// The worker exceeded its limit and was given up; the template is not rendered before it has ended.
    Stuck,
}

impl TemplateState {
    /// Creates a template that has not been read yet.
    pub(super) fn new(number: usize, job: Job) -> Self {
        Self {
            number,
            job: Arc::new(job),
            sources: Vec::new(),
            template: None,
            inputs: Inputs::Seen,
            worker: Worker::Idle,
            dependencies: Dependencies::default(),
            arrivals: Arrivals::default(),
            failures: Failures::default(),
        }
    }

    /// The same file by another configuration. What is still true stays. The number stays if the file is written as
    /// before: results of work in progress then still count.
    pub(super) fn renewed(mut self, job: Job, number: usize) -> Self {
        if !self.job.reads_as(&job) {
            // The queries stay until the new template is known to request others.
            return Self {
                dependencies: self.dependencies,
                ..Self::new(number, job)
            };
        }
        if self.job.file != job.file {
            // The content may be right already; the writer finds out about the rest.
            self.number = number;
            self.worker = Worker::Idle;
            self.mark_dirty();
        }
        self.job = Arc::new(job);
        self
    }

    /// The name of the template in events.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// The configuration of the template.
    pub(crate) fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// The name of the template for people.
    pub(crate) fn name(&self) -> String {
        match &self.job.source {
            Source::File(path) => path.display().to_string(),
            Source::Inline { name, .. } => name.clone(),
        }
    }

    /// What its failure means for the process.
    pub(crate) fn on_error(&self) -> OnError {
        self.job.on_error
    }

    /// Returns `true` if this job has the same destination; in a dry run without one, the same source.
    pub(super) fn is_of(&self, job: &Job) -> bool {
        self.job.destination == job.destination
            && (job.destination.is_some() || self.job.source == job.source)
    }

    /// The last good version.
    pub(super) fn template(&self) -> Option<&Arc<Template>> {
        self.template.as_ref()
    }

    /// The files that the template is read from.
    pub(super) fn sources(&self) -> impl Iterator<Item = &PathBuf> {
        let own = match &self.job.source {
            Source::File(path) => Some(path),
            Source::Inline { .. } => None,
        };
        own.into_iter().chain(&self.sources)
    }

    /// The queries that are followed for it.
    pub(super) fn queries(&self) -> impl Iterator<Item = &Arc<Query>> {
        self.dependencies.queries.iter()
    }

    /// The queries without data, and why they have none.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&Query, Absence)> {
        let missing = self.dependencies.missing.iter();
        missing.map(|(query, absence)| (query, *absence))
    }

    /// The file and the line that request this query; line 0 if the line is not known.
    pub(crate) fn place_of(&self, query: &Query) -> (String, u32) {
        let site = self.dependencies.sites.get(query);
        let place = self.template.as_ref().zip(site);
        let place = place.and_then(|(template, site)| template.place(site));
        place.map_or_else(|| (self.name(), 0), |(name, place)| (name, place.line))
    }

    /// Returns `true` if the last pass had all data.
    pub(crate) fn is_complete(&self) -> bool {
        self.dependencies.is_complete()
    }

    /// Returns `true` if the last pass has seen everything that is known.
    pub(crate) fn is_current(&self) -> bool {
        self.inputs == Inputs::Seen && self.worker != Worker::Rendering
    }

    /// Returns `true` while a worker renders it.
    pub(super) fn is_rendering(&self) -> bool {
        self.worker == Worker::Rendering
    }

    /// Returns `true` if its source is broken.
    pub(crate) fn is_source_broken(&self) -> bool {
        self.failures.is_source_broken()
    }

    /// Returns `true` if it failed with all data there.
    pub(crate) fn is_rendering_broken(&self) -> bool {
        self.failures.is_rendering_broken()
    }

    /// Notes that something it depends on has changed, other than a query.
    pub(super) fn mark_dirty(&mut self) {
        self.inputs = Inputs::Changed;
    }

    /// Takes in a new answer to a query. Returns `true` if the template sees a difference.
    pub(super) fn on_answer(
        &mut self,
        query: &Arc<Query>,
        before: Option<&Arc<Answer>>,
        after: &Arc<Answer>,
    ) -> bool {
        self.note_arrival(query, before, Some(after));
        let before = before.map(Arc::as_ref);
        let sees = self.dependencies.sees_change(query, before, after);
        if sees {
            self.mark_dirty();
        }
        sees
    }

    /// Notes that the answer to a query does not hold any more.
    pub(super) fn on_answer_lost(&mut self, query: &Arc<Query>, before: Option<&Arc<Answer>>) {
        self.note_arrival(query, before, None);
        if self.dependencies.queries.contains(query) {
            self.mark_dirty();
        }
    }

    fn note_arrival(
        &mut self,
        query: &Arc<Query>,
        before: Option<&Arc<Answer>>,
        after: Option<&Arc<Answer>>,
    ) {
        if self.is_rendering() {
            self.arrivals.note(query, before, after);
        }
    }

    /// After a pass: the queries whose new answers it has not seen, for which the template is rendered again.
    pub(super) fn take_missed(&mut self) -> Vec<Arc<Query>> {
        let missed = self.arrivals.take_missed(&self.dependencies);
        if !missed.is_empty() {
            self.mark_dirty();
        }
        missed
    }

    /// For how long it matters when the instances in the answer to this query began to pass their checks.
    pub(super) fn passing_span(&self, query: &Query) -> Duration {
        let span = self.dependencies.timed.get(query).copied();
        span.unwrap_or_default()
    }

    /// Takes in the source, which was read, or could not be.
    pub(super) fn source_read(&mut self, read: &Result<Arc<Template>, TemplateError>) {
        let name = self.name();
        match read {
            Ok(template) => {
                self.failures.end_of_source(&name);
                self.sources = template.sources();
                self.template = Some(Arc::clone(template));
                self.mark_dirty();
            }
            Err(error) => {
                self.sources.extend(error.sources.iter().cloned());
                self.failures
                    .of_source(&name, error, self.template.is_some());
            }
        }
    }

    /// When it has to be rendered again although no event may come.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let is_current = self.inputs == Inputs::Seen && self.worker == Worker::Idle;
        self.dependencies.again.filter(|_| is_current)
    }

    /// The version to render now, if a pass is due; the pass counts as begun.
    pub(super) fn begin_pass(&mut self, now: Instant) -> Option<Arc<Template>> {
        if self.next_wake().is_some_and(|again| again <= now) {
            self.mark_dirty();
        }
        if (self.inputs, self.worker) != (Inputs::Changed, Worker::Idle) {
            return None;
        }
        let template = self.template.clone()?;
        (self.inputs, self.worker) = (Inputs::Seen, Worker::Rendering);
        self.arrivals.clear();
        Some(template)
    }

    /// Returns `true` if this is a pass over the present version.
    pub(super) fn accepts(&self, rendered: &Rendered) -> bool {
        let own = self.template.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, &rendered.template))
    }

    /// Takes in the end of a pass. Returns `true` if other queries or files may have to be followed.
    pub(super) fn pass_ended(&mut self, rendered: &Rendered) -> bool {
        let is_overdue = matches!(rendered.result, PassResult::Overdue { .. });
        let accepted = self.accepts(rendered);
        // Another version is rendered although the worker of this one is stuck.
        self.worker = if is_overdue && accepted {
            Worker::Stuck
        } else {
            Worker::Idle
        };
        if !accepted {
            return false;
        }
        // An include whose name is computed is known only now.
        let sources = rendered.template.sources();
        let other_sources = sources != self.sources;
        self.sources = sources;
        self.failures.of_pass(&self.name(), &rendered.result);
        let other_queries = match &rendered.result {
            PassResult::Ended(pass) => {
                let is_whole = pass.dependencies.is_complete() && pass.text.is_ok();
                self.dependencies
                    .replace(pass.dependencies.clone(), is_whole)
            }
            PassResult::Overdue { .. } | PassResult::Refused | PassResult::Returned => false,
        };
        other_sources || other_queries
    }
}
