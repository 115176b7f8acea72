//! Functions that parse booleans and numbers.
//!
//! Errors do not quote the string, because it may be secret: it is usually the value of a key.

use minijinja::Value;

use super::args::{FunctionResult, fail, text};
use crate::function::{Call, Function, Group};

row_constructor!(numbers, Group::Text);

pub(super) static TABLE: &[Function] = &[
    numbers(
        ["parseBool", "parse_bool"],
        "(text string) bool",
        "The boolean of 1, t, true, 0, f, false; an empty string is false.",
        |call| parse(call, "parseBool", "ParseBool", false, parse_bool),
    ),
    numbers(
        ["parseInt", "parse_int"],
        "(text string) int",
        "The integer of a decimal string; an empty string is 0.",
        |call| parse(call, "parseInt", "ParseInt", 0, parse_int),
    ),
    numbers(
        ["parseUint", "parse_uint"],
        "(text string) uint",
        "The unsigned integer of a decimal string; an empty string is 0.",
        |call| parse(call, "parseUint", "ParseUint", 0, parse_uint),
    ),
    numbers(
        ["parseFloat", "parse_float"],
        "(text string) float",
        "The floating-point number of a string; an empty string is 0.",
        |call| parse(call, "parseFloat", "ParseFloat", 0.0, parse_float),
    ),
];

/// The reason why a string is not a number, with the message of Go's `strconv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ParseError {
    #[error("invalid syntax")]
    Syntax,
    #[error("value out of range")]
    Range,
}

use ParseError::{Range, Syntax};

/// Parses the only argument. `go` is the name of the Go function for messages, `empty` the result
/// for an empty string.
fn parse<T: Into<Value>>(
    call: &Call<'_>,
    name: &str,
    go: &str,
    empty: T,
    parse: impl Fn(&str) -> Result<T, ParseError>,
) -> FunctionResult {
    let [only] = call.exactly(name)?;
    match text(only)? {
        "" => Ok(empty.into()),
        text => match parse(text) {
            Ok(value) => Ok(value.into()),
            Err(error) => fail(format!("{name}: strconv.{go}: parsing: {error}")),
        },
    }
}

fn parse_bool(text: &str) -> Result<bool, ParseError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(Syntax),
    }
}

/// Parses a decimal integer with an optional sign.
pub(super) fn parse_int(text: &str) -> Result<i64, ParseError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Syntax);
    }
    text.parse().map_err(|_| Range)
}

fn parse_uint(text: &str) -> Result<u64, ParseError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Syntax);
    }
    text.parse().map_err(|_| Range)
}

/// Parses a number in one of Go's decimal or hexadecimal forms.
pub(super) fn parse_float(text: &str) -> Result<f64, ParseError> {
    match text.parse::<f64>() {
        Ok(number) if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => {
            Err(Range)
        }
        Ok(number) if number.is_nan() && text.starts_with(['+', '-']) => Err(Syntax),
        Ok(number) => Ok(number),
        Err(_) => gotemplate::number::parse_float(text).ok_or(Syntax),
    }
}
