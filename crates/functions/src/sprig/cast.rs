//! Conversions to numbers, strings and lists, as in sprig. A value that is not a number becomes 0.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::check_length;
use crate::args::Number;
use crate::function::FunctionError;
use crate::numbers::parse_float;
use gotemplate::go_fmt;
use gotemplate::scalar_object::ScalarObject;

/// Returns the value as an integer.
pub(crate) fn int(value: &Value) -> i64 {
    match (Number::of(value), value.kind()) {
        (Some(Number::Int(number)), _) => number,
        (Some(Number::Uint(number)), _) => number.cast_signed(),
        (Some(Number::Float(number)), _) => truncated(number),
        (None, ValueKind::Bool) => i64::from(value.is_true()),
        (None, ValueKind::String) => parse_int(value.as_str().unwrap_or_default()),
        _ => 0,
    }
}

/// Truncates a float. As on amd64, a float out of range becomes the smallest integer.
fn truncated(number: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float in this range fits when it is truncated"
    )]
    if (-END..END).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// Parses an integer in any base of Go. Zeros after a decimal point are ignored.
fn parse_int(text: &str) -> i64 {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    };
    gotemplate::number::parse_any_base(whole).unwrap_or(0)
}

/// Returns the value as a float.
pub(super) fn float(value: &Value) -> f64 {
    match (Number::of(value), value.kind()) {
        (Some(number), _) => number.float(),
        (None, ValueKind::Bool) => f64::from(u8::from(value.is_true())),
        (None, ValueKind::String) => parse_float(value.as_str().unwrap_or_default()).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Returns the value as a string. A value that is not a string is printed as in Go.
pub(super) fn text(value: &Value) -> Result<String, FunctionError> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => go_fmt::sprint(value),
    }
}

/// Returns the value as a list of strings: the items of a list without nil, or the value itself.
pub(super) fn texts(value: &Value) -> Result<Vec<String>, FunctionError> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Vec::new()),
        ValueKind::Seq => {
            let mut texts = Vec::new();
            // A list may contain a long string many times.
            let mut length = 0_usize;
            for item in value.try_iter().into_iter().flatten() {
                if is_nil(&item) {
                    continue;
                }
                let text = text(&item)?;
                length = length.saturating_add(text.len());
                check_length(length)?;
                texts.push(text);
            }
            Ok(texts)
        }
        _ => Ok(vec![text(value)?]),
    }
}

/// Returns `true` for Go's nil, and for none and undefined in Jinja.
pub(super) fn is_nil(value: &Value) -> bool {
    value.is_none() || value.is_undefined()
}

/// Returns `true` if the value is empty by Go's rules.
pub(super) fn is_empty(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => true,
        ValueKind::Bool
        | ValueKind::Number
        | ValueKind::String
        | ValueKind::Bytes
        | ValueKind::Seq
        | ValueKind::Map => !value.is_true(),
        _ => false,
    }
}

/// Returns the Go kind of a value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "invalid",
        ValueKind::Bool => "bool",
        ValueKind::Number => match Number::of(value) {
            Some(Number::Int(_)) => "int",
            Some(Number::Uint(_)) => "uint64",
            _ => "float64",
        },
        ValueKind::String | ValueKind::Bytes => "string",
        ValueKind::Seq => "slice",
        ValueKind::Map
            if value
                .downcast_object_ref::<gotemplate::record::Record>()
                .is_some() =>
        {
            "ptr"
        }
        ValueKind::Map => "map",
        ValueKind::Iterable => "chan",
        _ if value
            .downcast_object_ref::<ScalarObject>()
            .is_some_and(|scalar| scalar.go_type.starts_with('*')) =>
        {
            "ptr"
        }
        _ => "struct",
    }
}
