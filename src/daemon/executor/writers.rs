//! The threads that write files. One thread does all jobs in their order; when a job takes long, because
//! its file system hangs, another thread continues with the next one.
//!
//! Input: jobs that need the [`Writer`]. Output: the [`Event`] that each job returns.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use ctmpl_options::config::resolved::PROGRAM;
use group_apply::journal::Journal;
use group_apply::write::Writer;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::daemon::event::Event;

/// A job that takes longer is slow.
const SLOW: Duration = Duration::from_secs(1);

/// The maximum number of threads: as many jobs can hang before the others wait.
const MAX_THREADS: usize = 32;

type Work = Box<dyn FnOnce(&Writer) -> Event + Send>;

/// The threads and their jobs. A thread starts when it is needed; all end when this value is dropped.
pub(super) struct Writers {
    writer: Writer,
    queue: Arc<Queue>,
    threads: usize,
    done: mpsc::UnboundedSender<Done>,
    results: mpsc::UnboundedReceiver<Done>,
    /// The number of jobs that were begun.
    begun: u64,
    /// The number of jobs without a result.
    pending: usize,
    /// Those of them that take long. Each occupies a thread.
    slow: BTreeSet<u64>,
    /// The time at which the other jobs become slow; `None` without other jobs.
    slow_at: Option<Instant>,
}

/// The number of a job, and its result.
type Done = (u64, Event);

/// The jobs that no thread has taken.
#[derive(Default)]
struct Queue {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<(u64, Work)>,
    running: BTreeSet<u64>,
    is_closed: bool,
}

impl Writers {
    /// Creates the threads' owner. `journal` records the writes.
    pub(super) fn new(journal: Option<Journal>) -> Self {
        let (done, results) = mpsc::unbounded_channel();
        Self {
            writer: Writer::new(PROGRAM, journal),
            queue: Arc::default(),
            threads: 0,
            done,
            results,
            begun: 0,
            pending: 0,
            slow: BTreeSet::new(),
            slow_at: None,
        }
    }

    /// The record of writes.
    pub(super) fn journal(&self) -> Option<&Journal> {
        self.writer.journal()
    }

    /// Queues a job. [`next`](Self::next) returns its result.
    pub(super) fn begin(&mut self, work: impl FnOnce(&Writer) -> Event + Send + 'static) {
        self.slow_at.get_or_insert_with(|| Instant::now() + SLOW);
        self.pending += 1;
        self.begun += 1;
        let job = (self.begun, Box::new(work) as Work);
        self.queue.lock().waiting.push_back(job);
        if self.threads <= self.slow.len() && self.threads < MAX_THREADS {
            self.start_thread();
        }
        self.queue.changed.notify_one();
    }

    fn start_thread(&mut self) {
        match start(
            self.writer.clone(),
            Arc::clone(&self.queue),
            self.done.clone(),
        ) {
            Ok(()) => self.threads += 1,
            Err(error) if self.threads == 0 => {
                // Nothing can be written, so the process ends.
                tracing::error!(name: "process.no_thread", %error, "cannot start a thread: {error}");
                let _ = self.done.send((self.begun, lost()));
            }
            Err(error) => {
                tracing::error!(name: "process.no_thread", %error, "cannot start a thread: {error}");
            }
        }
    }

    /// Returns `true` while there are jobs that are not slow.
    pub(super) fn is_briefly_busy(&self) -> bool {
        self.slow_at.is_some()
    }

    /// Waits for the next result, or until the jobs become slow (`None`). Pends forever without jobs.
    pub(super) async fn next(&mut self) -> Option<Event> {
        if self.pending == 0 {
            return std::future::pending().await;
        }
        // This value holds a sender, so the channel does not close.
        let result = match self.slow_at {
            None => self.results.recv().await,
            Some(slow_at) => tokio::select! {
                biased;
                result = self.results.recv() => result,
                () = sleep_until(slow_at) => {
                    self.become_slow();
                    return None;
                }
            },
        };
        let (job, event) = result.unwrap_or_else(|| (self.begun, lost()));
        self.pending -= 1;
        self.slow.remove(&job);
        self.slow_at = (self.pending > self.slow.len()).then(|| Instant::now() + SLOW);
        Some(event)
    }

    /// Lets another thread continue with the jobs that wait.
    fn become_slow(&mut self) {
        let jobs = self.queue.lock();
        self.slow.clone_from(&jobs.running);
        let is_waiting = !jobs.waiting.is_empty();
        drop(jobs);
        self.slow_at = None;
        if is_waiting && self.threads < MAX_THREADS {
            self.start_thread();
            self.slow_at = Some(Instant::now() + SLOW);
        }
    }

    /// Waits until all jobs have ended.
    pub(super) async fn finish(mut self) {
        while self.pending > 0 {
            self.next().await;
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` when the queue is closed.
    fn take(&self) -> Option<(u64, Work)> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                jobs.running.insert(job.0);
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            jobs = self
                .changed
                .wait(jobs)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn start(writer: Writer, queue: Arc<Queue>, done: mpsc::UnboundedSender<Done>) -> io::Result<()> {
    let run = move || {
        while let Some((job, work)) = queue.take() {
            // The panic hook has reported it.
            let result = catch_unwind(AssertUnwindSafe(|| work(&writer)));
            queue.lock().running.remove(&job);
            if done.send((job, result.unwrap_or_else(|_| lost()))).is_err() {
                return;
            }
        }
    };
    let builder = thread::Builder::new().name("writer".to_owned());
    builder.spawn(run).map(drop)
}

fn lost() -> Event {
    Event::TaskLost("a writer thread".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use super::*;

    #[tokio::test]
    async fn work_is_done_in_its_order() {
        let mut writing = Writers::new(None);
        for name in ["a", "b", "c"] {
            writing.begin(move |_| Event::TaskLost(name.to_owned()));
        }
        for name in ["a", "b", "c"] {
            assert!(matches!(writing.next().await, Some(Event::TaskLost(done)) if done == name));
        }
        writing.finish().await;
    }

    #[tokio::test]
    async fn work_that_panics_is_reported_and_nothing_waits_for_it() {
        let mut writing = Writers::new(None);
        writing.begin(|_| panic!("a bug"));
        assert!(matches!(writing.next().await, Some(Event::TaskLost(_))));
        writing.begin(|_| Event::Time);
        assert!(matches!(writing.next().await, Some(Event::Time)));
        writing.finish().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_hangs_becomes_slow_once() {
        let mut writing = Writers::new(None);
        let (release, held) = std_mpsc::channel::<()>();
        let (begun, begins) = std_mpsc::channel::<()>();
        writing.begin(move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
            Event::Time
        });
        begins.recv().unwrap();
        assert!(writing.is_briefly_busy());
        assert!(writing.next().await.is_none());
        assert!(!writing.is_briefly_busy());
        drop(release);
        assert!(matches!(writing.next().await, Some(Event::Time)));
        writing.begin(|_| Event::Time);
        assert!(writing.is_briefly_busy());
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_behind_one_that_hangs_are_done_by_another_thread() {
        let mut writing = Writers::new(None);
        let mut releases = Vec::new();
        for _ in 0..2 {
            let (release, held) = std_mpsc::channel::<()>();
            releases.push(release);
            writing.begin(move |_| {
                let _ = held.recv();
                Event::Time
            });
        }
        writing.begin(|_| Event::WritesAreSlow);
        // The clock of the runtime is paused, so the limit is reached at once.
        loop {
            match writing.next().await {
                None => {}
                Some(Event::WritesAreSlow) => break,
                other => panic!("{other:?}"),
            }
        }
        drop(releases);
        writing.finish().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_begins_while_the_only_one_hangs() {
        let mut writing = Writers::new(None);
        let (release, held) = std_mpsc::channel::<()>();
        let (begun, begins) = std_mpsc::channel::<()>();
        writing.begin(move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
            Event::Time
        });
        begins.recv().unwrap();
        assert!(writing.next().await.is_none());
        for _ in 0..3 {
            writing.begin(|_| Event::WritesAreSlow);
            assert!(writing.is_briefly_busy());
            loop {
                match writing.next().await {
                    None => {}
                    Some(Event::WritesAreSlow) => break,
                    other => panic!("{other:?}"),
                }
            }
            assert!(!writing.is_briefly_busy());
        }
        drop(release);
        writing.finish().await;
    }
}
