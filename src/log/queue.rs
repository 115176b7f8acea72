//! What stands between whoever has something to say and an outlet that may be slow, full or broken.
//!
//! in:  records; pushing one never waits for the outlet
//! out: the same records, written by a thread of its own; what did not fit or could not be written is counted, and the
//!      number said as soon as there is a way to
//!
//! The thread begins with the first record: most daemons have nothing to say for most of their lives.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::record::Record;

/// How much may wait, in bytes.
const ROOM: usize = 1024 * 1024;

/// Writes records somewhere.
pub(super) trait Sink: Send {
    /// Writes one; may take its time.
    fn write(&mut self, record: &Record) -> io::Result<()>;
}

/// The queue before one outlet.
pub(super) struct Queue {
    /// The outlet as people call it.
    shown: String,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    records: VecDeque<Arc<Record>>,
    size: usize,
    /// How many records were lost since the outlet was last told.
    lost: u64,
    closed: bool,
    thread: Thread,
}

enum Thread {
    NotYet(Box<dyn Sink>),
    Running,
    Ended,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

impl Queue {
    pub(super) fn new(shown: String, sink: Box<dyn Sink>) -> Self {
        let (records, thread) = (VecDeque::new(), Thread::NotYet(sink));
        let state = Mutex::new(State {
            records,
            size: 0,
            lost: 0,
            closed: false,
            thread,
        });
        Self {
            shown,
            state,
            changed: Condvar::new(),
        }
    }

    /// Executor a record over, unless there is no room.
    pub(super) fn push(self: &Arc<Self>, record: &Arc<Record>) {
        let mut state = self.state();
        if state.closed || matches!(state.thread, Thread::Ended) {
            return;
        }
        let size = record.size();
        // One that is larger than all the room is let in when nothing else is there.
        if state.size > 0 && state.size + size > ROOM {
            state.lost += 1;
            return;
        }
        state.size += size;
        state.records.push_back(Arc::clone(record));
        self.begin(&mut state);
        self.changed.notify_all();
    }

    /// Nothing more comes; what is there is still written.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Thread::NotYet(_) = state.thread {
            state.thread = Thread::Ended;
        }
        self.changed.notify_all();
    }

    /// Waits until everything is written that came before it was closed; not longer than until then.
    pub(super) fn wait_until(&self, latest: Instant) {
        let mut state = self.state();
        while !matches!(state.thread, Thread::Ended) {
            let left = latest.saturating_duration_since(Instant::now());
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

    fn begin(self: &Arc<Self>, state: &mut State) {
        if !matches!(state.thread, Thread::NotYet(_)) {
            return;
        }
        let Thread::NotYet(sink) = std::mem::replace(&mut state.thread, Thread::Running) else {
            return;
        };
        let queue = Arc::clone(self);
        if thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || queue.run(sink))
            .is_err()
        {
            // Without a thread there is no log here; whoever waits for it should not.
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
                        // The others are told; here, it is lost as well.
                        let outlet = &self.shown;
                        tracing::warn!(
                            name: "log.broken", outlet, %error,
                            "cannot log to {outlet}: {error}; what is said meanwhile is missing there"
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

    /// The next record, and how many were lost before; `None`: it is over.
    fn take(&self) -> Option<(Arc<Record>, u64)> {
        let mut state = self.state();
        loop {
            if let Some(record) = state.records.pop_front() {
                state.size -= record.size();
                if state.records.is_empty() {
                    // A burst is no reason to keep its room.
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

    /// Writes what it is given when it is let; an error where there should be one.
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
    fn what_does_not_fit_is_counted_and_nobody_waits() {
        let (queue, open, read) = slow();
        let begun = Instant::now();
        for number in 0..100 {
            queue.push(&record(format!(
                "record-{number} {}",
                "z".repeat(ROOM / 10)
            )));
        }
        queue.close();
        queue.wait_until(Instant::now() + Duration::from_millis(50));
        assert!(begun.elapsed() < Duration::from_secs(5), "somebody waited");
        drop(open);
        queue.wait_until(begun + Duration::from_secs(20));
        // Every record is written, or counted in the line that stands before the next one that is.
        let said: Vec<String> = read
            .try_iter()
            .map(|text| text.chars().take(40).collect())
            .collect();
        let (written, lost): (Vec<_>, Vec<_>) =
            said.iter().partition(|text| text.starts_with("record-"));
        let lost: usize = lost
            .iter()
            .map(|text| text.split(' ').next().unwrap().parse().unwrap_or(1))
            .sum();
        assert!((9..15).contains(&written.len()), "{said:?}");
        assert_eq!(written.len() + lost, 100, "{said:?}");
    }

    #[test]
    fn an_outlet_that_fails_is_told_what_it_missed() {
        let (queue, open, read) = slow();
        // `one`; `two` is lost; the number of what is lost; `three`; `four` is lost; the number, at the end.
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
    fn nobody_waits_for_an_outlet_that_was_not_told_anything() {
        let (queue, _open, _read) = slow();
        queue.close();
        queue.wait_until(Instant::now() + Duration::from_secs(3600));
        queue.push(&record("late".to_owned()));
    }
}
