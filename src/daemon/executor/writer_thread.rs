//! The thread that writes files, one batch after another.
//!
//! Input: jobs that need the [`Writer`]. Output: the [`Event`] that each job returns.

use std::sync::mpsc as std_mpsc;
use std::time::Duration;
use std::{io, thread};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::apply::write::Writer;
use crate::daemon::event::Event;

/// A job that takes longer is slow.
const SLOW: Duration = Duration::from_secs(1);

type Work = Box<dyn FnOnce(&mut Writer) -> Event + Send>;

/// A handle to the writer thread. The thread starts with the first job and ends when this value is
/// dropped.
#[derive(Default)]
pub(super) struct WriterThread {
    thread: Option<Thread>,
    /// The number of jobs without a result.
    pending: usize,
    /// The time at which the jobs become slow; `None` without jobs, and once they are.
    slow_at: Option<Instant>,
}

struct Thread {
    work: std_mpsc::Sender<Work>,
    results: mpsc::UnboundedReceiver<Event>,
}

impl WriterThread {
    /// Queues a job. [`next`](Self::next) returns its result.
    pub(super) fn begin(&mut self, work: impl FnOnce(&mut Writer) -> Event + Send + 'static) {
        if self.pending == 0 {
            self.slow_at = Some(Instant::now() + SLOW);
        }
        self.pending += 1;
        if self.thread.is_none() {
            // Without a thread the job has no result; `next` returns `TaskLost`.
            let cannot = |error: &_| tracing::error!(name: "process.no_thread", %error, "cannot start a thread: {error}");
            self.thread = start().inspect_err(cannot).ok();
        }
        if let Some(thread) = &self.thread {
            // A thread that has panicked returns no result; `next` returns `TaskLost`.
            let _ = thread.work.send(Box::new(work));
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
        let result = async {
            match &mut self.thread {
                Some(thread) => thread.results.recv().await,
                None => None,
            }
        };
        let result = match self.slow_at {
            None => result.await,
            Some(slow_at) => tokio::select! {
                biased;
                result = result => result,
                () = sleep_until(slow_at) => {
                    self.slow_at = None;
                    return None;
                }
            },
        };
        self.pending -= 1;
        self.slow_at = (self.pending > 0).then(|| Instant::now() + SLOW);
        Some(result.unwrap_or_else(|| Event::TaskLost("the writer thread".to_owned())))
    }

    /// Waits until all jobs have ended.
    pub(super) async fn finish(mut self) {
        while self.pending > 0 {
            self.next().await;
        }
    }
}

fn start() -> io::Result<Thread> {
    let (work, todo) = std_mpsc::channel::<Work>();
    let (done, results) = mpsc::unbounded_channel();
    thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            let mut writer = Writer::default();
            for work in todo {
                if done.send(work(&mut writer)).is_err() {
                    return;
                }
            }
        })?;
    Ok(Thread { work, results })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_in_its_order() {
        let mut writing = WriterThread::default();
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
        let mut writing = WriterThread::default();
        writing.begin(|_| panic!("a bug"));
        assert!(matches!(writing.next().await, Some(Event::TaskLost(_))));
        writing.begin(|_| Event::Time);
        assert!(matches!(writing.next().await, Some(Event::TaskLost(_))));
        writing.finish().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_hangs_becomes_slow_once() {
        let mut writing = WriterThread::default();
        let (release, held) = std_mpsc::channel::<()>();
        writing.begin(move |_| {
            let _ = held.recv();
            Event::Time
        });
        assert!(writing.is_briefly_busy());
        assert!(writing.next().await.is_none());
        assert!(!writing.is_briefly_busy());
        drop(release);
        assert!(matches!(writing.next().await, Some(Event::Time)));
        writing.begin(|_| Event::Time);
        assert!(writing.is_briefly_busy());
    }
}
