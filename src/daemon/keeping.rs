//! Decides when the changes of accepted answers are written to the state directory.
//!
//! Input: whether there are changes, the results of writes, the time. Output: the actions that write them.

use std::time::{Duration, Instant};

use super::event::{Action, Event, Moment};
use super::renderer::Renderer;

/// The time from a change until it is written; later changes are written with it.
const DELAY: Duration = Duration::from_secs(1);
/// The delay is this many times the duration of the last write, so that writing takes a bounded share of a processor.
const DURATIONS: u32 = 50;
/// The delay after a write that has failed.
const DELAY_AFTER_FAILURE: Duration = Duration::from_secs(60);
/// Without changes, the time at which the answers were current is written this often.
const HEARTBEAT: Duration = Duration::from_secs(600);

/// The times of the writes.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    phase: Phase,
    /// The time of the first change that is not written.
    since: Option<Instant>,
    delay: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// No answers are kept.
    #[default]
    Off,
    /// Nothing was written yet.
    New,
    /// A thread writes.
    Writing,
    /// The last write ended at this time.
    Written(Instant),
}

impl Keeping {
    /// Creates a value for a process that keeps answers.
    pub(super) fn on() -> Self {
        Self {
            phase: Phase::New,
            since: None,
            delay: DELAY,
        }
    }

    /// Handles the result of a write.
    pub(super) fn handle(&mut self, event: &Event, now: Moment) {
        let Event::AnswersKept(_, result) = event else {
            return;
        };
        self.delay = match result {
            Ok(write) => DELAY.max(write.took.saturating_mul(DURATIONS)),
            Err(_) => DELAY_AFTER_FAILURE,
        };
        if self.phase == Phase::Writing {
            self.phase = Phase::Written(now.instant);
        }
    }

    /// Returns the action that writes the changes, if it is due.
    pub(super) fn advance(&mut self, renderer: &mut Renderer, now: Moment) -> Option<Action> {
        if renderer.has_unwritten() && self.phase != Phase::Off {
            self.since.get_or_insert(now.instant);
        }
        let is_due = self.next_wake().is_some_and(|due| due <= now.instant);
        is_due.then(|| self.write(renderer, now))
    }

    /// Returns the action that writes what is not written yet.
    pub(super) fn finish(&mut self, renderer: &mut Renderer, now: Moment) -> Option<Action> {
        (self.phase != Phase::Off).then(|| self.write(renderer, now))
    }

    fn write(&mut self, renderer: &mut Renderer, now: Moment) -> Action {
        self.since = None;
        self.phase = Phase::Writing;
        Action::KeepAnswers(renderer.take_unwritten(now))
    }

    /// The time of the next write.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let change = self.since.map(|since| since + self.delay);
        match self.phase {
            Phase::Off | Phase::Writing => None,
            Phase::New => change,
            Phase::Written(last) => {
                let change = change.map(|due| due.max(last + self.delay));
                Some(change.unwrap_or(last + HEARTBEAT))
            }
        }
    }
}
