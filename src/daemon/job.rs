//! One template and its destination: where it stands.
//!
//! in:  its source when it was read, news of its queries, the result of a write
//! out: a [`Decision`], and the [`Change`] to make

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::Moment;
use super::state::chain;
use crate::answer::Answer;
use crate::apply::backoff::wait_after;
use crate::apply::error::WriteError;
use crate::apply::transaction::{Change, Outcome as Written};
use crate::config::resolved::{CommandLine, Job, Mode, OnError, Settle, Source};
use crate::decide::{Decision, Outcome, Unwritten, decide};
use crate::query::Query;
use crate::snapshot::Snapshot;
use crate::template::output::Output;
use crate::template::{Absence, Dependencies, RenderEnv, Rendering, Template, TemplateError};

mod failures;
mod text;

use failures::{Failures, WriteFailure, is_news};
use text::{Text, fingerprint};

/// Where a job stands, as far as somebody who waits for it needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has data or a write ahead of it.
    Waiting,
    /// Its destination holds the latest text.
    Done,
    /// Its source, its rendering or its write failed.
    Failed,
}

/// A job, and everything that changes about it.
#[derive(Debug)]
pub(super) struct JobState {
    /// What it is called in events; no other job of the process has it, not even one for the same file.
    number: usize,
    job: Arc<Job>,
    settle: Option<Settle>,
    /// The files to watch for a change of the template: what it includes among them.
    sources: Vec<PathBuf>,
    /// The last good version of the template.
    template: Option<Arc<Template>>,
    /// Whether something it depends on has changed since it was rendered.
    dirty: bool,
    /// What it asks; the queries are followed for it.
    asked: Dependencies,
    /// Whether the queries of `asked` or `sources` have changed since somebody looked.
    dependencies_changed: bool,
    /// A text that is not written yet.
    unwritten: Option<Text>,
    /// The fingerprint of the text that is being written just now.
    underway: Option<u64>,
    /// The fingerprint of the text that the destination holds, as far as this process knows.
    written: Option<u64>,
    failures: Failures,
}

impl JobState {
    pub(super) fn new(number: usize, job: Job, mode: Mode) -> Self {
        Self {
            number,
            settle: settle(&job, mode),
            job: Arc::new(job),
            sources: Vec::new(),
            template: None,
            dirty: false,
            asked: Dependencies::default(),
            dependencies_changed: true,
            unwritten: None,
            underway: None,
            written: None,
            failures: Failures::default(),
        }
    }

    /// The same file by another configuration. What is known of it stays, as far as it is still true; events that are
    /// under way find it by its number only if they are.
    pub(super) fn renewed(mut self, job: Job, mode: Mode, number: usize) -> Self {
        if !self.job.reads_as(&job) {
            // Its queries are let go when it is known what the new template asks.
            return Self {
                asked: self.asked,
                ..Self::new(number, job, mode)
            };
        }
        if self.job.file != job.file {
            // The content may be there already; whether the rest is right is known to whoever writes it.
            (self.number, self.written, self.underway) = (number, None, None);
            self.unwritten = None;
            self.failures.write = None;
            self.dirty = true;
        }
        self.settle = settle(&job, mode);
        self.job = Arc::new(job);
        self
    }

    /// Its number in events.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Is this job for the same file? In a dry run, where there may be none: of the same template?
    pub(super) fn is_of(&self, job: &Job) -> bool {
        self.job.destination == job.destination
            && (job.destination.is_some() || self.job.source == job.source)
    }

    /// Something that it depends on, and no query, has changed.
    pub(super) fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    pub(super) fn job(&self) -> Arc<Job> {
        Arc::clone(&self.job)
    }

    /// The last good version of its template.
    pub(super) fn template(&self) -> Option<Arc<Template>> {
        self.template.clone()
    }

    /// The files that the template is read from.
    pub(super) fn sources(&self) -> impl Iterator<Item = &PathBuf> {
        let own = match &self.job.source {
            Source::File(path) => Some(path),
            Source::Inline { .. } => None,
        };
        own.into_iter().chain(&self.sources)
    }

    /// The queries that must be followed for it.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Arc<Query>> {
        self.asked.queries.iter()
    }

    /// Does it ask or read something else than when this was called last?
    pub(super) fn take_dependency_change(&mut self) -> bool {
        std::mem::take(&mut self.dependencies_changed)
    }

    pub(super) fn missing(&self) -> impl Iterator<Item = (&Query, Absence)> {
        self.asked
            .missing
            .iter()
            .map(|(query, absence)| (query, *absence))
    }

    pub(super) fn stage(&self) -> Stage {
        let current = self.unwritten.is_none() && self.asked.is_complete() && !self.dirty;
        match self.written {
            _ if self.failures.any() => Stage::Failed,
            Some(_) if current => Stage::Done,
            _ => Stage::Waiting,
        }
    }

    /// Has it failed with all data there, in its rendering or its write?
    pub(super) fn has_failed_for_good(&self) -> bool {
        self.failures.rendering.is_some() || self.failures.write.is_some()
    }

    /// What its failure means for the process.
    pub(super) fn on_error(&self) -> OnError {
        self.job.on_error
    }

    /// Was its file written at least once, or found to be right?
    pub(super) fn is_written(&self) -> bool {
        self.written.is_some()
    }

    /// Is this what is run when its file has changed?
    pub(super) fn has_command(&self, line: &CommandLine) -> bool {
        self.job
            .command
            .as_ref()
            .is_some_and(|command| command.line == *line)
    }

    /// Has it this command, and nothing written yet although it may have soon?
    pub(super) fn waits_with(&self, line: &CommandLine) -> bool {
        self.written.is_none() && self.stage() == Stage::Waiting && self.has_command(line)
    }

    /// The source was read, or could not be.
    pub(super) fn read(&mut self, read: Result<Arc<Template>, TemplateError>) {
        match read {
            Ok(template) => {
                if self.failures.source.take().is_some() {
                    let template = self.name();
                    tracing::info!(name: "source.recovered", template, "{template} is right again");
                }
                self.sources = template.sources();
                self.dependencies_changed = true;
                self.template = Some(template);
                self.dirty = true;
            }
            Err(error) => {
                self.sources.extend(error.sources.iter().cloned());
                self.dependencies_changed = true;
                let kept = if self.template.is_some() {
                    "\nthe last good version stays in force"
                } else {
                    ""
                };
                let text = format!("{}{kept}", chain(&error));
                if is_news(&mut self.failures.source, &text) {
                    tracing::error!(name: "source.broken", template = self.name(), "{text}");
                }
            }
        }
    }

    /// Somebody asks for everything again: a write that failed does not wait any longer.
    pub(super) fn retry_now(&mut self, now: Instant) {
        if let Some(failure) = &mut self.failures.write {
            failure.again = now;
        }
    }

    /// A query has a new answer. Does this template see a difference?
    pub(super) fn on_answer(
        &mut self,
        query: &Query,
        before: Option<&Answer>,
        after: &Answer,
    ) -> bool {
        let sees = self.asked.sees_change(query, before, after);
        self.dirty |= sees;
        sees
    }

    /// The answer to a query holds no longer.
    pub(super) fn lose(&mut self, query: &Query) {
        self.dirty |= self.asked.queries.contains(query);
    }

    /// For how long it matters that an instance in the answer to this query has begun to pass.
    pub(super) fn times(&self, query: &Query) -> Duration {
        self.asked.timed.get(query).copied().unwrap_or_default()
    }

    /// When it is to be rendered again, though nothing may have changed.
    pub(super) fn again(&self) -> Option<Instant> {
        self.asked.again
    }

    /// Renders, if something has changed.
    pub(super) fn render(&mut self, snapshot: &Snapshot, render_env: &Arc<RenderEnv>, now: Moment) {
        self.dirty |= self.asked.again.is_some_and(|again| again <= now.instant);
        let Some(template) = self.template.as_ref().filter(|_| self.dirty) else {
            return;
        };
        let template = Arc::clone(template);
        self.dirty = false;
        let Rendering {
            text,
            outputs,
            asked,
        } = template.render(snapshot, render_env, now.time);
        // An include whose name is computed is known only now.
        let sources = template.sources();
        self.dependencies_changed |= sources != self.sources;
        self.sources = sources;
        let complete = asked.is_complete();
        self.dependencies_changed |= self.asked.replace(asked, complete && text.is_ok());
        match text {
            _ if !complete => {}
            Ok(text) => self.rendered(text, outputs, now.instant),
            Err(error) => {
                self.unwritten = None;
                let text = chain(&error);
                if is_news(&mut self.failures.rendering, &text) {
                    tracing::error!(name: "template.failed", template = self.name(), "{text}");
                }
            }
        }
    }

    fn rendered(&mut self, content: String, outputs: Vec<Output>, now: Instant) {
        if self.failures.rendering.take().is_some() {
            let template = self.name();
            tracing::info!(name: "template.recovered", template, "{template} renders again");
        } else if tracing::enabled!(tracing::Level::DEBUG) {
            let (template, bytes) = (self.name(), content.len());
            tracing::debug!(name: "template.rendered", template, bytes, "{template} renders to {bytes} bytes");
        }
        let fingerprint = fingerprint(&content, &outputs);
        let since = match &self.unwritten {
            Some(text) if text.fingerprint == fingerprint => text.since,
            Some(text) if Some(text.fingerprint) != self.written => Unwritten {
                first: text.since.first,
                latest: now,
            },
            _ => Unwritten {
                first: now,
                latest: now,
            },
        };
        self.unwritten = Some(Text {
            content,
            outputs,
            fingerprint,
            since,
            underway: false,
        });
    }

    /// What to do about the destination now; `None`: nothing, or not before the time at which a write is tried again.
    pub(super) fn decide(&self, now: Instant) -> Option<Decision> {
        let again = self.failures.write.as_ref().map(|failure| failure.again);
        let outcome = match &self.unwritten {
            Some(_) if again.is_some_and(|again| now < again) => {
                return again.map(Decision::AwaitQuiet);
            }
            _ if !self.asked.is_complete() => Outcome::Incomplete,
            _ if self.failures.rendering.is_some() => Outcome::Failed,
            Some(text) if Some(text.fingerprint) == self.written => Outcome::Same,
            Some(text) => Outcome::New(text.since),
            None => return None,
        };
        // The first text of a process is not delayed.
        Some(decide(
            outcome,
            self.settle.filter(|_| self.written.is_some()),
            now,
        ))
    }

    /// The change that makes the destination hold the text; [`applied`](Self::applied) is to follow.
    pub(super) fn change(&mut self) -> Change {
        self.underway = self.unwritten.as_mut().map(|text| {
            text.underway = true;
            text.fingerprint
        });
        let text = self.unwritten.as_ref();
        let content = text
            .map(|text| text.content.clone().into_bytes())
            .unwrap_or_default();
        let outputs = text.map(|text| text.outputs.clone()).unwrap_or_default();
        let fresh = self.underway != self.written;
        let destination = self.job.destination.clone().unwrap_or_default();
        let source = match &self.job.source {
            Source::File(path) => Some(path.clone()),
            Source::Inline { .. } => None,
        };
        Change {
            job: self.number,
            source,
            destination,
            content,
            file: self.job.file.clone(),
            outputs,
            fresh,
        }
    }

    /// The text of the last [`change`](Self::change) was written, was there already, or could not be written.
    pub(super) fn applied(&mut self, outcome: Result<Written, WriteError>, now: Instant) {
        let underway = self.underway.take();
        match outcome {
            Ok(written) => {
                let (template, destination) = (self.name(), self.destination());
                if written == Written::Written {
                    tracing::info!(name: "file.written", template, destination, "{template} is written to {destination}");
                } else {
                    tracing::debug!(
                        name: "file.unchanged", template, destination,
                        "{template} is unchanged in {destination}"
                    );
                }
                self.failures.write = None;
                self.written = underway;
                // A newer text may have come meanwhile. It is still to be written, also when it is the same: perhaps it
                // was asked for because somebody changed the file just now.
                self.unwritten.take_if(|text| text.underway);
            }
            Err(error) => {
                let before = self.failures.write.take();
                let count = before
                    .as_ref()
                    .map_or(1, |failure| failure.count.saturating_add(1));
                let again = now + wait_after(count, fastrand::f64()).min(Duration::from_secs(60));
                let remedy = error
                    .remedy()
                    .map_or(String::new(), |remedy| format!("; {remedy}"));
                let text = format!("{}{remedy}", chain(&error));
                if before.is_none_or(|failure| failure.text != text) {
                    let (template, destination) = (self.name(), self.destination());
                    tracing::error!(name: "file.failed", template, destination, "{text}");
                }
                self.failures.write = Some(WriteFailure { count, text, again });
            }
        }
    }

    /// The file that asks, and the line.
    pub(super) fn place_of(
        &self,
        query: &Query,
        snapshot: &Snapshot,
        render_env: &Arc<RenderEnv>,
        now: Moment,
    ) -> (String, u32) {
        let template = self.template.as_ref();
        let place =
            template.and_then(|template| template.place_of(query, snapshot, render_env, now.time));
        place.map_or_else(|| (self.name(), 0), |(name, place)| (name, place.line))
    }

    /// The template, as people call it.
    pub(super) fn name(&self) -> String {
        match &self.job.source {
            Source::File(path) => path.display().to_string(),
            Source::Inline { name, .. } => name.clone(),
        }
    }

    fn destination(&self) -> String {
        self.job.destination.as_ref().map_or_else(
            || "standard output".to_owned(),
            |path| path.display().to_string(),
        )
    }
}

/// Whoever renders once waits for no quiet.
fn settle(job: &Job, mode: Mode) -> Option<Settle> {
    job.settle.filter(|_| mode == Mode::Daemon)
}
