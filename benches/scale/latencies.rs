//! Latencies of changes: percentiles, and their format.

use std::time::Duration;

use crate::table;

/// A change that takes longer is given up.
pub(crate) const LOST: Duration = Duration::from_secs(20);

/// The limits of the median and of the 99th percentile.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// The latencies of some changes. A change that was given up counts as [`LOST`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds a latency; `None` is a change that was given up.
    pub(crate) fn add(&mut self, latency: Option<Duration>) {
        self.0.push(latency.unwrap_or(LOST));
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// Returns median, 99th percentile, number and lost changes as text.
    pub(crate) fn show(&self, limits: Option<Limits>) -> String {
        let lost = self.0.iter().filter(|latency| **latency >= LOST).count();
        let mut sorted = self.0.clone();
        sorted.sort();
        if sorted.is_empty() {
            return "no change".to_owned();
        }
        let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)];
        let [p50, p99] = [50, 99].map(at);
        format!(
            "p50 {}, p99 {}; {} changes, {lost} lost",
            time(p50, limits.map(|limits| limits.p50)),
            time(p99, limits.map(|limits| limits.p99)),
            sorted.len(),
        )
    }
}

/// Formats a time in the unit that fits.
pub(crate) fn time(value: Duration, limit: Option<Duration>) -> String {
    table::beside(value, limit, |value| {
        if value >= Duration::from_secs(1) {
            format!("{:.2} s", value.as_secs_f64())
        } else {
            format!("{:.1} ms", value.as_secs_f64() * 1000.0)
        }
    })
}
