//! Decides when the changes of accepted answers are written to the state directory.
//!
//! Input: whether there are changes, the results of writes, reloads, the time. Output: the actions that write them.

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
    /// This many threads write: more than one only if a reload or the end of the process cannot wait for the first.
    Writing(u32),
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
        if let Phase::Writing(threads) = self.phase {
            self.phase = match threads {
                0 | 1 => Phase::Written(now.instant),
                _ => Phase::Writing(threads - 1),
            };
        }
    }

    /// Returns the action that writes the changes of the present server, if a reload sets another one.
    pub(super) fn before_reload(
        &mut self,
        event: &Event,
        renderer: &mut Renderer,
        now: Moment,
    ) -> Option<Action> {
        let Event::ConfigRead(Ok(renewal)) = event else {
            return None;
        };
        let is_due = self.phase != Phase::Off
            && renderer.has_unwritten()
            && renderer.is_other_server(&renewal.config);
        is_due.then(|| self.write(renderer, now))
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
        let threads = match self.phase {
            Phase::Writing(threads) => threads,
            Phase::Off | Phase::New | Phase::Written(_) => 0,
        };
        self.phase = Phase::Writing(threads.saturating_add(1));
        Action::KeepAnswers(renderer.take_unwritten(now))
    }

    /// The time of the next write.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let change = self.since.map(|since| since + self.delay);
        match self.phase {
            Phase::Off | Phase::Writing(_) => None,
            Phase::New => change,
            Phase::Written(last) => {
                let change = change.map(|due| due.max(last + self.delay));
                Some(change.unwrap_or(last + HEARTBEAT))
            }
        }
    }
}
