//! Formats values for a table, with their limits.

use std::time::Duration;

pub(crate) fn milliseconds(value: Duration, limit: Option<Duration>) -> String {
    beside(value, limit, |value| {
        format!("{:.2} ms", value.as_secs_f64() * 1000.0)
    })
}

pub(crate) fn ratio(value: f64, limit: Option<f64>) -> String {
    beside(value, limit, |value| format!("{value:.2}"))
}

/// Formats KiB as MiB.
pub(crate) fn mebibytes(value: u64, limit: Option<u64>) -> String {
    beside(value, limit, |value| {
        format!("{}.{} MiB", value / 1024, value % 1024 * 10 / 1024)
    })
}

/// Returns the value with its limit, and with a mark if it exceeds the limit.
pub(crate) fn beside<T: Copy + PartialOrd>(
    value: T,
    limit: Option<T>,
    show: impl Fn(T) -> String,
) -> String {
    let Some(limit) = limit else {
        return show(value);
    };
    let mark = if value > limit { " !" } else { "" };
    format!("{}{mark} (≤ {})", show(value), show(limit))
}
