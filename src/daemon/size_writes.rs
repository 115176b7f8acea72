//! Decides when the sizes of the accepted answers are written to the state directory.
//!
//! Input: the [`AnswerSizes`] after each event, failures of writes, the time. Output: the actions that write them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::{Action, Event};
use answer_guard::AnswerSizes;

/// The time from a change until it is written; later changes are written with it.
const DELAY: Duration = Duration::from_secs(5);
/// The time from a write that has failed until the next one.
const DELAY_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// The sizes that are not written yet.
#[derive(Debug, Default)]
pub(super) struct SizeWrites {
    /// `true` if there is a state directory.
    is_on: bool,
    /// The number of changes that were written; `None` if the last write has failed.
    written: Option<u64>,
    /// The time of the next write; `None` without a change.
    due: Option<Instant>,
}

impl SizeWrites {
    /// Creates a value for a process with a state directory.
    pub(super) fn on() -> Self {
        Self {
            is_on: true,
            written: Some(0),
            due: None,
        }
    }

    /// Handles the failure of a write.
    pub(super) fn handle(&mut self, event: &Event, now: Instant) {
        if matches!(event, Event::SizesNotWritten) {
            self.written = None;
            self.due = Some(now + DELAY_AFTER_FAILURE);
        }
    }

    /// Returns the action that writes the sizes, if it is due.
    pub(super) fn advance(&mut self, sizes: &Arc<AnswerSizes>, now: Instant) -> Option<Action> {
        if !self.is_on || self.written == Some(sizes.changes()) {
            return None;
        }
        let due = *self.due.get_or_insert(now + DELAY);
        if now < due {
            return None;
        }
        self.finish(sizes)
    }

    /// Returns the action that writes what is not written yet.
    pub(super) fn finish(&mut self, sizes: &Arc<AnswerSizes>) -> Option<Action> {
        if !self.is_on || self.written == Some(sizes.changes()) {
            return None;
        }
        self.written = Some(sizes.changes());
        self.due = None;
        Some(Action::WriteSizes(Arc::clone(sizes)))
    }

    /// The time of the next write.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consul_watch::answer::Answer;
    use consul_watch::query::Query;

    #[test]
    fn changes_are_collected_and_the_rest_is_written_at_the_end() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut size_writes = SizeWrites::on();
        let mut sizes = Arc::new(AnswerSizes::of("a"));
        assert!(size_writes.advance(&sizes, at(0)).is_none());
        assert_eq!(size_writes.next_wake(), None);
        let mut writes = Vec::new();
        for second in 1..=12 {
            let names = vec![String::new(); usize::try_from(second).unwrap()];
            let query = Query::services("").unwrap();
            Arc::make_mut(&mut sizes).accept(&query, &Answer::Datacenters(names));
            if size_writes.advance(&sizes, at(second)).is_some() {
                writes.push(second);
                assert_eq!(size_writes.next_wake(), None);
            } else {
                assert!(
                    size_writes
                        .next_wake()
                        .is_some_and(|wake| wake > at(second))
                );
            }
        }
        assert_eq!(writes, [6, 12]);
        assert!(size_writes.finish(&sizes).is_none());
        Arc::make_mut(&mut sizes).forget(&Query::services("").unwrap());
        assert!(size_writes.finish(&sizes).is_some());
        assert!(size_writes.finish(&sizes).is_none());
    }

    /// They were lost until the next change, although the disk was full for a moment only.
    #[test]
    fn sizes_that_could_not_be_written_are_written_later() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut size_writes = SizeWrites::on();
        let mut sizes = Arc::new(AnswerSizes::of("a"));
        let query = Query::services("").unwrap();
        Arc::make_mut(&mut sizes).accept(&query, &Answer::Datacenters(Vec::new()));
        assert!(size_writes.advance(&sizes, at(0)).is_none());
        assert!(size_writes.advance(&sizes, at(5)).is_some());
        size_writes.handle(&Event::SizesNotWritten, at(6));
        assert!(size_writes.advance(&sizes, at(65)).is_none());
        assert_eq!(size_writes.next_wake(), Some(at(66)));
        assert!(size_writes.advance(&sizes, at(66)).is_some());
        assert_eq!(
            (
                size_writes.next_wake(),
                size_writes.finish(&sizes).is_none()
            ),
            (None, true)
        );
        size_writes.handle(&Event::SizesNotWritten, at(67));
        assert!(size_writes.finish(&sizes).is_some(), "the process ends");
    }
}
