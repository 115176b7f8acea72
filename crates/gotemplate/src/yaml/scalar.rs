//! The type of a plain scalar of YAML 1.1: `yes` is true, `0644` is 420, `1_000` is 1000.
//!
//! Input: the text of a scalar. Output: a [`Scalar`]; sexagesimal numbers and times are texts, as in yaml.v2.

use minijinja::Value;

use crate::number::parse_any_base;
use crate::time;

/// A scalar with its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// `<<`
    Merge,
    Text,
}

impl Scalar {
    /// The value; `text` is the source of the scalar.
    pub(super) fn value(self, text: &str) -> Value {
        match self {
            Self::Null => Value::from(()),
            Self::Bool(value) => Value::from(value),
            Self::Int(value) => Value::from(value),
            Self::Uint(value) => Value::from(value),
            Self::Float(value) => Value::from(value),
            Self::Merge | Self::Text => Value::from(text),
        }
    }
}

/// Resolves a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        "<<" => Scalar::Merge,
        text if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) => {
            number(text)
        }
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    let plain = text.replace('_', "");
    if let Some(number) = parse_any_base(&plain) {
        return Scalar::Int(number);
    }
    if let Ok(number) = plain.parse::<u64>()
        && !plain.starts_with(['+', '0'])
    {
        return Scalar::Uint(number);
    }
    match plain.parse() {
        // A number that is too large is a text.
        Ok(number) if is_float(&plain) && f64::is_finite(number) => Scalar::Float(number),
        _ => Scalar::Text,
    }
}

/// Returns `true` if a text is digits with a point or an exponent, and nothing else.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (
            number,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let has_digits = !whole.is_empty() || !decimals.is_empty();
    has_digits
        && digits(whole)
        && digits(decimals)
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

/// Returns `true` if a text would be read as another type when it is written without quotes.
pub(super) fn needs_quotes(text: &str) -> bool {
    !matches!(resolve(text), Scalar::Text | Scalar::Merge) || is_sexagesimal(text) || is_time(text)
}

/// Returns `true` for `12:30:45`, a number to the base 60.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !digits(&first.replace('_', "")) {
        return false;
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return false;
    };
    let (last, decimals) = last.split_once('.').unwrap_or((last, ""));
    let sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [first, second] => (b'0'..=b'5').contains(first) && second.is_ascii_digit(),
        _ => false,
    };
    between.iter().copied().all(sixty) && sixty(last) && digits(&decimals.replace('_', ""))
}

fn is_time(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    let layouts = [
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    year == 4
        && text[4..].starts_with('-')
        && layouts
            .iter()
            .any(|layout| time::parse(layout, text).is_ok())
}
