//! The state that worker threads share: queued and running tasks, and results.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::daemon::executor::task::{Key, Kind, NoResult, Substitute, Task, TaskResult};

/// The duration after which a running task does not delay queued tasks any more.
pub(super) const SLOW: Duration = Duration::from_millis(20);

/// Queued and running tasks, and results.
#[derive(Default)]
pub(super) struct State {
    pub(super) queue: VecDeque<Task>,
    pub(super) running: Vec<Running>,
    pub(super) results: Vec<TaskResult>,
    /// The time at which the first of the results was added.
    pub(super) first_result: Option<Instant>,
    /// The number of threads that run or wait for a task, without those of abandoned tasks.
    pub(super) threads: usize,
    /// The number of threads that wait for a task.
    pub(super) idle: usize,
    pub(super) next_id: u64,
    pub(super) closed: bool,
}

/// A task on a thread.
pub(super) struct Running {
    pub(super) id: u64,
    pub(super) key: Key,
    pub(super) since: Instant,
    pub(super) limit: Duration,
    /// Creates the result of a task that has none of its own.
    pub(super) substitute: Substitute,
    /// `true` after the task exceeded its limit; its substitute was delivered then.
    pub(super) abandoned: bool,
}

impl State {
    /// Returns `true` if a task with this key is queued or running.
    pub(super) fn has(&self, key: &Key) -> bool {
        let mut running = self.running.iter();
        running.any(|running| running.key == *key) || self.queue.iter().any(|task| task.key == *key)
    }

    /// Returns `true` if a task with this key was abandoned and still runs.
    pub(super) fn is_stuck(&self, key: &Key) -> bool {
        let mut running = self.running.iter();
        running.any(|running| running.abandoned && running.key == *key)
    }

    /// The running tasks that were not abandoned.
    pub(super) fn active(&self) -> impl Iterator<Item = &Running> {
        let running = self.running.iter();
        running.filter(|running| !running.abandoned)
    }

    /// The number of abandoned tasks of this kind that still run.
    pub(super) fn stuck(&self, kind: Kind) -> usize {
        let running = self.running.iter();
        running
            .filter(|running| running.abandoned && running.key.kind() == kind)
            .count()
    }

    pub(super) fn give_up_overdue(&mut self, now: Instant) {
        let mut results = Vec::new();
        for running in &mut self.running {
            if !running.abandoned && now >= running.since + running.limit {
                running.abandoned = true;
                self.threads -= 1;
                results.push((running.substitute)(NoResult::Overdue));
            }
        }
        self.results.extend(results);
    }

    pub(super) fn next_wake(&self, now: Instant, slowest: Option<Instant>) -> Option<Instant> {
        let limits = self.active().map(|running| running.since + running.limit);
        let slow = slowest.map(|since| since + SLOW);
        // Further threads for queued tasks are started one at a time.
        let slow = match slow {
            Some(slow) if slow <= now => (!self.queue.is_empty()).then(|| now + SLOW),
            slow => slow,
        };
        // If no thread could be started for it, the next check tries again.
        let waiting = (!self.queue.is_empty()).then(|| now + SLOW);
        limits.chain(slow).chain(waiting).min()
    }
}
