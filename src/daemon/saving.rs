//! Decides when the sizes of the accepted answers are written to the state directory.
//!
//! Input: the [`SavedAnswers`] after each event, the time. Output: the actions that write them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::Action;
use answer_guard::SavedAnswers;

/// The time from a change until it is written; later changes are written with it.
const DELAY: Duration = Duration::from_secs(5);

/// The answers that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Saving {
    /// `true` if there is a state directory.
    is_on: bool,
    /// The number of changes that were written.
    written: u64,
    /// The time of the first change that is not written.
    since: Option<Instant>,
}

impl Saving {
    /// Creates a value for a process with a state directory.
    pub(super) fn on() -> Self {
        Self {
            is_on: true,
            ..Self::default()
        }
    }

    /// Returns the action that writes the answers, if it is due.
    pub(super) fn advance(&mut self, saved: &Arc<SavedAnswers>, now: Instant) -> Option<Action> {
        if !self.is_on || saved.changes() == self.written {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        if now < since + DELAY {
            return None;
        }
        self.finish(saved)
    }

    /// Returns the action that writes what is not written yet.
    pub(super) fn finish(&mut self, saved: &Arc<SavedAnswers>) -> Option<Action> {
        if !self.is_on || saved.changes() == self.written {
            return None;
        }
        self.written = saved.changes();
        self.since = None;
        Some(Action::SaveAnswers(Arc::clone(saved)))
    }

    /// The time of the next write.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.since.map(|since| since + DELAY)
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
        let mut saving = Saving::on();
        let mut saved = Arc::new(SavedAnswers::of("a"));
        assert!(saving.advance(&saved, at(0)).is_none());
        assert_eq!(saving.next_wake(), None);
        let mut writes = Vec::new();
        for second in 1..=12 {
            let names = vec![String::new(); usize::try_from(second).unwrap()];
            let query = Query::services("").unwrap();
            Arc::make_mut(&mut saved).accept(&query, &Answer::Datacenters(names));
            if saving.advance(&saved, at(second)).is_some() {
                writes.push(second);
                assert_eq!(saving.next_wake(), None);
            } else {
                assert!(saving.next_wake().is_some_and(|wake| wake > at(second)));
            }
        }
        assert_eq!(writes, [6, 12]);
        assert!(saving.finish(&saved).is_none());
        Arc::make_mut(&mut saved).forget(&Query::services("").unwrap());
        assert!(saving.finish(&saved).is_some());
        assert!(saving.finish(&saved).is_none());
    }
}
