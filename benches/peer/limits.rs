//! The limits of each row, and the format of values with their limits.

use std::time::Duration;

/// The limits of one row; `None` means no limit.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) latency: Option<Duration>,
    /// The ratio of the latency to the floor.
    pub(crate) of_the_floor: Option<f64>,
    /// CPU time per change.
    pub(crate) cpu: Option<Duration>,
    /// Private memory in KiB.
    pub(crate) private: Option<u64>,
    /// Resident memory in KiB.
    pub(crate) resident: Option<u64>,
}

pub(crate) const ONCE: Limits = Limits {
    latency: Some(Duration::from_millis(8)),
    of_the_floor: None,
    cpu: None,
    private: None,
    resident: Some(14 * 1024),
};

pub(crate) const ONE_KEY: Limits = Limits {
    latency: None,
    of_the_floor: Some(1.2),
    cpu: Some(Duration::from_micros(800)),
    private: Some(1024 + 512),
    resident: Some(12 * 1024),
};

pub(crate) const ONE_KEY_RECORDED: Limits = Limits {
    latency: None,
    of_the_floor: Some(1.4),
    cpu: Some(Duration::from_millis(1)),
    private: Some(2 * 1024 + 512),
    resident: Some(13 * 1024),
};

pub(crate) const MANY_SERVICES: Limits = Limits {
    latency: Some(Duration::from_millis(3)),
    of_the_floor: None,
    cpu: Some(Duration::from_millis(3)),
    private: Some(6 * 1024),
    resident: Some(18 * 1024),
};

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
fn beside<T: Copy + PartialOrd>(value: T, limit: Option<T>, show: impl Fn(T) -> String) -> String {
    let Some(limit) = limit else {
        return show(value);
    };
    let mark = if value > limit { " !" } else { "" };
    format!("{}{mark} (≤ {})", show(value), show(limit))
}
