//! Durations in Go's notation: `300ms`, `1.5h`, `2h45m`, `1m0.5s`, `0`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A duration in Go's notation. It is never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(pub Duration);

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the duration {written:?} {reason}")]
pub struct DurationError {
    written: String,
    reason: String,
}

const NANOSECOND: u128 = 1;
const MICROSECOND: u128 = 1_000 * NANOSECOND;
const MILLISECOND: u128 = 1_000 * MICROSECOND;
const SECOND: u128 = 1_000 * MILLISECOND;
const MINUTE: u128 = 60 * SECOND;
const HOUR: u128 = 60 * MINUTE;

/// The maximum in Go: an `int64` of nanoseconds, about 292 years.
const LIMIT: u128 = i64::MAX as u128;

/// Digits of a fraction beyond these are ignored, so that a fraction of an hour still fits an `u128`.
const FRACTION_DIGITS: usize = 25;

/// The reason why a text is not a duration.
enum Refusal {
    Empty,
    Negative,
    NoNumber(String),
    NoUnit(String),
    UnknownUnit(String),
    TooLong,
}

impl Refusal {
    fn reason(&self) -> String {
        match self {
            Self::Empty => "is empty; write for example 5s".to_owned(),
            Self::Negative => "is negative; nothing lasts less than 0s".to_owned(),
            Self::NoNumber(rest) => format!("has no number at {rest:?}; write for example 1m30s"),
            Self::NoUnit(number) => {
                format!("needs a unit, for example {number}s (ns, us, ms, s, m, h)")
            }
            Self::UnknownUnit(unit) => {
                format!("has the unknown unit {unit:?}; there are ns, us, ms, s, m, h")
            }
            Self::TooLong => "is longer than 292 years".to_owned(),
        }
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        nanoseconds(text)
            .map(|nanos| Self(Duration::from_nanos(nanos)))
            .map_err(|refusal| DurationError {
                written: text.to_owned(),
                reason: refusal.reason(),
            })
    }
}

fn nanoseconds(text: &str) -> Result<u64, Refusal> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Refusal::Empty);
    }
    let mut total = 0_u128;
    while !rest.is_empty() {
        let (part, after) = first_part(rest)?;
        total = total
            .checked_add(part)
            .filter(|total| *total <= LIMIT)
            .ok_or(Refusal::TooLong)?;
        rest = after;
    }
    if negative && total > 0 {
        return Err(Refusal::Negative);
    }
    u64::try_from(total).map_err(|_| Refusal::TooLong)
}

/// The nanoseconds of the first number with its unit, and what follows.
fn first_part(text: &str) -> Result<(u128, &str), Refusal> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Refusal::NoNumber(text.to_owned()));
    }
    let (name, rest) = rest.split_at(
        rest.find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(rest.len()),
    );
    if name.is_empty() {
        return Err(Refusal::NoUnit(text.trim_end_matches('.').to_owned()));
    }
    let unit = unit(name).ok_or_else(|| Refusal::UnknownUnit(name.to_owned()))?;
    let whole = number(whole)
        .and_then(|whole| whole.checked_mul(unit))
        .ok_or(Refusal::TooLong)?;
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS)];
    let scale = fraction.bytes().fold(1_u128, |scale, _| scale * 10);
    let fraction = number(fraction).ok_or(Refusal::TooLong)? * unit / scale;
    Ok((whole.checked_add(fraction).ok_or(Refusal::TooLong)?, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

/// The value of decimal digits; of none, 0; `None` when it does not fit.
fn number(digits: &str) -> Option<u128> {
    if digits.is_empty() {
        Some(0)
    } else {
        digits.parse().ok()
    }
}

fn unit(name: &str) -> Option<u128> {
    match name {
        "ns" => Some(NANOSECOND),
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(MICROSECOND),
        "ms" => Some(MILLISECOND),
        "s" => Some(SECOND),
        "m" => Some(MINUTE),
        "h" => Some(HOUR),
        _ => None,
    }
}

/// The shortest text that reads back as the same duration: `2h45m`, `1.5s`, `300ms`, `0s`.
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

/// For fuzzing: a duration reads back from its text.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    if let Ok(duration) = text.parse::<GoDuration>() {
        assert_eq!(duration.to_string().parse(), Ok(duration), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations_are_read_to_the_nanosecond() {
        let cases: &[(&str, u64)] = &[
            ("0", 0),
            ("+0", 0),
            ("-0", 0),
            ("-0s", 0),
            ("0s", 0),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("300ms", 300_000_000),
            ("1.5h", 5_400_000_000_000),
            ("2h45m", 9_900_000_000_000),
            ("1m0.5s", 60_500_000_000),
            ("7us", 7_000),
            ("7\u{b5}s", 7_000),
            ("7\u{3bc}s", 7_000),
            ("1ns", 1),
            ("1.9ns", 1),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("1h1h", 7_200_000_000_000),
            ("0.1111111111111111112h", 400_000_000_000),
            (
                "0.3333333333333333333333333333333333333333333333h",
                1_199_999_999_999,
            ),
            ("9223372036854775807ns", 9_223_372_036_854_775_807),
        ];
        assert!(!cases.is_empty());
        for (text, nanos) in cases {
            assert_eq!(
                text.parse(),
                Ok(GoDuration(Duration::from_nanos(*nanos))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        let cases: &[(&str, &str)] = &[
            ("", "is empty"),
            ("-", "is empty"),
            ("5", "needs a unit, for example 5s"),
            ("1.5", "needs a unit, for example 1.5s"),
            ("1m30", "needs a unit, for example 30s"),
            ("5x", "unknown unit \"x\""),
            ("5S", "unknown unit \"S\""),
            ("5 s", "unknown unit \" s\""),
            ("s", "has no number"),
            (".s", "has no number"),
            (".", "has no number"),
            (" 5s", "has no number"),
            ("-5s", "is negative"),
            ("9223372036854775808ns", "292 years"),
            ("2562048h", "292 years"),
            ("340282366920938463463374607431768211456h", "292 years"),
            ("99999999999999999999999999999999999999999999h", "292 years"),
        ];
        assert!(!cases.is_empty());
        for (text, reason) in cases {
            let error = text.parse::<GoDuration>().expect_err(text).to_string();
            assert!(
                error.contains(reason) && error.contains(&format!("{text:?}")),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_duration_is_shown_as_short_as_it_goes() {
        let cases: &[(u64, &str)] = &[
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1500ns"),
            (250_000_000, "250ms"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m"),
            (9_900_000_000_000, "2h45m"),
            (3_600_500_000_000, "1h0.5s"),
        ];
        assert!(!cases.is_empty());
        for (nanos, text) in cases {
            assert_eq!(GoDuration(Duration::from_nanos(*nanos)).to_string(), *text);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(nanos in 0..=i64::MAX.unsigned_abs()) {
            let duration = GoDuration(Duration::from_nanos(nanos));
            prop_assert_eq!(duration.to_string().parse::<GoDuration>(), Ok(duration));
        }

        #[test]
        fn parts_add_up(hours in 0_u64..2_000_000, minutes in 0_u64..10_000, millis in 0_u64..1_000_000) {
            let text = format!("{hours}h{minutes}m{millis}ms");
            let expected = Duration::from_secs(hours * 3600 + minutes * 60) + Duration::from_millis(millis);
            prop_assert_eq!(text.parse::<GoDuration>(), Ok(GoDuration(expected)));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*", digits in "[-+]?[0-9.]{0,60}[a-zµ]{0,3}") {
            fuzz(&text);
            fuzz(&digits);
        }
    }
}
