//! When it is over, and how: in a run that renders once, and after a signal.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::End;
use super::event::{Action, Moment};
use super::job::{JobState, Stage};
use super::missing::MissingData;
use super::state::{State, wake_at};
use crate::child::Child;
use crate::config::resolved::{Mode, OnError};
use crate::query::Query;
use crate::template::Absence;

/// How long an orderly end waits for commands that are running.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long what was killed may take to be gone.
const AFTER_THE_KILL: Duration = Duration::from_secs(6);

/// An end that is decided, but waits for what is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    end: End,
    latest: Instant,
}

impl Ending {
    pub(super) fn begin(end: End, now: Instant, grace: Duration) -> Self {
        Self {
            end,
            latest: now + SHUTDOWN_TIMEOUT.max(grace),
        }
    }
}

impl State {
    /// In a run that renders once: is the time up, with data missing? Then that is said, and the end begins.
    pub(super) fn expire(&mut self, moment: Moment, actions: &mut Vec<Action>) {
        let Mode::Once {
            timeout: Some(timeout),
        } = self.mode
        else {
            return;
        };
        if self.only_child() {
            return;
        }
        let (now, deadline) = (moment.instant, self.begun + timeout);
        if now < deadline {
            wake_at(&mut self.wake, deadline);
        } else if self.ending.is_none() && self.jobs.iter().any(|job| job.stage() == Stage::Waiting)
        {
            let (lacks, seconds) = (self.lacks(moment), (now - self.begun).as_secs_f64());
            tracing::error!(name: "once.timed_out", seconds, "timed out after {seconds:.1} s; still missing:");
            lacks.iter().for_each(MissingData::tell);
            self.begin_to_end(End::TimedOut, None, now, actions);
        }
        // Otherwise nothing is missing but the end of a command, which has a limit of its own.
    }

    /// Is there a failure that is to end the process? Then that is said, and the end begins.
    pub(super) fn fail(&mut self, moment: Moment, actions: &mut Vec<Action>) {
        if self.ending.is_some() || self.only_child() {
            return;
        }
        let fatal = |job: &&JobState| job.on_error() == OnError::Fatal && job.has_failed_for_good();
        if !self.is_once()
            && let Some(job) = self.jobs.iter().find(fatal)
        {
            let template = job.name();
            tracing::error!(name: "template.fatal", template, "ending, for {template} has failed: error_fatal is true");
            self.begin_to_end(End::Failed, None, moment.instant, actions);
        } else if self.fail_on_missing {
            let absent = |lack: &MissingData| lack.absence != Absence::Unanswered;
            if self.jobs.iter().any(|job| {
                job.missing()
                    .any(|(_, absence)| absence != Absence::Unanswered)
            }) {
                let lacks = self.lacks(moment);
                tracing::error!(name: "lookup.failed", "ending, for this does not exist: err_on_failed_lookup is true");
                lacks
                    .iter()
                    .filter(|lack| absent(lack))
                    .for_each(MissingData::tell);
                self.begin_to_end(End::Failed, None, moment.instant, actions);
            }
        }
    }

    /// It is decided that it ends, and how; the child is asked to. `asked` is the signal that has asked for it.
    pub(super) fn begin_to_end(
        &mut self,
        end: End,
        asked: Option<Signal>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let grace = self
            .child
            .as_ref()
            .map_or(Duration::ZERO, |child| child.grace() + AFTER_THE_KILL);
        self.ending = Some(Ending::begin(end, now, grace));
        self.stop_child(asked, now, actions);
    }

    /// Is it over, and how?
    pub(super) fn end(&mut self, moment: Moment) -> Option<End> {
        let idle =
            !self.writing && self.running == 0 && self.child.as_ref().is_none_or(Child::is_over);
        if let Some(Ending { end, latest }) = self.ending {
            wake_at(&mut self.wake, latest);
            return (idle || moment.instant >= latest).then_some(end);
        }
        let settled =
            idle && self.ledger.is_settled() && self.jobs.iter().all(|job| self.is_final(job));
        (self.is_once() && settled).then(|| self.outcome(moment))
    }

    /// Will this job stay as it is, in a run that renders once?
    fn is_final(&self, job: &JobState) -> bool {
        match job.stage() {
            Stage::Done | Stage::Failed => true,
            Stage::Waiting => job
                .missing()
                .any(|(query, _)| self.troubles.is_final(query)),
        }
    }

    fn outcome(&self, moment: Moment) -> End {
        let lacks = self.lacks(moment);
        if !lacks.is_empty() {
            tracing::error!(name: "once.impossible", "this data cannot be had:");
            lacks.iter().for_each(MissingData::tell);
        }
        let passed = |job: &JobState| match job.stage() {
            Stage::Done => true,
            Stage::Failed => job.on_error() == OnError::Logged,
            Stage::Waiting => false,
        };
        let done = self.jobs.iter().all(passed) && !self.command_failed;
        if done { End::Done } else { End::Failed }
    }

    /// What is missing, and where it is asked.
    fn lacks(&self, moment: Moment) -> Vec<MissingData> {
        let all = self.jobs.iter().flat_map(|job| {
            job.missing()
                .map(move |(query, absence)| (job, query, absence))
        });
        let lack = |(job, query, absence): (&JobState, &Query, _)| MissingData {
            place: job.place_of(query, &self.snapshot, &self.render_env, moment),
            query: query.clone(),
            absence,
            trouble: self.troubles.text(query),
        };
        let mut lacks: Vec<_> = all.map(lack).collect();
        lacks.sort_by(|a, b| a.place.cmp(&b.place));
        lacks
    }
}
