//! Texts as other kinds of values, and values as JSON.
//!
//! The messages say what is wrong with a text, but do not show it: mostly it is the value of a key.

use std::collections::BTreeMap;

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::function;
use crate::template::function::{Call, Function, Group};
use crate::template::go::show;
use crate::template::json::{self, Style};

const fn numbers(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Text, names, signature, summary, code)
}

pub(super) static TABLE: &[Function] = &[
    numbers(
        ["parseBool", "parse_bool"],
        "(text string) bool",
        "1, t, true and their kin; nothing is false.",
        |call| parse(call, "parseBool", "ParseBool", false, parse_bool),
    ),
    numbers(
        ["parseInt", "parse_int"],
        "(text string) int",
        "The whole number that a text is; nothing is 0.",
        |call| parse(call, "parseInt", "ParseInt", 0, parse_int),
    ),
    numbers(
        ["parseUint", "parse_uint"],
        "(text string) uint",
        "The natural number that a text is; nothing is 0.",
        |call| parse(call, "parseUint", "ParseUint", 0, parse_uint),
    ),
    numbers(
        ["parseFloat", "parse_float"],
        "(text string) float",
        "The number that a text is; nothing is 0.",
        |call| parse(call, "parseFloat", "ParseFloat", 0.0, parse_float),
    ),
    numbers(
        ["parseJSON", "parse_json"],
        "(text string) any",
        "The value that is written in JSON; its numbers are floats. Nothing is an empty map.",
        parse_json,
    ),
    numbers(
        ["toJSON", "to_json"],
        "(value any) string",
        "In JSON on one line, with <, > and & escaped.",
        |call| {
            to_json(
                call,
                "toJSON",
                Style {
                    pretty: false,
                    escape_html: true,
                },
            )
        },
    ),
    numbers(
        ["toJSONPretty", "to_json_pretty"],
        "(value any) string",
        "In JSON, indented by two blanks.",
        |call| {
            to_json(
                call,
                "toJSONPretty",
                Style {
                    pretty: true,
                    escape_html: true,
                },
            )
        },
    ),
    numbers(
        ["toUnescapedJSON", "to_unescaped_json"],
        "(value any) string",
        "In JSON, with <, > and & as they are.",
        |call| {
            to_json(
                call,
                "toUnescapedJSON",
                Style {
                    pretty: false,
                    escape_html: false,
                },
            )
        },
    ),
    numbers(
        ["toUnescapedJSONPretty", "to_unescaped_json_pretty"],
        "(value any) string",
        "In JSON, indented by two blanks, with <, > and & as they are.",
        |call| {
            to_json(
                call,
                "toUnescapedJSONPretty",
                Style {
                    pretty: true,
                    escape_html: false,
                },
            )
        },
    ),
];

const SYNTAX: &str = "invalid syntax";
const RANGE: &str = "value out of range";

fn parse<T: Into<Value>>(
    call: &Call<'_>,
    name: &str,
    go: &str,
    empty: T,
    parse: impl Fn(&str) -> Result<T, &'static str>,
) -> Outcome {
    let [only] = call.exactly(name)?;
    match text(only)? {
        "" => Ok(empty.into()),
        text => match parse(text) {
            Ok(value) => Ok(value.into()),
            Err(problem) => refuse(format!("{name}: strconv.{go}: parsing: {problem}")),
        },
    }
}

fn parse_bool(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(SYNTAX),
    }
}

/// A whole number in base 10, with or without sign.
pub(super) fn parse_int(text: &str) -> Result<i64, &'static str> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SYNTAX);
    }
    text.parse().map_err(|_| RANGE)
}

fn parse_uint(text: &str) -> Result<u64, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SYNTAX);
    }
    text.parse().map_err(|_| RANGE)
}

/// Go's decimal forms, and its hexadecimal ones.
pub(super) fn parse_float(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(number) if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => {
            Err(RANGE)
        }
        Ok(number) if number.is_nan() && text.starts_with(['+', '-']) => Err(SYNTAX),
        Ok(number) => Ok(number),
        Err(_) => show::float(text).ok_or(SYNTAX),
    }
}

fn parse_json(call: &Call<'_>) -> Outcome {
    let [only] = call.exactly("parseJSON")?;
    match text(only)? {
        "" => Ok(Value::from_object(BTreeMap::<String, Value>::new())),
        text => json::read(text)
            .or_else(|error| refuse(format!("parseJSON: the text is not JSON: {error}"))),
    }
}

fn to_json(call: &Call<'_>, name: &str, style: Style) -> Outcome {
    let [only] = call.exactly(name)?;
    json::write(only, style)
        .map(Value::from)
        .or_else(|problem| refuse(format!("{name}: {problem}")))
}
