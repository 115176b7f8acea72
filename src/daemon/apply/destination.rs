//! One destination: the rendered text to write, and the text that the file holds.
//!
//! Input: rendered texts, the results of writes. Output: a [`Decision`], and the [`Change`] to
//! make.

use std::sync::Arc;
use std::time::{Duration, Instant};

use file_writer::WriteError;

use crate::apply::ledger::RETRY;
use crate::apply::remedy::remedy;
use crate::apply::transaction::{Change, Effect};
use crate::config::resolved::{CommandLine, Job, Mode, OnError, Settle};
use crate::daemon::event::Moment;
use crate::daemon::text::Text;
use crate::decide::{Decision, Outcome, Unwritten, decide};
use crate::error_chain::chain;

/// The maximum delay before a failed write is retried.
const MAX_RETRY_WAIT: Duration = Duration::from_secs(60);

/// A destination and its mutable state.
#[derive(Debug)]
pub(crate) struct Destination {
    /// The number of the template.
    number: usize,
    job: Arc<Job>,
    /// The quiescence timer; `None` with `-once`, which ignores `wait`.
    settle: Option<Settle>,
    mode: Mode,
    pending: Pending,
    /// The fingerprint of the text in the file; `None` before the first write.
    written: Option<u64>,
    failure: Option<WriteFailure>,
}

/// The text that is to be written.
#[derive(Debug)]
enum Pending {
    /// No text is waiting: none was rendered, or the last one is written.
    Nothing,
    /// The text is waiting to be written.
    Waiting(Candidate),
    /// The text is being written.
    Writing(Candidate, Next),
}

/// The continuation after a write in progress.
#[derive(Debug)]
enum Next {
    /// If the write fails, the same text is written again.
    Nothing,
    /// Nothing is written, even if the write fails: the template has failed since.
    Dropped,
    /// This text is written next. It may be the same text, rendered again: another program may have
    /// changed the file.
    Text(Candidate),
}

/// A rendered text, and the time since when it has been waiting.
#[derive(Clone, Debug)]
struct Candidate {
    text: Arc<Text>,
    since: Unwritten,
}

/// A failed write that is retried.
#[derive(Debug)]
struct WriteFailure {
    /// The number of consecutive failures.
    count: u32,
    text: String,
    retry: Instant,
}

impl Destination {
    /// Creates the destination of a template that has not been rendered yet.
    pub(super) fn new(number: usize, job: Arc<Job>, mode: Mode) -> Self {
        Self {
            number,
            settle: job.settle.filter(|_| mode == Mode::Daemon),
            mode,
            job,
            pending: Pending::Nothing,
            written: None,
            failure: None,
        }
    }

    /// Returns the same destination with a new configuration of its template.
    pub(super) fn renewed(self, job: Arc<Job>, mode: Mode) -> Self {
        Self {
            settle: job.settle.filter(|_| mode == Mode::Daemon),
            mode,
            job,
            ..self
        }
    }

    /// The number of the template.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The configuration of the template.
    pub(super) fn job(&self) -> &Job {
        &self.job
    }

    /// Returns `true` if a change of the destination owes this command.
    pub(super) fn has_command(&self, line: &CommandLine) -> bool {
        let command = self.job.command.as_ref();
        command.is_some_and(|command| command.line == *line)
    }

    /// Returns `true` if the destination was written at least once, or already had its content.
    pub(crate) fn is_written(&self) -> bool {
        self.written.is_some()
    }

    /// Returns `true` if the last write failed.
    pub(crate) fn is_broken(&self) -> bool {
        self.failure.is_some()
    }

    /// Returns `true` if a text is waiting or being written.
    pub(crate) fn has_unwritten_text(&self) -> bool {
        match &self.pending {
            Pending::Nothing | Pending::Writing(_, Next::Dropped) => false,
            Pending::Waiting(_) | Pending::Writing(_, Next::Nothing | Next::Text(_)) => true,
        }
    }

    /// Handles a failure of the template: drops an earlier text that is not written yet.
    pub(super) fn template_failed(&mut self) {
        match &mut self.pending {
            Pending::Writing(_, next) => *next = Next::Dropped,
            pending => *pending = Pending::Nothing,
        }
    }

    /// Handles a newly rendered text.
    pub(super) fn rendered(&mut self, text: Arc<Text>, now: Instant) {
        let before = match &self.pending {
            Pending::Nothing | Pending::Writing(_, Next::Dropped) => None,
            Pending::Waiting(before)
            | Pending::Writing(before, Next::Nothing)
            | Pending::Writing(_, Next::Text(before)) => Some(before),
        };
        let fresh = Unwritten {
            first: now,
            latest: now,
        };
        let since = match before {
            Some(before) if before.text.fingerprint == text.fingerprint => before.since,
            Some(before) if Some(before.text.fingerprint) != self.written => Unwritten {
                first: before.since.first,
                latest: now,
            },
            _ => fresh,
        };
        let candidate = Candidate { text, since };
        match &mut self.pending {
            Pending::Writing(_, next) => *next = Next::Text(candidate),
            pending => *pending = Pending::Waiting(candidate),
        }
    }

    /// Decides what to do with the text now; `None` without a text. `is_complete`: the template has
    /// all its data.
    pub(super) fn decide(&self, is_complete: bool, now: Instant) -> Option<Decision> {
        let Pending::Waiting(Candidate { text, since }) = &self.pending else {
            return None;
        };
        if let Some(failure) = self.failure.as_ref().filter(|failure| now < failure.retry) {
            return Some(Decision::AwaitQuiescence(failure.retry));
        }
        let outcome = if !is_complete {
            Outcome::Incomplete
        } else if Some(text.fingerprint) == self.written {
            Outcome::Same
        } else {
            Outcome::New(*since)
        };
        // The first text of a process is not delayed.
        let settle = self.settle.filter(|_| self.written.is_some());
        Some(decide(outcome, settle, now))
    }

    /// The time at which the text is due; it may be in the past.
    pub(super) fn next_wake(&self, is_complete: bool) -> Option<Instant> {
        let Pending::Waiting(Candidate { since, .. }) = &self.pending else {
            return None;
        };
        let retry = self.failure.as_ref().map(|failure| failure.retry);
        let earliest = retry.map_or(since.latest, |retry| retry.max(since.latest));
        match self.decide(is_complete, earliest)? {
            Decision::Apply => Some(earliest),
            Decision::AwaitQuiescence(due) => Some(due),
            Decision::AwaitAnswers | Decision::KeepOld => None,
        }
    }

    /// Begins a write and returns the change. The caller reports the result to
    /// [`applied`](Self::applied).
    pub(super) fn begin_write(&mut self) -> Option<Change> {
        let Pending::Waiting(candidate) = &self.pending else {
            return None;
        };
        let Candidate { text, since } = candidate.clone();
        let source = self.job.source.file().cloned();
        let change = Change {
            job: self.number,
            source,
            destination: self.job.destination.clone().unwrap_or_default(),
            content: text.content.clone().into_bytes(),
            file: self.job.file.clone(),
            outputs: text.outputs.clone(),
            fresh: Some(text.fingerprint) != self.written,
        };
        self.pending = Pending::Writing(Candidate { text, since }, Next::Nothing);
        Some(change)
    }

    /// Handles the end of a write: the text was written, was present already, or could not be
    /// written.
    pub(super) fn applied(&mut self, outcome: &Result<Effect, WriteError>, now: Moment) {
        let (fingerprint, same, other) =
            match std::mem::replace(&mut self.pending, Pending::Nothing) {
                Pending::Writing(written, Next::Nothing) => {
                    (Some(written.text.fingerprint), Some(written), None)
                }
                Pending::Writing(written, Next::Dropped) => {
                    (Some(written.text.fingerprint), None, None)
                }
                Pending::Writing(written, Next::Text(text)) => {
                    (Some(written.text.fingerprint), None, Some(text))
                }
                Pending::Waiting(text) => (None, None, Some(text)),
                Pending::Nothing => (None, None, None),
            };
        let next = match outcome {
            Ok(outcome) => {
                self.log_success(*outcome);
                self.failure = None;
                self.written = fingerprint;
                other
            }
            Err(error) => {
                self.failed(error, now);
                other.or(same)
            }
        };
        self.pending = next.map_or(Pending::Nothing, Pending::Waiting);
    }

    /// Retries a failed write without further delay.
    pub(super) fn retry_now(&mut self, now: Instant) {
        if let Some(failure) = &mut self.failure {
            failure.retry = now;
        }
    }

    fn log_success(&self, effect: Effect) {
        let (template, destination) = self.names();
        if effect == Effect::Written {
            tracing::info!(name: "file.written", template, destination, "{template} is written to {destination}");
        } else {
            tracing::debug!(
                name: "file.unchanged", template, destination,
                "{template} is unchanged in {destination}"
            );
        }
    }

    fn failed(&mut self, error: &WriteError, now: Moment) {
        let before = self.failure.take();
        let count = before
            .as_ref()
            .map_or(1, |failure| failure.count.saturating_add(1));
        let wait = RETRY.pause(count, now.jitter).min(MAX_RETRY_WAIT);
        let remedy = remedy(error).map_or(String::new(), |remedy| format!("; {remedy}"));
        let text = format!("{}{remedy}; {}", chain(error), self.retry());
        if before.is_none_or(|failure| failure.text != text) {
            let (template, destination) = self.names();
            tracing::error!(name: "file.failed", template, destination, "{text}");
        }
        self.failure = Some(WriteFailure {
            count,
            text,
            retry: now.instant + wait,
        });
    }

    /// What follows a failed write.
    fn retry(&self) -> &'static str {
        match (self.mode, self.job.on_error) {
            (Mode::Once { .. }, _) => "it is not retried with --once",
            (Mode::Daemon, OnError::Fatal) => "it is not retried, because error_fatal is true",
            (Mode::Daemon, OnError::Default | OnError::Logged) => "it is retried until it succeeds",
        }
    }

    /// The names of template and destination in log lines.
    fn names(&self) -> (String, String) {
        let template = self.job.source.name();
        let destination = self.job.destination.as_ref().map_or_else(
            || "standard output".to_owned(),
            |path| path.display().to_string(),
        );
        (template, destination)
    }
}
