//! Parses a duration.

use crate::units::{HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, SECOND};

/// The error for text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the duration {written:?} {reason}")]
pub struct DurationError {
    written: String,
    reason: String,
}

/// Go's maximum: an `int64` of nanoseconds, about 292 years.
const LIMIT: u128 = i64::MAX as u128;

/// The maximum number of digits of a fraction that are used, so that a fraction of an hour fits
/// into a `u128`.
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
                // Programs that write JSON for Go write nanoseconds.
                let is_go_number =
                    number.len() > 6 && number.bytes().all(|byte| byte.is_ascii_digit());
                let unit = if is_go_number { "ns" } else { "s" };
                format!("needs a unit, for example {number}{unit} (ns, us, ms, s, m, h)")
            }
            Self::UnknownUnit(unit) => {
                format!("has the unknown unit {unit:?}; there are ns, us, ms, s, m, h")
            }
            Self::TooLong => "is longer than 292 years".to_owned(),
        }
    }
}

/// Parses a duration to nanoseconds.
pub(crate) fn parse(text: &str) -> Result<u64, DurationError> {
    nanoseconds(text).map_err(|refusal| DurationError {
        written: text.to_owned(),
        reason: refusal.reason(),
    })
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

/// Parses the first number with its unit to nanoseconds. Returns the rest of the text, too.
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

/// Parses decimal digits; no digits are 0. Returns `None` if the number does not fit.
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
