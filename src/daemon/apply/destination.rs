//! One destination: the rendered text to write, and the text that the file holds.
//!
//! Input: rendered texts, the results of writes. Output: a [`Decision`], and the [`Change`] to
//! make.

mod hold;
mod log;
mod parking;
mod restoration;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ctmpl_options::config::resolved::{Job, Mode};
use ctmpl_options::config::wait::Settle;
use file_writer::WriteError;
use group_apply::change::{Change, Effect};
use group_apply::options::{Drift, GroupConfig, OnFailure};

use super::drift::DriftWatch;
use super::pending::{Candidate, Hold, InFile, Next, Parked, Pending, Rendering, WriteFailure};
use crate::daemon::event::Moment;
use crate::daemon::text::Text;
use crate::decide::{ChangeTimes, Decision, Outcome, decide};

/// The maximum delay before a failed write is retried.
const MAX_RETRY_WAIT: Duration = Duration::from_secs(60);

/// A destination and its mutable state.
#[derive(Debug)]
pub(crate) struct Destination {
    /// The number of the template.
    number: usize,
    job: Arc<Job>,
    group: Arc<GroupConfig>,
    /// The quiescence timer; `None` with `-once`, which ignores `wait`.
    settle: Option<Settle>,
    mode: Mode,
    pending: Pending,
    file: InFile,
    /// The text in the file, if it may have to be written again: when its group changes after it was rolled
    /// back, or when another program changes the file.
    applied: Option<Candidate>,
    drift: DriftWatch,
    failure: Option<WriteFailure>,
    verdict: Verdict,
    hold: Option<Hold>,
    parked: Option<Parked>,
    /// The need to render the template, because its last text was dropped.
    rendering: Rendering,
}

/// The judgement about the latest text of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// None, or it was accepted.
    Accepted,
    /// A check refused the text with this fingerprint, or the previous file had to be restored; `None`: no text is known.
    Refused(Option<u64>),
}

impl Destination {
    /// Creates the destination of a template that has not been rendered yet.
    pub(super) fn new(number: usize, job: Arc<Job>, mode: Mode) -> Self {
        Self {
            number,
            settle: job.settle.filter(|_| mode == Mode::Daemon),
            mode,
            group: job.applied_with(),
            job,
            pending: Pending::Nothing,
            file: InFile::Unknown,
            applied: None,
            drift: DriftWatch::new(),
            failure: None,
            verdict: Verdict::Accepted,
            hold: None,
            parked: None,
            rendering: Rendering::Done,
        }
    }

    /// Returns the same destination with a new configuration of its template.
    pub(super) fn renewed(self, job: Arc<Job>, mode: Mode) -> Self {
        let is_same_budget = job.file.max_change == self.job.file.max_change;
        Self {
            settle: job.settle.filter(|_| mode == Mode::Daemon),
            mode,
            group: job.applied_with(),
            job,
            parked: self.parked.filter(|_| is_same_budget),
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

    /// The configuration of the template, for an action.
    pub(super) fn shared_job(&self) -> Arc<Job> {
        Arc::clone(&self.job)
    }

    /// The group that the destination is applied with.
    pub(super) fn group(&self) -> &Arc<GroupConfig> {
        &self.group
    }

    /// The fingerprint of the latest text; `None` before the first one.
    pub(super) fn latest(&self) -> Option<u64> {
        match &self.pending {
            Pending::Nothing | Pending::Writing(_, Next::Dropped) => self.file.text(),
            Pending::Waiting(latest)
            | Pending::Writing(latest, Next::Nothing)
            | Pending::Writing(_, Next::Text(latest)) => Some(latest.text.fingerprint),
        }
    }

    /// The time since when texts have been waiting to be written.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        match &self.pending {
            Pending::Waiting(Candidate { since, .. }) => Some(since.first),
            Pending::Nothing | Pending::Writing(..) => None,
        }
    }

    /// The text that waits to be written.
    pub(super) fn waiting_text(&self) -> Option<&Text> {
        match &self.pending {
            Pending::Waiting(Candidate { text, .. }) => Some(text),
            Pending::Nothing | Pending::Writing(..) => None,
        }
    }

    /// Handles a text that an earlier process has rolled back, or one of the same group: it waits until the content of
    /// the group changes.
    pub(super) fn quarantined(&mut self, has_failed: bool) {
        if let Some(text) = self.waiting_text().map(|text| text.fingerprint) {
            if self.file == InFile::Unknown {
                self.file = InFile::Other;
            }
            if has_failed {
                self.verdict = Verdict::Refused(Some(text));
            }
        }
    }

    /// The time before which a write that failed is not repeated.
    pub(super) fn retry(&self) -> Option<Instant> {
        self.failure.as_ref().map(|failure| failure.retry)
    }

    /// Returns `true` if the destination was written at least once, or already had its content.
    pub(crate) fn is_written(&self) -> bool {
        self.file != InFile::Unknown
    }

    /// Returns `true` if the last write failed, or the last text was refused.
    pub(crate) fn is_broken(&self) -> bool {
        self.failure.is_some() || self.verdict != Verdict::Accepted
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
        if self.is_held() {
            return;
        }
        match &mut self.pending {
            Pending::Writing(_, next) => *next = Next::Dropped,
            pending => *pending = Pending::Nothing,
        }
    }

    /// Handles a newly rendered text.
    pub(super) fn rendered(&mut self, text: Arc<Text>, now: Instant) {
        self.rendering = Rendering::Done;
        if let Some(hold) = &mut self.hold {
            hold.rendered = Some(text);
            return;
        }
        let before = match &self.pending {
            Pending::Nothing | Pending::Writing(_, Next::Dropped) => None,
            Pending::Waiting(before)
            | Pending::Writing(before, Next::Nothing)
            | Pending::Writing(_, Next::Text(before)) => Some(before),
        };
        let fresh = ChangeTimes {
            first: now,
            latest: now,
        };
        let since = match before {
            Some(before) if before.text.fingerprint == text.fingerprint => before.since,
            Some(before) if Some(before.text.fingerprint) != self.file.text() => ChangeTimes {
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
        if let Some(retry) = self.retry().filter(|retry| now < *retry) {
            return Some(Decision::AwaitQuiescence(retry));
        }
        let outcome = if !is_complete && !self.is_held() {
            Outcome::Incomplete
        } else if Some(text.fingerprint) == self.file.text() {
            Outcome::Same
        } else {
            Outcome::New(*since)
        };
        // The first text of a process is not delayed, and neither is a held one.
        let is_delayed = self.file != InFile::Unknown && !self.is_held();
        let settle = self.settle.filter(|_| is_delayed);
        Some(decide(outcome, settle, now))
    }

    /// The time at which the text is due; it may be in the past.
    pub(super) fn next_wake(&self, is_complete: bool) -> Option<Instant> {
        let Pending::Waiting(Candidate { since, .. }) = &self.pending else {
            return None;
        };
        let earliest = self
            .retry()
            .map_or(since.latest, |retry| retry.max(since.latest));
        match self.decide(is_complete, earliest)? {
            Decision::Apply => Some(earliest),
            Decision::AwaitQuiescence(due) => Some(due),
            Decision::AwaitAnswers | Decision::KeepOld => None,
        }
    }

    /// Begins a write and returns the change. The caller reports the result to
    /// [`applied`](Self::applied).
    pub(super) fn begin_write(&mut self, now: Instant) -> Option<Change> {
        let Pending::Waiting(candidate) = &self.pending else {
            return None;
        };
        let candidate = candidate.clone();
        self.drift.write_begins();
        let is_approved = self.is_approved(candidate.text.fingerprint, now);
        let change = self.change(&candidate, is_approved);
        self.pending = Pending::Writing(candidate, Next::Nothing);
        Some(change)
    }

    /// Handles the end of a write: the text was written, was present already, or could not be
    /// written.
    pub(super) fn applied(&mut self, outcome: &Result<Effect, WriteError>, now: Moment) {
        let (own, repeats, other) = self.end_write();
        let next = match outcome {
            Ok(Effect::Held) => {
                self.defer(now);
                self.drift.failed(now.instant);
                other.or(own.filter(|_| repeats))
            }
            Ok(Effect::Parked(change)) => {
                self.park(own.as_ref(), *change, now);
                self.drift.failed(now.instant);
                other.or(own.filter(|_| repeats))
            }
            Ok(outcome) => {
                // What was parked or refused before is so still.
                if !self.is_restoring() {
                    self.parked = None;
                    self.verdict = Verdict::Accepted;
                }
                match self.drift.written() {
                    Some(kind) if *outcome == Effect::Written => self.log_restored(kind),
                    _ => self.log_success(*outcome),
                }
                self.failure = None;
                self.file = own.as_ref().map_or(InFile::Other, Candidate::in_file);
                self.applied = own.filter(|_| self.keeps_text());
                other
            }
            Err(error) => {
                self.failed(error, now);
                self.drift.failed(now.instant);
                other.or(own.filter(|_| repeats))
            }
        };
        self.pending = next.map_or(Pending::Nothing, Pending::Waiting);
    }

    /// Handles another template of its group that cannot be rendered. In a run that ends, the text is not written.
    pub(super) fn blocked(&mut self) {
        if self.mode != Mode::Daemon && self.waiting_since().is_some() {
            self.verdict = Verdict::Refused(None);
        }
    }

    /// Handles a check that failed: the text is not written, but may be later.
    pub(super) fn refused(&mut self, now: Instant) {
        let (own, repeats, other) = self.end_write();
        self.refuse(own.as_ref());
        self.drift.failed(now);
        let next = other.or(own.filter(|_| repeats));
        self.pending = next.map_or(Pending::Nothing, Pending::Waiting);
    }

    /// Ends a write. Returns its text, whether that is written again if the write failed, and the
    /// text to write next.
    fn end_write(&mut self) -> (Option<Candidate>, bool, Option<Candidate>) {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            // A restoration is repeated by itself.
            Pending::Writing(own, Next::Nothing) => (Some(own), !self.is_restoring(), None),
            Pending::Writing(own, Next::Dropped) => (Some(own), false, None),
            Pending::Writing(own, Next::Text(next)) => (Some(own), false, Some(next)),
            Pending::Waiting(next) => (None, false, Some(next)),
            Pending::Nothing => (None, false, None),
        }
    }

    fn keeps_text(&self) -> bool {
        self.group.on_failure == OnFailure::Rollback || self.job.file.drift == Drift::Restore
    }

    /// Retries a failed write without further delay.
    pub(super) fn retry_now(&mut self, now: Instant) {
        if let Some(failure) = &mut self.failure {
            failure.retry = now;
        }
    }
}
