#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

mod units;

mod parse;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use parse::DurationError;
use units::{HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, SECOND};

/// A duration in Go's notation. It is never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(pub Duration);

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        parse::parse(text).map(|nanos| Self(Duration::from_nanos(nanos)))
    }
}

impl GoDuration {
    /// Formats the duration as Go prints it, with all units below the largest: `1h0m0s`, `2m0.5s`, `1.5ms`.
    #[must_use]
    pub fn in_full(self) -> String {
        let nanos = self.0.as_nanos();
        if nanos == 0 || nanos >= SECOND {
            let (hours, minutes) = (nanos / HOUR, nanos % HOUR / MINUTE);
            let seconds = decimal(nanos % MINUTE, SECOND);
            return match (hours, minutes) {
                (0, 0) => format!("{seconds}s"),
                (0, _) => format!("{minutes}m{seconds}s"),
                _ => format!("{hours}h{minutes}m{seconds}s"),
            };
        }
        let units = [(MILLISECOND, "ms"), (MICROSECOND, "µs")];
        let (unit, name) = units
            .into_iter()
            .find(|(unit, _)| nanos >= *unit)
            .unwrap_or((NANOSECOND, "ns"));
        decimal(nanos, unit) + name
    }
}

/// Formats a number of nanoseconds in a unit that is a power of ten.
fn decimal(nanos: u128, unit: u128) -> String {
    let (whole, fraction) = (nanos / unit, nanos % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let digits = format!("{:0width$}", fraction, width = unit.ilog10() as usize);
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// Formats the duration as the shortest text that parses as the same duration: `2h45m`, `1.5s`,
/// `300ms`, `0s`.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos == 0 {
            return f.write_str("0s");
        }
        if nanos < SECOND {
            let (unit, name) = [(MILLISECOND, "ms"), (MICROSECOND, "us"), (NANOSECOND, "ns")]
                .into_iter()
                .find(|(unit, _)| nanos.is_multiple_of(*unit))
                .unwrap_or((NANOSECOND, "ns"));
            return write!(f, "{}{name}", nanos / unit);
        }
        for (count, name) in [(nanos / HOUR, "h"), (nanos % HOUR / MINUTE, "m")] {
            if count > 0 {
                write!(f, "{count}{name}")?;
            }
        }
        let (seconds, fraction) = (nanos % MINUTE / SECOND, nanos % SECOND);
        match (seconds, fraction) {
            (0, 0) => Ok(()),
            (_, 0) => write!(f, "{seconds}s"),
            _ => {
                let digits = format!("{fraction:09}");
                write!(f, "{seconds}.{}s", digits.trim_end_matches('0'))
            }
        }
    }
}

/// Checks for the fuzzer that a formatted duration parses as the same duration.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    if let Ok(duration) = text.parse::<GoDuration>() {
        assert_eq!(duration.to_string().parse(), Ok(duration), "{text}");
    }
}

#[cfg(test)]
mod tests;
