//! Worker threads for work that may take long or hang: rendering, and reading files.
//!
//! Input: [`Task`]s. Output: the result of each.
//!
//! One idle thread is kept, so that a short task costs two wake-ups. If a task takes longer than
//! [`SLOW`], another thread takes over the queued tasks. A task that exceeds its limit is
//! abandoned: the pool reports the result that the task defines for this case, and no longer counts
//! its thread, which cannot be stopped. Threads are never joined, so that a hung thread does not
//! delay the exit of the process.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::task::{Key, NoResult, Task, TaskResult, Work};

mod state;

use state::{Running, SLOW, State};

/// The maximum number of threads, without those of abandoned tasks.
const MAX_THREADS: usize = 16;

/// The maximum number of abandoned tasks of a kind that still run. Above it, further tasks of this
/// kind fail at once.
const MAX_STUCK: usize = 32;

/// The maximum delay of a result. Results that are ready within this time are returned together.
const BATCH_TIME: Duration = Duration::from_millis(2);

/// The stack size of a thread, the same as that of the main thread. Only the used part takes
/// memory.
const STACK: usize = 8 << 20;

/// The pool of worker threads.
pub(super) struct Workers {
    shared: Arc<Shared>,
    /// Tasks that wait until a task with the same key has returned.
    waiting: BTreeMap<Key, Task>,
    pace: Pace,
}

/// The load of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Idle,
    Brief,
    Slow,
}

/// A report of the pool.
pub(super) enum Turn {
    /// Tasks have ended, or were abandoned.
    Results(Vec<TaskResult>),
    /// A running task has become slow.
    Slow,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes a thread for a task.
    task: Condvar,
    /// Wakes the loop for a result.
    result: Notify,
}

impl Workers {
    /// Creates a pool without threads.
    pub(super) fn new() -> Self {
        Self {
            shared: Arc::default(),
            waiting: BTreeMap::new(),
            pace: Pace::Idle,
        }
    }

    /// Queues tasks. A task whose key is in use starts after the earlier task has returned; if that
    /// task was abandoned, the new one is abandoned, too.
    pub(super) fn begin(&mut self, tasks: impl IntoIterator<Item = Task>) {
        let mut state = self.shared.lock();
        for task in tasks {
            let reason = if state.is_stuck(&task.key) {
                Some(NoResult::Overdue)
            } else if state.stuck(task.key.kind()) >= MAX_STUCK {
                Some(NoResult::TooManyStuck)
            } else {
                None
            };
            if let Some(reason) = reason {
                let result = (task.substitute)(reason);
                state.results.push(result);
                self.shared.result.notify_one();
            } else if state.has(&task.key) {
                self.waiting.insert(task.key.clone(), task);
            } else {
                state.queue.push_back(task);
            }
        }
        if state.queue.is_empty() {
            return;
        }
        if self.pace == Pace::Idle {
            self.pace = Pace::Brief;
        }
        if state.threads == 0 {
            self.shared.start_thread(&mut state);
        } else if state.idle > 0 {
            // The thread needs the lock at once.
            drop(state);
            self.shared.task.notify_one();
        }
    }

    /// Returns `true` while tasks run and none is slow.
    pub(super) fn are_briefly_busy(&self) -> bool {
        self.pace == Pace::Brief
    }

    /// Waits for results, or until a task becomes slow. Pends forever without tasks.
    pub(super) async fn next(&mut self) -> Turn {
        loop {
            let wake = match self.look(Instant::now()) {
                Ok(turn) => return turn,
                Err(wake) => wake,
            };
            let notified = self.shared.result.notified();
            match wake {
                None => notified.await,
                Some(wake) => tokio::select! {
                    () = notified => {}
                    () = tokio::time::sleep_until(wake.into()) => {}
                },
            }
        }
    }

    /// Returns the present report, or the time of the next check.
    fn look(&mut self, now: Instant) -> Result<Turn, Option<Instant>> {
        let mut state = self.shared.lock();
        state.give_up_overdue(now);
        let results = std::mem::take(&mut state.results);
        state.first_result = None;
        let mut returned = Vec::new();
        for result in &results {
            if !state.has(&result.key)
                && let Some(task) = self.waiting.remove(&result.key)
            {
                returned.push(task);
            }
        }
        let slowest = state.active().map(|running| running.since).min();
        let is_slow = slowest.is_some_and(|since| now >= since + SLOW);
        let needs_thread = state.threads == 0 || (is_slow && state.idle == 0);
        if needs_thread && !state.queue.is_empty() && state.threads < MAX_THREADS {
            self.shared.start_thread(&mut state);
        }
        let pace = match slowest {
            _ if is_slow => Pace::Slow,
            None if state.queue.is_empty() => Pace::Idle,
            _ => Pace::Brief,
        };
        let wake = state.next_wake(now, slowest);
        drop(state);
        let became_slow = pace == Pace::Slow && self.pace != Pace::Slow;
        self.pace = pace;
        self.begin(returned);
        if !results.is_empty() {
            Ok(Turn::Results(results))
        } else if became_slow {
            Ok(Turn::Slow)
        } else {
            Err(wake)
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.task.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_thread(self: &Arc<Self>, state: &mut State) {
        let shared = Arc::clone(self);
        let thread = thread::Builder::new()
            .name("worker".to_owned())
            .stack_size(STACK)
            .spawn(move || shared.work());
        match thread {
            Ok(_) => state.threads += 1,
            Err(error) if state.threads == 0 => self.refuse(state, &error),
            // The existing threads do the work.
            Err(_) => {}
        }
    }

    /// Fails all queued tasks, because no thread can be started.
    fn refuse(&self, state: &mut State, error: &io::Error) {
        tracing::error!(name: "process.no_thread", %error, "cannot start a thread: {error}");
        for task in std::mem::take(&mut state.queue) {
            state.results.push((task.substitute)(NoResult::NoThread));
        }
        self.result.notify_one();
    }

    /// The main loop of a worker thread.
    fn work(&self) {
        while let Some((id, work)) = self.take() {
            // The panic hook has logged where it panicked.
            let result = catch_unwind(AssertUnwindSafe(work)).ok();
            if !self.put(id, result) {
                return;
            }
        }
    }

    /// Waits for a task. Returns `None` if the thread is not needed any more.
    fn take(&self) -> Option<(u64, Work)> {
        let mut state = self.lock();
        let task = loop {
            if state.closed {
                return None;
            }
            if let Some(task) = state.queue.pop_front() {
                break task;
            }
            if state.idle > 0 {
                state.threads -= 1;
                return None;
            }
            state.idle += 1;
            state = self
                .task
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        };
        let id = state.next_id;
        state.next_id += 1;
        state.running.push(Running {
            id,
            key: task.key,
            since: Instant::now(),
            limit: task.limit,
            substitute: task.substitute,
            abandoned: false,
        });
        Some((id, task.work))
    }

    /// Delivers a result; `None` after a panic. Returns `false` if the task was abandoned; then the
    /// thread is not needed any more.
    fn put(&self, id: u64, result: Option<TaskResult>) -> bool {
        let mut state = self.lock();
        let place = state.running.iter().position(|running| running.id == id);
        let Some(running) = place.map(|place| state.running.swap_remove(place)) else {
            return false;
        };
        let in_time = !running.abandoned;
        let now = Instant::now();
        let result = result.unwrap_or_else(|| (running.substitute)(NoResult::Panicked));
        state
            .results
            .push(if in_time { result } else { result.late() });
        let first = *state.first_result.get_or_insert(now);
        // Deliver the results of one pass together.
        let is_due = state.queue.is_empty() || now >= first + BATCH_TIME;
        drop(state);
        if is_due {
            self.result.notify_one();
        }
        in_time
    }
}

#[cfg(test)]
mod tests;
