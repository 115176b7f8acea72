//! The thread that owns the ledger, and runs tasks with it in their order.
//!
//! Input: tasks. Output: their results. A task runs even if its caller has timed out.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

/// The maximum size of the contents that wait while the thread hangs. Further ones are dropped, but no task is: a task
/// without contents needs less than a kilobyte, and may end what an earlier one has begun.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// The time that dropping waits for the end of the thread, unless it hangs.
const END_TIMEOUT: Duration = Duration::from_millis(200);

type Task<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The thread, with a value of its own: the ledger. It ends after all its tasks when this value is dropped.
///
/// | method | its caller waits | if the thread hangs |
/// |---|---|---|
/// | [`call`](Self::call), [`call_with`](Self::call_with) | until the timeout | the task runs later, `call_with` without its contents if too many wait |
/// | [`ask`](Self::ask) | until the timeout | a task that has not begun is dropped |
/// | [`wait`](Self::wait) | without a limit | the task runs later |
/// | [`send`](Self::send) | not at all | the task runs later |
///
/// After one caller has timed out, `call`, `call_with` and `ask` return at once while the thread is overdue.
pub(super) struct LedgerThread<T> {
    queue: Arc<Queue<T>>,
}

struct Queue<T> {
    tasks: Mutex<Tasks<T>>,
    /// How long a caller waits for a result. A task that takes longer is slow.
    timeout: Duration,
    changed: Condvar,
}

struct Tasks<T> {
    /// The tasks with the sizes of their contents.
    waiting: VecDeque<(usize, Task<T>)>,
    /// The sum of the sizes.
    bytes: usize,
    /// The time at which the task in progress began.
    begun: Option<Instant>,
    /// `true` if a caller has timed out during the task in progress.
    is_slow: bool,
    /// `true` if a caller has timed out. The others do not wait until a task is not slow, or none is left.
    is_overdue: bool,
    reported: Reported,
    phase: Phase,
}

/// What a caller knows already. `overdue` and `dropped` end with the next task that is not slow.
#[derive(Clone, Copy, Debug, Default)]
struct Reported {
    overdue: bool,
    dropped: bool,
    panicked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The thread ends after the tasks that wait.
    Closed,
    Ended,
}

/// The reason for which a caller has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoResult {
    /// The thread takes too long for its task. `is_first` is `true` for the first caller that has timed out.
    Overdue { is_first: bool },
    /// Like `Overdue`, and the contents of the task are the first ones that are dropped.
    ContentsDropped,
    /// The task has panicked. The thread continues with the next one.
    Panicked { is_first: bool },
}

impl<T: Send + 'static> LedgerThread<T> {
    /// Starts a thread with this value.
    ///
    /// # Errors
    /// The error of starting it.
    pub(super) fn start(value: T, timeout: Duration) -> io::Result<Self> {
        let tasks = Tasks {
            waiting: VecDeque::new(),
            bytes: 0,
            begun: None,
            is_slow: false,
            is_overdue: false,
            reported: Reported::default(),
            phase: Phase::Open,
        };
        let queue = Arc::new(Queue {
            tasks: Mutex::new(tasks),
            timeout,
            changed: Condvar::new(),
        });
        let own = Arc::clone(&queue);
        let run = move || own.run(value);
        thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(run)?;
        Ok(Self { queue })
    }

    /// Runs a task, and waits for its result until the timeout. The task runs even after that.
    pub(super) fn call<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, NoResult> {
        self.call_with(0, (), move |value, _| work(value))
    }

    /// Like [`call`](Self::call), with contents of this size. While the thread hangs, too many contents are dropped,
    /// and the task runs without them.
    pub(super) fn call_with<C: Send + 'static, R: Send + 'static>(
        &self,
        bytes: usize,
        contents: C,
        work: impl FnOnce(&mut T, Option<C>) -> R + Send + 'static,
    ) -> Result<R, NoResult> {
        let (done, result) = mpsc::channel();
        let pushed = self.push(bytes, contents, move |value, contents| {
            drop(done.send(work(value, contents)));
        });
        pushed?;
        let received = result.recv_timeout(self.queue.timeout);
        received.map_err(|error| match error {
            RecvTimeoutError::Timeout => self.queue.overdue(),
            RecvTimeoutError::Disconnected => self.queue.panicked(),
        })
    }

    /// Like [`call`](Self::call), but a task that has not begun before the timeout is dropped.
    pub(super) fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, NoResult> {
        let caller = Arc::new(());
        let waits = Arc::downgrade(&caller);
        let result = self.call(move |value| waits.upgrade().map(|_| work(value)));
        drop(caller);
        result?.ok_or(NoResult::Overdue { is_first: false })
    }

    /// Runs a task, and waits for its result without a limit.
    pub(super) fn wait<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, NoResult> {
        let (done, result) = mpsc::channel();
        let _ = self.push(0, (), move |value, _| drop(done.send(work(value))));
        result.recv().map_err(|_| self.queue.panicked())
    }

    /// Runs a task, and does not wait for it.
    pub(super) fn send(&self, work: impl FnOnce(&mut T) + Send + 'static) {
        let _ = self.push(0, (), move |value, _| work(value));
    }

    /// Returns `true` if the task in progress has taken this time.
    pub(super) fn is_busy_for(&self, time: Duration) -> bool {
        let begun = self.queue.lock().begun;
        begun.is_some_and(|begun| begun.elapsed() >= time)
    }

    /// Adds a task, without its contents if there is no room for them.
    ///
    /// # Errors
    /// [`NoResult`] if the thread is overdue, so that the caller does not wait.
    fn push<C: Send + 'static>(
        &self,
        bytes: usize,
        contents: C,
        task: impl FnOnce(&mut T, Option<C>) + Send + 'static,
    ) -> Result<(), NoResult> {
        let mut tasks = self.queue.lock();
        let sum = tasks.bytes.saturating_add(bytes);
        let is_dropped = tasks.is_overdue && bytes > 0 && sum > MAX_WAITING_BYTES;
        let is_first = is_dropped && !std::mem::replace(&mut tasks.reported.dropped, true);
        let (bytes, contents) = if is_dropped {
            (0, None)
        } else {
            (bytes, Some(contents))
        };
        tasks.bytes = tasks.bytes.saturating_add(bytes);
        let task = Box::new(move |value: &mut T| task(value, contents));
        tasks.waiting.push_back((bytes, task));
        let is_overdue = tasks.is_overdue;
        drop(tasks);
        self.queue.changed.notify_one();
        if is_first {
            Err(NoResult::ContentsDropped)
        } else if is_overdue {
            Err(NoResult::Overdue { is_first: false })
        } else {
            Ok(())
        }
    }
}

impl<T> Queue<T> {
    /// Runs tasks until the queue is closed.
    fn run(&self, mut value: T) {
        while let Some(task) = self.next() {
            // The panic hook has logged where it panicked. The value is still usable: a transaction in progress is
            // rolled back when it is dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| task(&mut value)));
        }
        drop(value);
        self.lock().phase = Phase::Ended;
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Task<T>> {
        let mut tasks = self.lock();
        let took = tasks
            .begun
            .take()
            .map_or(Duration::ZERO, |begun| begun.elapsed());
        let is_slow = std::mem::take(&mut tasks.is_slow) || took >= self.timeout;
        if !is_slow {
            tasks.is_overdue = false;
            tasks.reported.overdue = false;
            tasks.reported.dropped = false;
        }
        loop {
            if let Some((bytes, task)) = tasks.waiting.pop_front() {
                tasks.bytes = tasks.bytes.saturating_sub(bytes);
                tasks.begun = Some(Instant::now());
                return Some(task);
            }
            if tasks.phase != Phase::Open {
                return None;
            }
            tasks.is_overdue = false;
            let changed = self.changed.wait(tasks);
            tasks = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Records that a caller has timed out, unless the thread has just finished.
    fn overdue(&self) -> NoResult {
        let mut tasks = self.lock();
        let is_busy = tasks.begun.is_some() || !tasks.waiting.is_empty();
        tasks.is_slow |= is_busy;
        tasks.is_overdue |= is_busy;
        NoResult::Overdue {
            is_first: is_busy && !std::mem::replace(&mut tasks.reported.overdue, true),
        }
    }

    fn panicked(&self) -> NoResult {
        let mut tasks = self.lock();
        NoResult::Panicked {
            is_first: !std::mem::replace(&mut tasks.reported.panicked, true),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tasks<T>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for LedgerThread<T> {
    fn drop(&mut self) {
        let mut tasks = self.queue.lock();
        tasks.phase = Phase::Closed;
        self.queue.changed.notify_all();
        if !tasks.is_overdue {
            let runs = |tasks: &mut Tasks<T>| tasks.phase != Phase::Ended;
            let changed = &self.queue.changed;
            drop(changed.wait_timeout_while(tasks, END_TIMEOUT, runs));
        }
    }
}

impl<T> fmt::Debug for LedgerThread<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LedgerThread").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
