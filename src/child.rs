//! The supervised child process (`exec`): decides when it is started, signalled, restarted and killed.
//!
//! Input: an [`ExecConfig`], changes of files, signals, the time.
//! Output: [`Step`]s, which the crate `process-tree` executes.
//!
//! The decisions here touch neither processes nor the clock. The splay of a change and the kill timeout are wake-up
//! times, so rendering never waits for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::config::exec::{ExecConfig, OnChange};

/// An action on the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start it.
    Start,
    /// Send it this signal.
    Signal(Signal),
    /// Kill it with all its descendants.
    Kill,
}

/// The state of the child.
#[derive(Debug)]
pub struct Child {
    config: Arc<ExecConfig>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It has not been started yet.
    Waiting,
    Running {
        /// When it is signalled or restarted because of a change.
        change: Option<Instant>,
    },
    /// It got its kill signal.
    Stopping {
        /// When it is killed; `None` if it was killed.
        kill: Option<Instant>,
        then: Then,
    },
    /// It has ended, and will not be started again.
    Over,
}

/// What follows a requested end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It is started again.
    Start,
    /// Nothing.
    End,
    /// The same as after an end by itself: the user has sent it the kill signal through ctmpl.
    OwnEnd,
}

/// What the end of the child means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was requested, and the child is started again.
    Restarting,
    /// It was requested.
    Requested,
    /// It was not requested.
    ByItself,
}

impl Child {
    /// Creates a child that is not started yet.
    pub fn new(config: ExecConfig) -> Self {
        Self {
            config: Arc::new(config),
            phase: Phase::Waiting,
        }
    }

    /// Its configuration.
    pub fn config(&self) -> Arc<ExecConfig> {
        Arc::clone(&self.config)
    }

    /// Returns `true` if it has not been started yet.
    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// Returns `true` if there is no process, and none will be started by itself.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Over)
    }

    /// Starts it for the first time.
    pub fn start(&mut self) -> Step {
        self.phase = Phase::Running { change: None };
        Step::Start
    }

    /// Handles a changed file: the child is signalled or restarted after `share` (0 to 1) of the splay. A child that is
    /// about to be restarted sees the change anyway.
    pub fn changed(&mut self, now: Instant, share: f64) {
        if let Phase::Running {
            change: change @ None,
        } = &mut self.phase
        {
            *change = Some(now + self.config.splay.mul_f64(share.clamp(0.0, 1.0)));
        }
    }

    /// Handles a signal that ctmpl passes on. The reload signal counts as a change. The kill signal ends the child as if it
    /// had ended by itself.
    pub fn hear(&mut self, signal: Signal, now: Instant, share: f64) -> Option<Step> {
        if !matches!(self.phase, Phase::Running { .. }) {
            return None;
        }
        if self.config.on_change == OnChange::Signal(signal) {
            self.changed(now, share);
            return self.due(now);
        }
        if self.config.kill_signal.signal(None) == Some(signal) {
            return self.ask_to_end(None, now, Then::OwnEnd);
        }
        Some(Step::Signal(signal))
    }

    /// The step that is due now, if any.
    pub fn due(&mut self, now: Instant) -> Option<Step> {
        match self.phase {
            Phase::Running {
                change: Some(change),
            } if change <= now => match self.config.on_change {
                OnChange::Signal(signal) => {
                    self.phase = Phase::Running { change: None };
                    Some(Step::Signal(signal))
                }
                OnChange::Restart => self.ask_to_end(None, now, Then::Start),
                OnChange::Nothing => {
                    self.phase = Phase::Running { change: None };
                    None
                }
            },
            Phase::Stopping {
                kill: Some(kill),
                then,
            } if kill <= now => {
                self.phase = Phase::Stopping { kill: None, then };
                Some(Step::Kill)
            }
            _ => None,
        }
    }

    /// When [`due`](Self::due) may have a step.
    pub fn next_wake(&self) -> Option<Instant> {
        match self.phase {
            Phase::Running { change } => change,
            Phase::Stopping { kill, .. } => kill,
            Phase::Waiting | Phase::Over => None,
        }
    }

    /// Stops the child. `asked` is the signal that stops ctmpl, if it was a signal.
    pub fn stop(&mut self, asked: Option<Signal>, now: Instant) -> Option<Step> {
        match &mut self.phase {
            Phase::Running { .. } => self.ask_to_end(asked, now, Then::End),
            Phase::Stopping { then, .. } => {
                *then = Then::End;
                None
            }
            Phase::Waiting | Phase::Over => {
                self.phase = Phase::Over;
                None
            }
        }
    }

    /// The time limit of [`stop`](Self::stop).
    pub fn grace(&self) -> Duration {
        if self.is_over() {
            Duration::ZERO
        } else {
            self.config.kill_timeout
        }
    }

    /// Applies a new configuration: the child is restarted if its command line or environment changes.
    pub fn renew(&mut self, config: ExecConfig, now: Instant) -> Option<Step> {
        let same = config.line == self.config.line && config.environment == self.config.environment;
        let step = match self.phase {
            // The old kill signal is for the old program.
            Phase::Running { .. } if !same => self.ask_to_end(None, now, Then::Start),
            Phase::Stopping {
                kill,
                then: Then::End,
            } => {
                self.phase = Phase::Stopping {
                    kill,
                    then: Then::Start,
                };
                None
            }
            _ => None,
        };
        self.config = Arc::new(config);
        step
    }

    /// Records that it could not be started, or that its exit status is unknown.
    pub fn give_up(&mut self) {
        self.phase = Phase::Over;
    }

    /// Records that it has ended; returns what that means.
    pub fn ended(&mut self) -> Ended {
        let ended = match self.phase {
            Phase::Stopping {
                then: Then::Start, ..
            } => Ended::Restarting,
            Phase::Stopping {
                then: Then::End, ..
            } => Ended::Requested,
            Phase::Stopping {
                then: Then::OwnEnd, ..
            }
            | Phase::Running { .. }
            | Phase::Waiting
            | Phase::Over => Ended::ByItself,
        };
        self.phase = if ended == Ended::Restarting {
            Phase::Running { change: None }
        } else {
            Phase::Over
        };
        ended
    }

    fn ask_to_end(&mut self, asked: Option<Signal>, now: Instant, then: Then) -> Option<Step> {
        self.phase = Phase::Stopping {
            kill: Some(now + self.config.kill_timeout),
            then,
        };
        self.config.kill_signal.signal(asked).map(Step::Signal)
    }
}

#[cfg(test)]
mod tests;
