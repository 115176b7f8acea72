//! The supervised child process (`exec`): decides when it is started, signalled, restarted and killed.
//!
//! Input: an [`ExecConfig`], changed files, signals, the time. Output: [`Step`]s, which the crate
//! `process-tree` executes.
//!
//! The decisions touch neither processes nor the clock. The splay of a change and the kill timeout
//! are wake-up times, so rendering never waits for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ctmpl_options::config::exec::{ExecConfig, OnChange};
use nix::sys::signal::Signal;

/// A step with the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start the child.
    Start,
    /// Send this signal to the child.
    Signal(Signal),
    /// Kill the child with all its descendants.
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
    /// The child has not been started yet.
    Waiting,
    Running {
        /// The time at which the child is signalled or restarted because of a change; `None`
        /// without a change.
        change: Option<Instant>,
    },
    /// The child has received its kill signal.
    Stopping {
        /// The time at which the child is killed; `None` after it was killed.
        kill: Option<Instant>,
        then: Then,
    },
    /// The child has exited and will not be started again.
    Over,
}

/// The continuation after a requested exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The child is started again.
    Start,
    /// Nothing follows.
    End,
    /// ctmpl exits as after an unrequested exit: the user has sent the kill signal to the child
    /// through ctmpl.
    Unrequested,
}

/// The meaning of the child's exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The exit was requested, and the child is started again.
    Restarting,
    /// The exit was requested.
    Requested,
    /// The exit was not requested.
    Unrequested,
}

impl Child {
    /// Creates a child that is not started yet.
    pub fn new(config: ExecConfig) -> Self {
        Self {
            config: Arc::new(config),
            phase: Phase::Waiting,
        }
    }

    /// The configuration.
    pub fn config(&self) -> Arc<ExecConfig> {
        Arc::clone(&self.config)
    }

    /// Returns `true` if the child has not been started yet.
    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// Returns `true` if no process is running, and none is going to be started.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Over)
    }

    /// Starts the child for the first time.
    pub fn start(&mut self) -> Step {
        self.phase = Phase::Running { change: None };
        Step::Start
    }

    /// Handles a changed file: the child is signalled or restarted after the fraction `share` (0 to
    /// 1) of the splay. A child that is being restarted loads the change anyway.
    pub fn changed(&mut self, now: Instant, share: f64) {
        if let Phase::Running {
            change: change @ None,
        } = &mut self.phase
        {
            *change = Some(now + self.config.splay.mul_f64(share.clamp(0.0, 1.0)));
        }
    }

    /// Handles a signal for the child. The reload signal counts as a change. The kill signal ends
    /// the child, and ctmpl as after an unrequested exit.
    pub fn handle_signal(&mut self, signal: Signal, now: Instant, share: f64) -> Option<Step> {
        if !matches!(self.phase, Phase::Running { .. }) {
            return None;
        }
        if self.config.on_change == OnChange::Signal(signal) {
            self.changed(now, share);
            return self.due(now);
        }
        if self.config.kill_signal.signal(None) == Some(signal) {
            return self.request_stop(None, now, Then::Unrequested);
        }
        Some(Step::Signal(signal))
    }

    /// Returns the step that is due now.
    pub fn due(&mut self, now: Instant) -> Option<Step> {
        match self.phase {
            Phase::Running {
                change: Some(change),
            } if change <= now => match self.config.on_change {
                OnChange::Signal(signal) => {
                    self.phase = Phase::Running { change: None };
                    Some(Step::Signal(signal))
                }
                OnChange::Restart => self.request_stop(None, now, Then::Start),
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

    /// The time of the next step that [`due`](Self::due) may return.
    pub fn next_wake(&self) -> Option<Instant> {
        match self.phase {
            Phase::Running { change } => change,
            Phase::Stopping { kill, .. } => kill,
            Phase::Waiting | Phase::Over => None,
        }
    }

    /// Stops the child. `received` is the signal that stops ctmpl, if any.
    pub fn stop(&mut self, received: Option<Signal>, now: Instant) -> Option<Step> {
        match &mut self.phase {
            Phase::Running { .. } => self.request_stop(received, now, Then::End),
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

    /// Adopts a new configuration. The child is restarted if its command line or environment has changed.
    pub fn renew(&mut self, config: ExecConfig, now: Instant) -> Option<Step> {
        let same = config.line == self.config.line && config.environment == self.config.environment;
        let step = match self.phase {
            // The old kill signal applies to the old program.
            Phase::Running { .. } if !same => self.request_stop(None, now, Then::Start),
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

    /// Records that the child could not be started, or that its exit status is unknown.
    pub fn give_up(&mut self) {
        self.phase = Phase::Over;
    }

    /// Records the exit of the child. Returns its meaning.
    pub fn ended(&mut self) -> Ended {
        let ended = match self.phase {
            Phase::Stopping {
                then: Then::Start, ..
            } => Ended::Restarting,
            Phase::Stopping {
                then: Then::End, ..
            } => Ended::Requested,
            Phase::Stopping {
                then: Then::Unrequested,
                ..
            }
            | Phase::Running { .. }
            | Phase::Waiting
            | Phase::Over => Ended::Unrequested,
        };
        self.phase = if ended == Ended::Restarting {
            Phase::Running { change: None }
        } else {
            Phase::Over
        };
        ended
    }

    fn request_stop(&mut self, received: Option<Signal>, now: Instant, then: Then) -> Option<Step> {
        self.phase = Phase::Stopping {
            kill: Some(now + self.config.kill_timeout),
            then,
        };
        self.config.kill_signal.signal(received).map(Step::Signal)
    }
}

#[cfg(test)]
mod tests;
