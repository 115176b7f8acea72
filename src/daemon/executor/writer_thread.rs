//! The thread that writes files, one batch after another.
//!
//! Input: jobs that need the [`Writer`]. Output: the [`Event`] that each job returns.

use std::sync::mpsc as std_mpsc;
use std::{io, thread};

use tokio::sync::mpsc;

use crate::apply::write::Writer;
use crate::daemon::event::Event;

type Work = Box<dyn FnOnce(&mut Writer) -> Event + Send>;

/// A handle to the writer thread. The thread starts with the first job and ends when this value is
/// dropped.
#[derive(Default)]
pub(super) struct WriterThread {
    thread: Option<Thread>,
    /// The number of jobs without a result.
    pending: usize,
}

struct Thread {
    work: std_mpsc::Sender<Work>,
    results: mpsc::UnboundedReceiver<Event>,
}

impl WriterThread {
    /// Queues a job. [`next`](Self::next) returns its result.
    pub(super) fn begin(&mut self, work: impl FnOnce(&mut Writer) -> Event + Send + 'static) {
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

    /// Returns `true` while there are jobs without a result.
    pub(super) fn is_busy(&self) -> bool {
        self.pending > 0
    }

    /// Waits for the next result. Pends forever without jobs.
    pub(super) async fn next(&mut self) -> Event {
        if self.pending == 0 {
            return std::future::pending().await;
        }
        let result = match &mut self.thread {
            Some(thread) => thread.results.recv().await,
            None => None,
        };
        self.pending -= 1;
        result.unwrap_or_else(|| Event::TaskLost("the writer thread".to_owned()))
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
            assert!(matches!(writing.next().await, Event::TaskLost(done) if done == name));
        }
        writing.finish().await;
    }

    #[tokio::test]
    async fn work_that_panics_is_reported_and_nothing_waits_for_it() {
        let mut writing = WriterThread::default();
        writing.begin(|_| panic!("a bug"));
        assert!(matches!(writing.next().await, Event::TaskLost(_)));
        writing.begin(|_| Event::Time);
        assert!(matches!(writing.next().await, Event::TaskLost(_)));
        writing.finish().await;
    }
}
