//! A thread that owns a value, and carries out tasks with it in their order.
//!
//! Input: tasks. Output: their results. No caller waits without a limit, unless it chooses to. A task for whose
//! result its caller does not wait any more is carried out nevertheless, as soon as the thread gets to it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

/// The maximum size of the tasks that wait while the thread hangs. Further ones are dropped.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// The size of a task without contents.
const TASK_BYTES: usize = 512;

/// The time that dropping waits for the end of the thread, unless it hangs.
const END_TIMEOUT: Duration = Duration::from_millis(200);

type Task<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The thread. It ends after all its tasks when this value is dropped.
pub(super) struct Worker<T> {
    queue: Arc<Queue<T>>,
    /// How long a caller waits for a result.
    patience: Duration,
}

struct Queue<T> {
    tasks: Mutex<Tasks<T>>,
    changed: Condvar,
}

struct Tasks<T> {
    /// The tasks with their sizes.
    waiting: VecDeque<(usize, Task<T>)>,
    /// The sum of the sizes.
    bytes: usize,
    /// The time at which the task in progress began.
    begun: Option<Instant>,
    /// `true` if a caller has waited in vain for the task in progress. The others do not wait then.
    is_overdue: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The thread ends after the tasks that wait.
    Closed,
    Ended,
}

/// A result that is not known in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overdue {
    /// `true` if this is the first caller that has waited in vain.
    pub(super) is_first: bool,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts a thread with this value.
    ///
    /// # Errors
    /// The error of starting it.
    pub(super) fn start(value: T, patience: Duration) -> io::Result<Self> {
        let tasks = Tasks {
            waiting: VecDeque::new(),
            bytes: 0,
            begun: None,
            is_overdue: false,
            phase: Phase::Open,
        };
        let queue = Arc::new(Queue {
            tasks: Mutex::new(tasks),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&queue);
        let run = move || own.run(value);
        thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(run)?;
        Ok(Self { queue, patience })
    }

    /// Carries out a task, and waits for its result. If that takes too long, the task is carried out later.
    /// `bytes` is the size of the contents in it.
    pub(super) fn call<R: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Overdue> {
        let (done, result) = mpsc::channel();
        let is_overdue = self.push(bytes, move |value| drop(done.send(work(value))));
        if is_overdue {
            return Err(Overdue { is_first: false });
        }
        let received = result.recv_timeout(self.patience);
        received.map_err(|_| self.queue.overdue())
    }

    /// Like [`call`](Self::call), but a task that has not begun in time is not carried out.
    pub(super) fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Overdue> {
        let caller = Arc::new(());
        let waits = Arc::downgrade(&caller);
        let result = self.call(0, move |value| waits.upgrade().map(|_| work(value)));
        drop(caller);
        result?.ok_or(Overdue { is_first: false })
    }

    /// Carries out a task, and waits for its result without a limit; `None` if the task is dropped.
    pub(super) fn wait<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Option<R> {
        let (done, result) = mpsc::channel();
        self.push(0, move |value| drop(done.send(work(value))));
        result.recv().ok()
    }

    /// Carries out a task, and does not wait for it.
    pub(super) fn send(&self, work: impl FnOnce(&mut T) + Send + 'static) {
        self.push(0, work);
    }

    /// Returns `true` if the task in progress has taken this time.
    pub(super) fn is_busy_for(&self, time: Duration) -> bool {
        let begun = self.queue.lock().begun;
        begun.is_some_and(|begun| begun.elapsed() >= time)
    }

    /// Adds a task. Returns `true` if the thread is overdue.
    fn push(&self, bytes: usize, task: impl FnOnce(&mut T) + Send + 'static) -> bool {
        let mut tasks = self.queue.lock();
        let bytes = bytes.saturating_add(TASK_BYTES);
        let sum = tasks.bytes.saturating_add(bytes);
        if !tasks.is_overdue || sum <= MAX_WAITING_BYTES {
            tasks.bytes = sum;
            tasks.waiting.push_back((bytes, Box::new(task)));
        }
        let is_overdue = tasks.is_overdue;
        drop(tasks);
        self.queue.changed.notify_one();
        is_overdue
    }
}

impl<T> Queue<T> {
    /// Carries out tasks until the queue is closed.
    fn run(&self, mut value: T) {
        while let Some(task) = self.next() {
            task(&mut value);
        }
        drop(value);
        self.lock().phase = Phase::Ended;
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Task<T>> {
        let mut tasks = self.lock();
        (tasks.begun, tasks.is_overdue) = (None, false);
        loop {
            if let Some((bytes, task)) = tasks.waiting.pop_front() {
                tasks.bytes = tasks.bytes.saturating_sub(bytes);
                tasks.begun = Some(Instant::now());
                return Some(task);
            }
            if tasks.phase != Phase::Open {
                return None;
            }
            let changed = self.changed.wait(tasks);
            tasks = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that a caller has waited in vain, unless the thread has just finished.
    fn overdue(&self) -> Overdue {
        let mut tasks = self.lock();
        let is_busy = tasks.begun.is_some();
        Overdue {
            is_first: is_busy && !std::mem::replace(&mut tasks.is_overdue, true),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tasks<T>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Worker<T> {
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

impl<T> fmt::Debug for Worker<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Worker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker with a list, which hangs until the returned value is dropped.
    fn hung() -> (Worker<Vec<u32>>, mpsc::Sender<()>) {
        let worker = Worker::start(Vec::new(), Duration::from_millis(50)).unwrap();
        let (release, held) = mpsc::channel();
        let (begun, begins) = mpsc::channel();
        worker.send(move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
        });
        begins.recv().unwrap();
        (worker, release)
    }

    #[test]
    fn tasks_are_carried_out_in_their_order_also_after_their_callers_have_given_up() {
        let (worker, release) = hung();
        let push = |number| worker.call(0, move |list: &mut Vec<u32>| list.push(number));
        assert_eq!(push(1), Err(Overdue { is_first: true }));
        assert_eq!(push(2), Err(Overdue { is_first: false }));
        assert!(worker.is_busy_for(Duration::from_millis(50)));
        drop(release);
        assert_eq!(worker.wait(|list| list.clone()), Some(vec![1, 2]));
        assert_eq!(worker.call(0, |list| list.len()), Ok(2));
        assert!(!worker.is_busy_for(Duration::from_secs(60)));
    }

    #[test]
    fn a_question_that_is_late_is_not_carried_out() {
        let (worker, release) = hung();
        let late = worker.ask(|list| list.push(1));
        assert_eq!(late, Err(Overdue { is_first: true }));
        drop(release);
        assert_eq!(worker.wait(|list| list.len()), Some(0));
        assert_eq!(worker.ask(|list| list.len()), Ok(0));
    }

    #[test]
    fn a_thread_that_hangs_keeps_a_limited_number_of_tasks() {
        let (worker, release) = hung();
        let push = || worker.call(MAX_WAITING_BYTES / 4, |list| list.push(0));
        for is_first in [true, false, false, false, false] {
            assert_eq!(push(), Err(Overdue { is_first }));
        }
        drop(release);
        assert_eq!(worker.wait(|list| list.len()), Some(3));
        assert_eq!(push(), Ok(()), "it accepts tasks again");
    }

    #[test]
    fn dropping_waits_for_the_tasks_but_not_for_a_thread_that_hangs() {
        struct Flag(mpsc::Sender<()>);
        impl Drop for Flag {
            fn drop(&mut self) {
                let _ = self.0.send(());
            }
        }
        let (ended, end) = mpsc::channel();
        let worker = Worker::start(Flag(ended), Duration::from_secs(1)).unwrap();
        worker.send(|_| ());
        drop(worker);
        assert_eq!(end.try_recv(), Ok(()), "the value is dropped");

        let (worker, release) = hung();
        drop(worker);
        drop(release);
    }
}
