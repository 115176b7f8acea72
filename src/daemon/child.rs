//! The supervised child process.
//!
//! Input: written files, signals, the end of the child. Output: orders to the child, and the
//! [`End`] of the process if the child exits unrequested.

use std::time::{Duration, Instant};

use ctmpl_options::config::exec::ExecConfig;
use ctmpl_options::config::resolved::{Config, EarlierAnswers, Mode};
use error_line::chain;
use group_apply::change::Effect;
use group_apply::last_good::Differing;
use nix::sys::signal::Signal;
use process_tree::{CommandError, CommandLine, Exit, Order};

use super::end::End;
use super::event::{Action, Event, Moment};
use crate::child::{Child, Ended, Step};
use crate::signals::SignalAction;

/// The time that Consul has to provide all data before the child is started with the files of the last run.
const LAST_GOOD_AFTER: Duration = Duration::from_millis(500);
/// The same with `warm_start`. Files that differ from the last answers are rendered first, so that the child does not have
/// to be reloaded when it has just been started.
const LAST_GOOD_AFTER_WARM_START: Duration = Duration::from_secs(2);

/// The configured child process, if any.
#[derive(Debug)]
pub(super) struct ChildPart {
    mode: Mode,
    kind: Kind,
    child: Option<Child>,
    files: Files,
    last_good: LastGood,
    result: Option<End>,
}

/// The treatment of the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Start,
    /// A dry run starts no child.
    Dry,
}

/// The version of the files that the child has loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Files {
    Known,
    /// Files have changed since the child was started or last notified.
    Changed,
}

/// Whether the child may be started with the files of an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
enum LastGood {
    /// It is not configured, or a file has another content, which is logged.
    No,
    /// A file has another content, which is logged if the child still waits at this time.
    Differing(Differing, Instant),
    /// From this time on.
    From(Instant),
    /// Now.
    Yes,
}

/// The conditions for starting and notifying the child.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// The process is not ending, and no command has failed without a retry.
    pub(super) may_start: bool,
    /// All files are written.
    pub(super) is_written: bool,
    /// No write or command is in progress, and every owed command has run.
    pub(super) is_idle: bool,
}

impl ChildPart {
    /// Creates the child of a configuration without starting it.
    pub(super) fn new(config: &Config) -> Self {
        let child = config.exec.clone().map(Child::new);
        Self {
            mode: config.mode,
            kind: if config.dry { Kind::Dry } else { Kind::Start },
            child,
            files: Files::Known,
            last_good: LastGood::No,
            result: None,
        }
    }

    /// The child, if one is configured.
    pub(super) fn child(&self) -> Option<&Child> {
        self.child.as_ref()
    }

    /// Lets the child start with the files of an earlier process, if they are unchanged and Consul does not provide all
    /// data soon.
    pub(super) fn check_last_good(
        &mut self,
        checked: Result<(), Differing>,
        answers: EarlierAnswers,
        now: Instant,
    ) {
        let from = if answers == EarlierAnswers::WarmStart {
            now + LAST_GOOD_AFTER_WARM_START
        } else {
            now + LAST_GOOD_AFTER
        };
        self.last_good = match checked {
            Ok(()) => LastGood::From(from),
            Err(differing) => LastGood::Differing(differing, from),
        };
    }

    /// Returns `true` if no child process runs, and none is going to be started.
    pub(super) fn is_over(&self) -> bool {
        self.child.as_ref().is_none_or(Child::is_over)
    }

    /// Returns `true` if `-once` has written everything and waits only for the child.
    pub(super) fn waits_only_for_child(&self) -> bool {
        let started = |child: &Child| !child.is_waiting();
        self.mode != Mode::Daemon && self.child.as_ref().is_some_and(started)
    }

    /// The maximum time that the child may take to stop.
    pub(super) fn grace(&self) -> Option<Duration> {
        self.child.as_ref().map(Child::grace)
    }

    /// The end of the process; `None` unless the child exited unrequested or could not be started.
    pub(super) fn result(&self) -> Option<End> {
        self.result
    }

    /// Handles an event.
    pub(super) fn handle(&mut self, event: &Event, now: Moment) -> Vec<Action> {
        match event {
            Event::Applied(applied) => {
                let is_written =
                    |outcome: &Result<Effect, _>| matches!(outcome, Ok(Effect::Written));
                if applied.iter().any(|applied| is_written(&applied.outcome)) {
                    self.files = Files::Changed;
                }
                Vec::new()
            }
            Event::SignalAction(SignalAction::Forward(signal)) => {
                let step =
                    |child: &mut Child| child.handle_signal(*signal, now.instant, now.jitter);
                self.apply(step)
            }
            Event::ChildEnded(ended) => self.ended(ended),
            Event::ConfigRead(Ok(renewal)) => self.renew(renewal.config.exec.clone(), now.instant),
            _ => Vec::new(),
        }
    }

    /// Starts the child after all files are written and all commands have run, and notifies it of
    /// later changes.
    pub(super) fn advance(&mut self, conditions: Conditions, now: Moment) -> Vec<Action> {
        if self.kind == Kind::Dry
            && let Some(child) = self.child.take()
        {
            let line = &child.config().line;
            tracing::warn!(name: "child.not_started", command = %line, "{line} is not started: a dry run starts no child");
        }
        let Some(child) = &mut self.child else {
            return Vec::new();
        };
        match &self.last_good {
            LastGood::From(from) if *from <= now.instant => self.last_good = LastGood::Yes,
            LastGood::Differing(differing, from) if *from <= now.instant => {
                if child.is_waiting() && !conditions.is_written {
                    log_differing(&child.config().line, differing);
                }
                self.last_good = LastGood::No;
            }
            _ => {}
        }
        let Conditions {
            may_start,
            is_written,
            is_idle,
        } = conditions;
        if child.is_waiting() {
            let has_files = is_written || self.last_good == LastGood::Yes;
            if !may_start || !has_files || !is_idle {
                return Vec::new();
            }
            if !is_written {
                let line = &child.config().line;
                tracing::warn!(
                    name: "child.last_good", command = %line,
                    "{line} is started with the files of the last run, because Consul does not provide all data"
                );
            }
            self.files = Files::Known;
            let mut actions = self.apply(|child| Some(child.start()));
            if self.waits_only_for_child() {
                // Templates are not rendered any more.
                actions.push(Action::Follow(std::collections::BTreeSet::new()));
            }
            return actions;
        }
        if self.files == Files::Changed && is_idle {
            self.files = Files::Known;
            child.changed(now.instant, now.jitter);
        }
        self.apply(|child| child.due(now.instant))
    }

    /// Stops the child. `received` is the signal that ended the daemon, if any.
    pub(super) fn stop(&mut self, received: Option<Signal>, now: Instant) -> Vec<Action> {
        self.apply(|child| child.stop(received, now))
    }

    /// The time of the next timeout or retry of the child.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let child = self.child.as_ref()?;
        match &self.last_good {
            LastGood::From(from) | LastGood::Differing(_, from) if child.is_waiting() => {
                Some(*from)
            }
            _ => child.next_wake(),
        }
    }

    /// Adopts a new configuration. An unchanged child continues.
    fn renew(&mut self, exec: Option<ExecConfig>, now: Instant) -> Vec<Action> {
        match (&mut self.child, exec) {
            (Some(_), Some(exec)) => return self.apply(|child| child.renew(exec, now)),
            (Some(child), None) if child.is_waiting() => self.child = None,
            (Some(_), None) => return self.stop(None, now),
            (None, Some(exec)) => self.child = Some(Child::new(exec)),
            (None, None) => {}
        }
        Vec::new()
    }

    fn ended(&mut self, ended: &Result<Exit, CommandError>) -> Vec<Action> {
        let Some(child) = &mut self.child else {
            return Vec::new();
        };
        let config = child.config();
        let line = &config.line;
        let end = match ended {
            Err(error) => {
                child.give_up();
                let error = chain(error);
                tracing::error!(name: "child.failed", command = %line, error, "{error}");
                End::Failed
            }
            Ok(exit) => {
                let code = exit.code();
                match child.ended() {
                    Ended::Restarting => {
                        tracing::info!(name: "child.ended", command = %line, code, "{line} has ended {exit}; it is started again");
                        return self.apply(|_| Some(Step::Start));
                    }
                    Ended::Requested => {
                        tracing::info!(name: "child.ended", command = %line, code, "{line} has ended {exit}");
                        self.child = None;
                        return Vec::new();
                    }
                    Ended::Unrequested if code == 0 => {
                        tracing::info!(name: "child.ended", command = %line, code, "{line} has ended by itself {exit}");
                    }
                    Ended::Unrequested => {
                        tracing::error!(name: "child.crashed", command = %line, code, "{line} has ended by itself {exit}");
                    }
                }
                End::Child(code)
            }
        };
        self.result = Some(end);
        Vec::new()
    }

    /// Takes a step with the child, and logs it.
    fn apply(&mut self, step: impl FnOnce(&mut Child) -> Option<Step>) -> Vec<Action> {
        let Some(child) = &mut self.child else {
            return Vec::new();
        };
        let step = step(child);
        let config = child.config();
        let line = &config.line;
        let action = match step {
            None => return Vec::new(),
            Some(Step::Start) => {
                tracing::info!(name: "child.started", command = %line, "{line} is started");
                Action::StartChild(config)
            }
            Some(Step::Signal(signal)) => {
                tracing::info!(name: "child.signalled", command = %line, %signal, "{line} is sent {signal}");
                Action::OrderChild(Order::Signal(signal))
            }
            Some(Step::Kill) => {
                let limit = config.kill_timeout;
                tracing::warn!(name: "child.killed", command = %line, "{line} did not end within {limit:?}, and is killed");
                Action::OrderChild(Order::Kill)
            }
        };
        vec![action]
    }
}

fn log_differing(line: &CommandLine, differing: &Differing) {
    let (file, reason) = (differing.path.display(), differing.reason);
    tracing::warn!(
        name: "child.not_last_good", command = %line, %file, %reason,
        "{line} is not started with the files of the last run, because {file} {reason}; it starts when all files \
         are written, or restore the file and restart ctmpl"
    );
}
