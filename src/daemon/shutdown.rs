//! Decides when the process ends and with which result: in `-once`, after a failure, and after a
//! signal.
//!
//! Input: signals, the state of the other parts, the time. Output: the [`End`].

use std::time::{Duration, Instant};

use consul_render::Absence;
use ctmpl_options::config::resolved::{Config, Mode, OnError};
use nix::sys::signal::Signal;

use super::apply::{Apply, JobState, JobView};
use super::child::ChildPart;
use super::emptiness::EmptyAnswers;
use super::end::End;
use super::event::{Event, Moment};
use super::missing::{MissingData, missing_data_of};
use super::renderer::{Renderer, TemplateState};
use crate::signals::SignalAction;

/// The maximum time that an orderly shutdown waits for owed commands. With the time that the
/// executor takes to stop what still runs, and that of the last log lines, an exit takes at most
/// 8 s: Docker kills after 10 s.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(4500);

/// The time to wait for a killed child after its kill timeout.
const KILL_MARGIN: Duration = Duration::from_secs(6);

/// The state of the shutdown.
#[derive(Debug)]
pub(super) struct Shutdown {
    mode: Mode,
    begun: Instant,
    timeout: Timeout,
    missing_keys: MissingKeys,
    phase: Phase,
}

/// The timeout of `-once`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timeout {
    None,
    Ahead(Instant),
    Over,
}

/// The treatment of keys that do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MissingKeys {
    Awaited,
    Fatal,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Running,
    /// The end is decided, but waits for the work in progress.
    Ending {
        end: End,
        /// The signal that requested the end, if any.
        received: Option<Signal>,
        /// The time at which the process ends at the latest.
        latest: Instant,
    },
}

/// The parts on which the decisions depend.
#[derive(Clone, Copy)]
pub(super) struct ShutdownView<'a> {
    pub(super) renderer: &'a Renderer,
    pub(super) apply: &'a Apply,
    pub(super) child: &'a ChildPart,
    pub(super) empty: &'a EmptyAnswers,
}

/// A decided end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// Shut down in an orderly way.
    End(End),
    /// Exit at once, and kill the work in progress.
    Now,
}

impl Shutdown {
    /// Creates the state of a process that starts at `now`.
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let timeout = match config.mode {
            Mode::Once {
                timeout: Some(timeout),
            } => Timeout::Ahead(now + timeout),
            Mode::Once { timeout: None } | Mode::Daemon => Timeout::None,
        };
        Self {
            mode: config.mode,
            begun: now,
            timeout,
            missing_keys: MissingKeys::of(config),
            phase: Phase::Running,
        }
    }

    /// Returns `true` if the end is decided.
    pub(super) fn is_ending(&self) -> bool {
        !matches!(self.phase, Phase::Running)
    }

    /// The signal that requested the end; `None` while running or if no signal requested it.
    pub(super) fn signal(&self) -> Option<Signal> {
        match self.phase {
            Phase::Ending { received, .. } => received,
            Phase::Running => None,
        }
    }

    /// Handles an event. Returns the end if it is immediate.
    pub(super) fn handle(
        &mut self,
        event: &Event,
        child: &ChildPart,
        now: Moment,
    ) -> Option<Decided> {
        match event {
            Event::SignalAction(SignalAction::End(_)) if self.is_ending() => {
                return Some(Decided::Now);
            }
            Event::SignalAction(SignalAction::End(signal)) => {
                tracing::info!(name: "process.ending", "ending");
                self.begin(End::Interrupted, Some(*signal), child, now.instant);
            }
            Event::TaskLost(what) => {
                // The work may be incomplete. The service manager restarts the process.
                tracing::error!(name: "process.lost_task", what, "internal error: a task ended without a result ({what}); exiting");
                return Some(Decided::End(End::Failed));
            }
            Event::ChildEnded(Ok(exit)) => self.child_ended(exit.code()),
            Event::ConfigRead(Ok(renewal)) => {
                self.missing_keys = MissingKeys::of(&renewal.config);
            }
            _ => {}
        }
        None
    }

    /// Adopts the exit code of a child that was stopped because a signal stops ctmpl.
    fn child_ended(&mut self, code: u8) {
        if let Phase::Ending {
            end: end @ End::Interrupted,
            ..
        } = &mut self.phase
        {
            *end = End::Child(code);
        }
    }

    /// Begins the shutdown if a failure, the child or the timeout requires it.
    pub(super) fn advance(&mut self, parts: ShutdownView<'_>, now: Moment) {
        if self.is_ending() {
            return;
        }
        if let Some(end) = parts.child.result() {
            self.begin(end, None, parts.child, now.instant);
        } else if parts.apply.has_failed_fatally() {
            self.begin(End::Failed, None, parts.child, now.instant);
        } else if !parts.child.waits_only_for_child() {
            self.fail(parts, now);
            self.expire(parts, now);
        }
    }

    /// Returns the end that is due now, if any.
    pub(super) fn end(&self, parts: ShutdownView<'_>, now: Moment) -> Option<Decided> {
        let ShutdownView {
            renderer,
            apply,
            child,
            empty,
        } = parts;
        let is_idle = !apply.is_applying() && !apply.is_running_command() && child.is_over();
        if let Phase::Ending { end, latest, .. } = self.phase {
            return (is_idle || now.instant >= latest).then_some(Decided::End(end));
        }
        let is_once = self.mode != Mode::Daemon;
        let is_over = is_once
            && is_idle
            && apply.debts().is_settled()
            && !empty.is_open()
            && apply.final_templates(renderer).len() == renderer.templates().len();
        is_over.then(|| Decided::End(outcome(parts)))
    }

    /// The time at which the timeout or the shutdown limit expires.
    pub(super) fn next_wake(&self, child: &ChildPart) -> Option<Instant> {
        match (self.phase, self.timeout) {
            (Phase::Ending { latest, .. }, _) => Some(latest),
            (Phase::Running, Timeout::Ahead(at)) if !child.waits_only_for_child() => Some(at),
            (Phase::Running, _) => None,
        }
    }

    fn begin(&mut self, end: End, received: Option<Signal>, child: &ChildPart, now: Instant) {
        let grace = child.grace().filter(|_| !child.is_over());
        let grace = grace.map(|grace| grace + KILL_MARGIN);
        self.phase = Phase::Ending {
            end,
            received,
            latest: now + SHUTDOWN_TIMEOUT.max(grace.unwrap_or_default()),
        };
    }

    /// Begins the shutdown if a template with `error_fatal` has failed, or if a required key does
    /// not exist.
    fn fail(&mut self, parts: ShutdownView<'_>, now: Moment) {
        let is_fatal = |job: &JobView<'_>| {
            job.template.on_error() == OnError::Fatal && job.has_failed_permanently()
        };
        if self.mode == Mode::Daemon
            && let Some(job) = parts.apply.jobs(parts.renderer).find(is_fatal)
        {
            let template = job.template.name();
            tracing::error!(name: "template.fatal", template, "{template}: failed; exiting because error_fatal is true");
            self.begin(End::Failed, None, parts.child, now.instant);
            return;
        }
        if self.missing_keys == MissingKeys::Awaited {
            return;
        }
        let mut missing = parts
            .renderer
            .templates()
            .iter()
            .flat_map(TemplateState::missing);
        if missing.any(|(_, absence)| absence != Absence::Unanswered) {
            tracing::error!(name: "lookup.failed", "required data does not exist; exiting (err_on_failed_lookup is true):");
            missing_data(parts.renderer)
                .iter()
                .filter(|lack| lack.absence != Absence::Unanswered)
                .for_each(MissingData::log);
            self.begin(End::Failed, None, parts.child, now.instant);
        }
    }

    /// Begins the shutdown if the timeout of `-once` has expired and data is missing.
    fn expire(&mut self, parts: ShutdownView<'_>, now: Moment) {
        if let Timeout::Ahead(at) = self.timeout
            && at <= now.instant
        {
            self.timeout = Timeout::Over;
        }
        let is_waiting = |job: JobView<'_>| job.state() == JobState::Waiting;
        if self.is_ending()
            || self.timeout != Timeout::Over
            || !parts.apply.jobs(parts.renderer).any(is_waiting)
        {
            // No data is missing, so only a command is running; it has its own time limit.
            return;
        }
        let seconds = (now.instant - self.begun).as_secs_f64();
        tracing::error!(name: "once.timed_out", seconds, "timed out after {seconds:.1} s; still missing:");
        missing_data(parts.renderer)
            .iter()
            .for_each(MissingData::log);
        self.begin(End::TimedOut, None, parts.child, now.instant);
    }
}

impl MissingKeys {
    fn of(config: &Config) -> Self {
        if config.fail_on_missing {
            Self::Fatal
        } else {
            Self::Awaited
        }
    }
}

/// The result of `-once` once all jobs are final.
fn outcome(parts: ShutdownView<'_>) -> End {
    let missing = missing_data(parts.renderer);
    if !missing.is_empty() {
        tracing::error!(name: "once.impossible", "required data is unavailable:");
        missing.iter().for_each(MissingData::log);
    }
    let has_passed = |job: JobView<'_>| match job.state() {
        JobState::Done => true,
        JobState::Failed => job.template.on_error() == OnError::Logged,
        JobState::Waiting => false,
    };
    let all_passed = parts.apply.jobs(parts.renderer).all(has_passed);
    if all_passed && !parts.apply.has_failed_command() {
        End::Done
    } else {
        End::Failed
    }
}

/// The missing data with the places that request it, sorted by place.
fn missing_data(renderer: &Renderer) -> Vec<MissingData> {
    let mut all = Vec::new();
    for template in renderer.templates() {
        all.extend(missing_data_of(template, renderer, |_| true, usize::MAX));
    }
    all.sort_by(|a, b| a.place.cmp(&b.place));
    all
}
