//! The queue of an outlet, which decouples the program from a slow, full or broken outlet.
//!
//! Input: records. Pushing a record never waits for the outlet. Output: the same records, written
//! by the thread of the queue. Records that do not fit or cannot be written are counted, and the
//! count is written as soon as possible.
//!
//! The thread starts with the first record, because most daemons log rarely.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::record::Record;

/// The capacity of a queue, in bytes.
const CAPACITY: usize = 1024 * 1024;

/// A destination of records.
pub(crate) trait Sink: Send {
    /// Writes one record; may block.
    fn write(&mut self, record: &Record) -> io::Result<()>;
}

/// The queue of one outlet.
pub(crate) struct Queue {
    /// The description of the outlet, for messages.
    outlet: String,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    records: VecDeque<Arc<Record>>,
    size: usize,
    /// The number of records lost since the outlet last reported losses.
    lost: u64,
    closed: bool,
    thread: Thread,
}

enum Thread {
    NotStarted(Box<dyn Sink>),
    Running,
    Ended,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("outlet", &self.outlet)
            .finish_non_exhaustive()
    }
}

impl Queue {
    pub(crate) fn new(outlet: String, sink: Box<dyn Sink>) -> Self {
        let (records, thread) = (VecDeque::new(), Thread::NotStarted(sink));
        let state = Mutex::new(State {
            records,
            size: 0,
            lost: 0,
            closed: false,
            thread,
        });
        Self {
            outlet,
            state,
            changed: Condvar::new(),
        }
    }

    /// Queues a record. If the queue is full, the record is dropped and counted.
    pub(crate) fn push(self: &Arc<Self>, record: &Arc<Record>) {
        let mut state = self.state();
        if state.closed || matches!(state.thread, Thread::Ended) {
            return;
        }
        let size = record.size();
        // An empty queue accepts a record of any size.
        if state.size > 0 && state.size + size > CAPACITY {
            state.lost += 1;
            return;
        }
        state.size += size;
        state.records.push_back(Arc::clone(record));
        self.start_thread(&mut state);
        self.changed.notify_all();
    }

    /// Stops accepting records. Queued records are still written.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Thread::NotStarted(_) = state.thread {
            state.thread = Thread::Ended;
        }
        self.changed.notify_all();
    }

    /// Waits until the queue is written, but at most until the deadline.
    pub(crate) fn wait_until(&self, deadline: Instant) {
        let mut state = self.state();
        while !matches!(state.thread, Thread::Ended) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_thread(self: &Arc<Self>, state: &mut State) {
        if !matches!(state.thread, Thread::NotStarted(_)) {
            return;
        }
        let Thread::NotStarted(sink) = std::mem::replace(&mut state.thread, Thread::Running) else {
            return;
        };
        let queue = Arc::clone(self);
        if thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || queue.run(sink))
            .is_err()
        {
            // Without a thread, this outlet writes nothing, and `wait_until` must not wait for it.
            state.thread = Thread::Ended;
        }
    }

    fn run(&self, mut sink: Box<dyn Sink>) {
        let mut broken = false;
        while let Some((record, mut lost)) = self.take() {
            if lost > 0 && sink.write(&Record::lost(lost)).is_ok() {
                lost = 0;
            }
            match sink.write(&record) {
                Ok(()) => broken = false,
                Err(error) => {
                    lost += 1;
                    if !broken {
                        broken = true;
                        // This is for the other outlets; this outlet loses the message, too.
                        let outlet = &self.outlet;
                        tracing::warn!(
                            name: "log.broken", target: "log", outlet, %error,
                            "cannot log to {outlet}: {error}; log lines are missing there until it works again"
                        );
                    }
                }
            }
            self.state().lost += lost;
        }
        let lost = self.state().lost;
        if lost > 0 {
            let _ = sink.write(&Record::lost(lost));
        }
        self.state().thread = Thread::Ended;
        self.changed.notify_all();
    }

    /// Returns the next record, and the number of records lost before it; `None` if the queue is
    /// closed and empty.
    fn take(&self) -> Option<(Arc<Record>, u64)> {
        let mut state = self.state();
        loop {
            if let Some(record) = state.records.pop_front() {
                state.size -= record.size();
                if state.records.is_empty() {
                    // Free the memory after a burst.
                    state.records.shrink_to(64);
                }
                return Some((record, std::mem::take(&mut state.lost)));
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Writes a record when the gate opens: successfully for `true`, with an error for `false`.
    struct Slow {
        gate: mpsc::Receiver<bool>,
        written: mpsc::Sender<String>,
    }

    impl Sink for Slow {
        fn write(&mut self, record: &Record) -> io::Result<()> {
            let works = self.gate.recv().unwrap_or(true);
            if works {
                let _ = self.written.send(record.message.clone());
                Ok(())
            } else {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn slow() -> (Arc<Queue>, mpsc::Sender<bool>, mpsc::Receiver<String>) {
        let (open, gate) = mpsc::channel();
        let (written, read) = mpsc::channel();
        (
            Arc::new(Queue::new(
                "a test".to_owned(),
                Box::new(Slow { gate, written }),
            )),
            open,
            read,
        )
    }

    fn record(message: String) -> Arc<Record> {
        Arc::new(Record {
            message,
            ..Record::lost(0)
        })
    }

    #[test]
    fn records_that_do_not_fit_are_counted_and_pushing_does_not_block() {
        let (queue, open, read) = slow();
        let begun = Instant::now();
        for number in 0..100 {
            queue.push(&record(format!(
                "record-{number} {}",
                "z".repeat(CAPACITY / 10)
            )));
        }
        queue.close();
        queue.wait_until(Instant::now() + Duration::from_millis(50));
        assert!(begun.elapsed() < Duration::from_secs(5), "pushing blocked");
        drop(open);
        queue.wait_until(begun + Duration::from_secs(20));
        // Every record is either written, or counted in the notice before the next written one.
        let lines: Vec<String> = read
            .try_iter()
            .map(|text| text.chars().take(40).collect())
            .collect();
        let (written, lost): (Vec<_>, Vec<_>) =
            lines.iter().partition(|text| text.starts_with("record-"));
        let lost: usize = lost
            .iter()
            .map(|text| text.split(' ').next().unwrap().parse().unwrap_or(1))
            .sum();
        assert!((9..15).contains(&written.len()), "{lines:?}");
        assert_eq!(written.len() + lost, 100, "{lines:?}");
    }

    #[test]
    fn an_outlet_that_failed_gets_the_number_of_lost_records() {
        let (queue, open, read) = slow();
        // Writes: `one`; `two` is lost; the notice; `three`; `four` is lost; the notice at the end.
        for works in [true, false, true, true, false, true] {
            open.send(works).unwrap();
        }
        for name in ["one", "two", "three", "four"] {
            queue.push(&record(name.to_owned()));
        }
        drop(open);
        queue.close();
        queue.wait_until(Instant::now() + Duration::from_secs(20));
        let lost = Record::lost(1).message;
        assert_eq!(
            read.try_iter().collect::<Vec<_>>(),
            ["one", &lost, "three", &lost]
        );
    }

    #[test]
    fn an_outlet_without_records_is_not_waited_for() {
        let (queue, _open, _read) = slow();
        queue.close();
        queue.wait_until(Instant::now() + Duration::from_secs(3600));
        queue.push(&record("late".to_owned()));
    }
}
