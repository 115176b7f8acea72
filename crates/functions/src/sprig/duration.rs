//! Durations in Go's notation: parsed to the nanosecond, formatted to the second.

use go_duration::GoDuration;

/// Parses a duration, which may be negative, to nanoseconds.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.starts_with(['-', '+']) {
        return None;
    }
    let GoDuration(duration) = rest.parse().ok()?;
    let nanos = i64::try_from(duration.as_nanos()).ok()?;
    Some(if negative { -nanos } else { nanos })
}

/// Formats seconds as `1h1m1s`.
pub(super) fn of_seconds(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let all = seconds.unsigned_abs();
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// Formats a duration in the largest unit that it exceeds: `2h`, `3mo`.
pub(super) fn rounded(nanos: i64) -> String {
    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3600 * SECOND;
    let units = [
        (365 * 24 * HOUR, "y"),
        (30 * 24 * HOUR, "mo"),
        (24 * HOUR, "d"),
        (HOUR, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ];
    let nanos = nanos.unsigned_abs();
    match units.iter().find(|(unit, _)| nanos > *unit) {
        Some((unit, name)) => format!("{}{name}", nanos / unit),
        None => "0s".to_owned(),
    }
}
