//! The thread that writes files, one batch after another.
//!
//! Input: work that needs the [`Writer`]. Output: the [`Event`] that each piece of work ends with.

use std::sync::mpsc as std_mpsc;
use std::{io, thread};

use tokio::sync::mpsc;

use crate::apply::write::Writer;
use crate::daemon::event::Event;

type Work = Box<dyn FnOnce(&mut Writer) -> Event + Send>;

/// Passes work to the thread, which starts with the first piece of work and ends when this is dropped.
#[derive(Default)]
pub(super) struct WriterThread {
    thread: Option<Thread>,
    /// The number of pieces of work without a result.
    pending: usize,
}

struct Thread {
    work: std_mpsc::Sender<Work>,
    results: mpsc::UnboundedReceiver<Event>,
}

impl WriterThread {
    /// Passes on a piece of work. [`next`](Self::next) returns its result.
    pub(super) fn begin(&mut self, work: impl FnOnce(&mut Writer) -> Event + Send + 'static) {
        self.pending += 1;
        if self.thread.is_none() {
            // Without a thread the work has no result, and `next` says so.
            let cannot = |error: &_| tracing::error!(name: "process.no_thread", %error, "cannot start a thread: {error}");
            self.thread = start().inspect_err(cannot).ok();
        }
        if let Some(thread) = &self.thread {
            // A thread that is gone has no results, and `next` says so.
            let _ = thread.work.send(Box::new(work));
        }
    }

    /// Returns `true` while there is work without a result.
    pub(super) fn is_busy(&self) -> bool {
        self.pending > 0
    }

    /// The next result; without work, it does not return.
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

    /// Waits for the end of all work.
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
