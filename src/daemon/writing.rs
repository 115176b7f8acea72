//! The thread that writes: everything that may have to wait for a disk, one after another.
//!
//! in:  work that needs the [`Writer`]
//! out: the [`Event`] that each piece of work ends with

use std::sync::mpsc as std_mpsc;
use std::{io, thread};

use tokio::sync::mpsc;

use super::event::Event;
use crate::apply::write::Writer;

type Work = Box<dyn FnOnce(&mut Writer) -> Event + Send>;

/// Executor work to the thread, which begins with the first of it and ends with this.
#[derive(Default)]
pub(super) struct Writing {
    thread: Option<Thread>,
    /// How many pieces of work have no result yet.
    underway: usize,
}

struct Thread {
    work: std_mpsc::Sender<Work>,
    results: mpsc::UnboundedReceiver<Event>,
}

impl Writing {
    /// Begins the work, after what is under way; its result comes out of [`next`](Self::next).
    pub(super) fn begin(&mut self, work: impl FnOnce(&mut Writer) -> Event + Send + 'static) {
        self.underway += 1;
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

    /// The result of the work that is under way; waits for ever when there is none.
    pub(super) async fn next(&mut self) -> Event {
        if self.underway == 0 {
            return std::future::pending().await;
        }
        let result = match &mut self.thread {
            Some(thread) => thread.results.recv().await,
            None => None,
        };
        self.underway -= 1;
        result.unwrap_or_else(|| Event::Lost("the thread that writes".to_owned()))
    }

    /// Waits for the end of everything that is under way.
    pub(super) async fn finish(mut self) {
        while self.underway > 0 {
            self.next().await;
        }
    }
}

fn start() -> io::Result<Thread> {
    let (work, todo) = std_mpsc::channel::<Work>();
    let (done, results) = mpsc::unbounded_channel();
    thread::Builder::new()
        .name("writing".to_owned())
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
        let mut writing = Writing::default();
        for name in ["a", "b", "c"] {
            writing.begin(move |_| Event::Lost(name.to_owned()));
        }
        for name in ["a", "b", "c"] {
            assert!(matches!(writing.next().await, Event::Lost(done) if done == name));
        }
        writing.finish().await;
    }

    #[tokio::test]
    async fn work_that_panics_is_told_and_waits_for_nothing() {
        let mut writing = Writing::default();
        writing.begin(|_| panic!("a bug"));
        assert!(matches!(writing.next().await, Event::Lost(_)));
        writing.begin(|_| Event::Time);
        assert!(matches!(writing.next().await, Event::Lost(_)));
        writing.finish().await;
    }
}
