//! Counts the new answers that cause a render, and those in which no template sees a difference.
//!
//! Input: each new answer, and whether a template sees a difference. Output: the counts of the process, and those of the
//! queries whose answers cause no render most often.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::{QueryWakeUps, WakeUpReport};
use consul_watch::query::Query;

/// The maximum number of queries in the report.
const MAX_LISTED: usize = 10;

/// The new answers of a process, by their effect.
#[derive(Debug, Default)]
pub(super) struct WakeUps {
    total: Count,
    queries: BTreeMap<Arc<Query>, Count>,
    /// The queries with the most suppressed answers, for the report.
    listed: Vec<Arc<Query>>,
}

/// The answers to one query, or to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    /// The number of answers in which a template sees a difference.
    useful: u64,
    /// The number of answers in which no template does.
    suppressed: u64,
}

impl WakeUps {
    /// Counts a new answer. `is_useful`: a template sees a difference.
    pub(super) fn count(&mut self, query: &Arc<Query>, is_useful: bool) {
        let count = self.queries.entry(Arc::clone(query)).or_default();
        if is_useful {
            count.useful += 1;
            self.total.useful += 1;
            return;
        }
        count.suppressed += 1;
        self.total.suppressed += 1;
        let suppressed = count.suppressed;
        tracing::debug!(name: "query.suppressed", %query, suppressed, "{query}: no template sees what has changed: nothing is rendered");
        self.list(query);
    }

    /// Counts an answer as useful that was counted as suppressed: a pass that was in progress when it arrived has read
    /// further fields.
    pub(super) fn reconsider(&mut self, query: &Query) {
        if let Some(count) = self.queries.get_mut(query)
            && count.suppressed > 0
        {
            for count in [count, &mut self.total] {
                count.suppressed -= 1;
                count.useful += 1;
            }
        }
    }

    /// Keeps only the counts of queries that are still followed. The total stays.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.queries.retain(|query, _| wanted(query));
        self.listed.retain(|query| wanted(query));
    }

    /// The counts for the report.
    pub(super) fn report(&self) -> WakeUpReport {
        let listed = self.listed.iter().map(|query| {
            let Count { useful, suppressed } = self.of(query);
            QueryWakeUps {
                query: query.to_string(),
                useful,
                suppressed,
            }
        });
        WakeUpReport {
            useful: self.total.useful,
            suppressed: self.total.suppressed,
            queries: listed.collect(),
        }
    }

    fn of(&self, query: &Query) -> Count {
        self.queries.get(query).copied().unwrap_or_default()
    }

    /// Adds a query to those of the report, in place of the one with the fewest suppressed answers.
    fn list(&mut self, query: &Arc<Query>) {
        if !self.listed.contains(query) {
            self.listed.push(Arc::clone(query));
        }
        let mut listed = std::mem::take(&mut self.listed);
        listed.sort_by_key(|query| std::cmp::Reverse(self.of(query).suppressed));
        listed.truncate(MAX_LISTED);
        self.listed = listed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(number: usize) -> Arc<Query> {
        Arc::new(Query::key(&format!("k{number}")).unwrap())
    }

    fn of(report: &WakeUpReport, query: &Query) -> Option<(u64, u64)> {
        let found = report
            .queries
            .iter()
            .find(|one| one.query == query.to_string());
        found.map(|one| (one.useful, one.suppressed))
    }

    #[test]
    fn answers_are_counted_by_their_effect() {
        let mut wake_ups = WakeUps::default();
        let [a, b] = [query(1), query(2)];
        for is_useful in [true, false, false, true, false] {
            wake_ups.count(&a, is_useful);
        }
        wake_ups.count(&b, true);
        let report = wake_ups.report();
        assert_eq!((report.useful, report.suppressed), (3, 3));
        assert_eq!(of(&report, &a), Some((2, 3)));
        // Without a suppressed answer, a query is not listed.
        assert_eq!(of(&report, &b), None);
        wake_ups.reconsider(&a);
        wake_ups.reconsider(&b);
        let report = wake_ups.report();
        assert_eq!((report.useful, report.suppressed), (4, 2));
        assert_eq!(of(&report, &a), Some((3, 2)));
        wake_ups.retain(|query| *query != *a);
        let report = wake_ups.report();
        assert_eq!((report.useful, report.suppressed), (4, 2));
        assert!(report.queries.is_empty());
    }

    #[test]
    fn the_report_lists_the_queries_with_the_most_suppressed_answers() {
        let mut wake_ups = WakeUps::default();
        for number in 0..30 {
            for _ in 0..=number {
                wake_ups.count(&query(number), false);
            }
        }
        let report = wake_ups.report();
        let listed: Vec<_> = report.queries.iter().map(|one| one.suppressed).collect();
        assert_eq!(listed, (21..=30).rev().collect::<Vec<_>>());
    }
}
