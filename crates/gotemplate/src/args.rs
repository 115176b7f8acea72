//! Checks the types of a function's arguments.
//!
//! The error texts are those of Go's `text/template`. None of them shows a value.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::function_error::FunctionError;
use crate::record::{Record, TypedMap};

/// Returns an error with this text.
///
/// # Errors
/// Always.
pub fn fail<T>(text: impl Into<String>) -> Result<T, FunctionError> {
    Err(FunctionError::new(text))
}

/// The text of a string.
///
/// # Errors
/// If the value is not a string.
pub fn text(value: &Value) -> Result<&str, FunctionError> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default()),
        _ => fail(wrong_type("string", value)),
    }
}

/// The bytes of a string, which need not be UTF-8.
///
/// # Errors
/// If the value is not a string.
pub fn bytes(value: &Value) -> Result<&[u8], FunctionError> {
    match value.kind() {
        ValueKind::String | ValueKind::Bytes => Ok(value.as_bytes().unwrap_or_default()),
        _ => fail(wrong_type("string", value)),
    }
}

/// An integer, or a float without a fraction: in Go, the literal `1e6` is both.
///
/// # Errors
/// If the value is neither.
pub fn integer(value: &Value) -> Result<i64, FunctionError> {
    /// All integers up to this size are floats.
    const MAX_FLOAT: f64 = 9_007_199_254_740_992.0;
    match Number::of(value) {
        Some(Number::Int(number)) => Ok(number),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it has no fraction and is in range"
        )]
        Some(Number::Float(number)) if number.fract() == 0.0 && number.abs() <= MAX_FLOAT => {
            Ok(number as i64)
        }
        _ => fail(wrong_type("int", value)),
    }
}

/// The error text for an argument of the wrong type.
#[must_use]
pub fn wrong_type(expected: &str, value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => format!("invalid value; expected {expected}"),
        _ => format!(
            "wrong type for value; expected {expected}; got {}",
            go_type(value)
        ),
    }
}

/// The name of a value's type in Go.
#[must_use]
pub fn go_type(value: &Value) -> &'static str {
    if let Some(record) = value.downcast_object_ref::<Record>() {
        return record.schema().name;
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "<nil>",
        ValueKind::Bool => "bool",
        ValueKind::Number => match Number::of(value) {
            Some(Number::Int(_)) => "int",
            Some(Number::Uint(_)) => "uint64",
            _ => "float64",
        },
        ValueKind::String => "string",
        ValueKind::Bytes => "[]uint8",
        ValueKind::Seq => "[]interface {}",
        ValueKind::Map if value.downcast_object_ref::<TypedMap>().is_some() => "map[string]string",
        ValueKind::Map => "map[string]interface {}",
        ValueKind::Iterable => "<-chan int64",
        _ => "an object",
    }
}

/// A number of one of Go's three kinds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Go's `int64`.
    Int(i64),
    /// Go's `uint64`, above the largest `int64`.
    Uint(u64),
    /// Go's `float64`.
    Float(f64),
}

impl Number {
    /// The number of a value; `None` if the value is not a number. Strings are not converted.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        if value.is_integer() {
            let int = i64::try_from(value.clone()).map(Self::Int);
            int.or_else(|_| u64::try_from(value.clone()).map(Self::Uint))
                .ok()
        } else if value.is_number() {
            f64::try_from(value.clone()).map(Self::Float).ok()
        } else {
            None
        }
    }

    /// The number as a float.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "Go converts in the same way")]
    pub fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Uint(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}
