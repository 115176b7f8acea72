//! Waits for the first answers to the queries of a template, so that it is not rendered for each of
//! them. Nothing of an incomplete text is written.
//!
//! Input: the missing queries of a pass, answers, the time. Output: whether the next pass waits.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use consul_render::{Absence, Dependencies};
use consul_watch::query::Query;

/// The minimum time for which a pass waits. A query that is not answered delays the discovery of
/// further queries by this much.
const MIN_WAIT: Duration = Duration::from_millis(100);

/// The wait is this many times the duration of the last pass, so that passes over incomplete data
/// take a bounded share of a processor.
const PASSES: u32 = 4;

/// The queries whose first answers are awaited.
#[derive(Debug, Default)]
pub(super) struct FirstAnswers {
    queries: BTreeSet<Query>,
    end: End,
}

/// The end of the wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    NotSet,
    At(Instant),
}

impl FirstAnswers {
    /// Awaits the queries that have no answer after a pass.
    pub(super) fn after_pass(&mut self, dependencies: &Dependencies) {
        let missing = dependencies.missing.iter();
        let unanswered = missing.filter(|(_, absence)| **absence == Absence::Unanswered);
        self.queries = unanswered.map(|(query, _)| query.clone()).collect();
        self.end = End::NotSet;
    }

    /// Awaits nothing: the template has changed.
    pub(super) fn clear(&mut self) {
        self.queries.clear();
    }

    /// Records an answer.
    pub(super) fn answered(&mut self, query: &Query) {
        self.queries.remove(query);
    }

    /// Returns `true` if the next pass waits. `begun` is the start of the last one.
    pub(super) fn delay_pass(&mut self, begun: Option<Instant>, now: Instant) -> bool {
        if self.queries.is_empty() {
            return false;
        }
        let end = match self.end {
            End::At(end) => end,
            End::NotSet => {
                let took =
                    begun.map_or(Duration::ZERO, |begun| now.saturating_duration_since(begun));
                let end = now + MIN_WAIT.max(took * PASSES);
                self.end = End::At(end);
                end
            }
        };
        now < end
    }

    /// The end of the wait.
    pub(super) fn end(&self) -> Option<Instant> {
        match self.end {
            End::At(end) if !self.queries.is_empty() => Some(end),
            _ => None,
        }
    }
}
