//! The child that is kept running, beside everything else.
//!
//! in:  that all is written, that files have changed, signals, its end
//! out: what is to be done with it; the end of it all, if it ends by itself

use std::time::Instant;

use nix::sys::signal::Signal;

use super::End;
use super::event::{Action, Moment};
use super::job::JobState;
use super::state::{State, chain, wake_at};
use crate::child::process::{Exit, Order};
use crate::child::{Child, Ended, Step};
use crate::command::CommandError;
use crate::config::exec::ExecConfig;

impl State {
    /// In a run that renders once: is everything written, and only the child left to wait for?
    pub(super) fn only_child(&self) -> bool {
        self.is_once() && self.child.as_ref().is_some_and(|child| !child.is_waiting())
    }

    /// Starts the child when everything is written and its commands have run, and tells it of changes. All files first,
    /// then all commands, then the child.
    pub(super) fn keep_child(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.dry
            && let Some(child) = self.child.take()
        {
            let line = &child.config().line;
            tracing::warn!(name: "child.not_started", command = %line, "{line} is not started: a dry run starts no child");
        }
        let calm = !self.writing && self.running == 0 && self.ledger.is_tried();
        let ready = self.ending.is_none() && !self.command_failed;
        let Some(child) = &mut self.child else { return };
        if child.is_waiting() {
            if ready && calm && self.jobs.iter().all(JobState::is_written) {
                let step = child.start();
                self.files_changed = false;
                take(child, Some(step), actions);
                if self.only_child() {
                    // Nobody renders again.
                    actions.push(Action::Follow(std::collections::BTreeSet::new()));
                }
            }
            return;
        }
        if self.files_changed && calm {
            self.files_changed = false;
            child.changed(now, fastrand::f64());
        }
        let step = child.due(now);
        take(child, step, actions);
        if let Some(wake) = child.next_wake() {
            wake_at(&mut self.wake, wake);
        }
    }

    /// A signal for the child came to us.
    pub(super) fn pass_on(&mut self, signal: Signal, now: Moment, actions: &mut Vec<Action>) {
        if let Some(child) = &mut self.child {
            let step = child.hear(signal, now.instant, fastrand::f64());
            take(child, step, actions);
        }
    }

    /// The child is not wanted any more; `asked` is what has asked us to end, if a signal has.
    pub(super) fn stop_child(
        &mut self,
        asked: Option<Signal>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if let Some(child) = &mut self.child {
            let step = child.stop(asked, now);
            take(child, step, actions);
        }
    }

    /// The configuration is another. A child that is the same runs on.
    pub(super) fn renew_child(
        &mut self,
        exec: Option<ExecConfig>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        match (&mut self.child, exec) {
            (Some(child), Some(exec)) => {
                let step = child.renew(exec, now);
                take(child, step, actions);
            }
            (Some(child), None) if child.is_waiting() => self.child = None,
            (Some(_), None) => self.stop_child(None, now, actions),
            (None, Some(exec)) => self.child = Some(Child::new(exec)),
            (None, None) => {}
        }
    }

    /// The child has ended, or could not be started.
    pub(super) fn child_ended(
        &mut self,
        ended: Result<Exit, CommandError>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(child) = &mut self.child else { return };
        let config = child.config();
        let line = &config.line;
        let end = match ended {
            Ok(exit) => {
                let (code, ended) = (exit.code(), child.ended());
                match ended {
                    Ended::Anew => {
                        tracing::info!(name: "child.ended", command = %line, code, "{line} has ended {exit}, to start anew");
                        take(child, Some(Step::Start), actions);
                        return;
                    }
                    Ended::Asked => {
                        tracing::info!(name: "child.ended", command = %line, code, "{line} has ended {exit}");
                        if self.ending.is_none() {
                            // The configuration names none any more.
                            self.child = None;
                        }
                        return;
                    }
                    Ended::ByItself if code == 0 => {
                        tracing::info!(name: "child.ended", command = %line, code, "{line} has ended by itself {exit}");
                    }
                    Ended::ByItself => {
                        tracing::error!(name: "child.crashed", command = %line, code, "{line} has ended by itself {exit}");
                    }
                }
                End::Child(code)
            }
            Err(error) => {
                child.give_up();
                let error = chain(&error);
                tracing::error!(name: "child.failed", command = %line, error, "{error}");
                End::Failed
            }
        };
        if self.ending.is_none() {
            self.begin_to_end(end, None, now.instant, actions);
        }
    }
}

/// Says what is done with the child, and does it.
fn take(child: &Child, step: Option<Step>, actions: &mut Vec<Action>) {
    let config = child.config();
    let line = &config.line;
    match step {
        Some(Step::Start) => {
            tracing::info!(name: "child.started", command = %line, "{line} is started");
            actions.push(Action::StartChild(config));
        }
        Some(Step::Signal(signal)) => {
            tracing::info!(name: "child.signalled", command = %line, %signal, "{line} is sent {signal}");
            actions.push(Action::OrderChild(Order::Signal(signal)));
        }
        Some(Step::Kill) => {
            let limit = config.kill_timeout;
            tracing::warn!(name: "child.killed", command = %line, "{line} did not end within {limit:?}, and is killed");
            actions.push(Action::OrderChild(Order::Kill));
        }
        None => {}
    }
}
