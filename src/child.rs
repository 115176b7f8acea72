//! One child that is kept running, as the files need it.
//!
//! in:  an [`ExecConfig`], the news that files have changed, signals, the time
//! out: [`Step`]s: start it, send it a signal, kill it; [`process`] takes them
//!
//! Nothing here touches a process or a clock. A change waits for its splay, and an end for its grace, as times to look
//! again; whoever renders never waits for either.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::config::exec::{ExecConfig, OnChange};

mod control_socket;
mod proc_table;
pub mod process;
pub mod reaper;

/// What is to be done with the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start it.
    Start,
    /// Send it this signal.
    Signal(Signal),
    /// Kill it, with everything it has started.
    Kill,
}

/// Where the child stands.
#[derive(Debug)]
pub struct Child {
    config: Arc<ExecConfig>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody has started it yet.
    Waiting,
    Running {
        /// When a change is told to it.
        change: Option<Instant>,
    },
    /// It was asked to end.
    Stopping {
        /// When it is killed; `None`: that was done.
        kill: Option<Instant>,
        then: Then,
    },
    /// It has ended, and is not started again.
    Over,
}

/// What comes after an end that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It starts anew.
    Start,
    /// Nothing.
    End,
    /// Whatever comes when it ends by itself: somebody else has asked it, through us.
    OwnEnd,
}

/// What the end of a child means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked for, and the child starts anew.
    Anew,
    /// It was asked for.
    Asked,
    /// It was not.
    ByItself,
}

impl Child {
    /// One that is still to be started.
    pub fn new(config: ExecConfig) -> Self {
        Self {
            config: Arc::new(config),
            phase: Phase::Waiting,
        }
    }

    /// What it is run by.
    pub fn config(&self) -> Arc<ExecConfig> {
        Arc::clone(&self.config)
    }

    /// Is it still to be started?
    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// Is there no process, and none to come by itself?
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Over)
    }

    /// Starts it for the first time.
    pub fn start(&mut self) -> Step {
        self.phase = Phase::Running { change: None };
        Step::Start
    }

    /// A file has changed. It is told when its splay is over, of which `share` (from 0 to 1) is taken; one that is about
    /// to start anew sees it anyway.
    pub fn changed(&mut self, now: Instant, share: f64) {
        if let Phase::Running {
            change: change @ None,
        } = &mut self.phase
        {
            *change = Some(now + self.config.splay.mul_f64(share.clamp(0.0, 1.0)));
        }
    }

    /// A signal for it came to us. The one that tells it of changes does so; the one that asks it to end does that, and the
    /// end is then its own.
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

    /// What is due by now.
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

    /// When to look again.
    pub fn next_wake(&self) -> Option<Instant> {
        match self.phase {
            Phase::Running { change } => change,
            Phase::Stopping { kill, .. } => kill,
            Phase::Waiting | Phase::Over => None,
        }
    }

    /// It is not wanted any more; `asked` is what has asked us to end, if a signal has.
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

    /// How long [`stop`](Self::stop) may take.
    pub fn grace(&self) -> Duration {
        if self.is_over() {
            Duration::ZERO
        } else {
            self.config.kill_timeout
        }
    }

    /// It is run like this from now on: started anew, if it is another program or has another environment.
    pub fn renew(&mut self, config: ExecConfig, now: Instant) -> Option<Step> {
        let same = config.line == self.config.line && config.environment == self.config.environment;
        let step = match self.phase {
            // The old one is asked as it wants to be.
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

    /// It could not be started, or is lost.
    pub fn give_up(&mut self) {
        self.phase = Phase::Over;
    }

    /// It has ended.
    pub fn ended(&mut self) -> Ended {
        let ended = match self.phase {
            Phase::Stopping {
                then: Then::Start, ..
            } => Ended::Anew,
            Phase::Stopping {
                then: Then::End, ..
            } => Ended::Asked,
            Phase::Stopping {
                then: Then::OwnEnd, ..
            }
            | Phase::Running { .. }
            | Phase::Waiting
            | Phase::Over => Ended::ByItself,
        };
        self.phase = if ended == Ended::Anew {
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
