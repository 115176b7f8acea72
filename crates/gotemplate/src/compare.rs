//! The comparisons: `eq`, `ne`, `lt`, `le`, `gt` and `ge`.

use std::cmp::Ordering;

use minijinja::Value;

use crate::builtin_error::BuiltinError;
use crate::go_value::{GoKind, GoValue, go_kind, is_true, sorted_entries, type_name};
use crate::printf::Printer;
use crate::record::is_typed_nil;

/// The maximum length of a value in an error message.
const MAX_SHOWN: usize = 4096;

fn incompatible(a: &Value, b: &Value) -> BuiltinError {
    BuiltinError::new(format!(
        "incompatible types for comparison: {} and {}",
        type_name(a),
        type_name(b)
    ))
}

/// `eq`: returns `true` if the first value equals one of the others.
pub(super) fn equals_any(value: &Value, others: &[GoValue]) -> Result<bool, BuiltinError> {
    if others.is_empty() {
        return Err(BuiltinError::new("missing argument for comparison"));
    }
    for other in others {
        if equal(value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `a == b`
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool, BuiltinError> {
    match (go_kind(a), go_kind(b)) {
        (GoKind::Bool(a), GoKind::Bool(b)) => Ok(a == b),
        (GoKind::Int(a), GoKind::Int(b)) => Ok(a == b),
        (GoKind::Uint(a), GoKind::Uint(b)) => Ok(a == b),
        #[expect(clippy::float_cmp, reason = "Go compares floats exactly")]
        (GoKind::Float(a), GoKind::Float(b)) => Ok(a == b),
        (GoKind::Complex(a), GoKind::Complex(b)) => Ok(a == b),
        (GoKind::String(a), GoKind::String(b)) => Ok(a == b),
        (GoKind::Nil, GoKind::Nil) => Ok(true),
        // A `Uint` is larger than every `Int`.
        (GoKind::Int(_), GoKind::Uint(_)) | (GoKind::Uint(_), GoKind::Int(_)) => Ok(false),
        (GoKind::Nil, _) => Ok(is_typed_nil(b)),
        (_, GoKind::Nil) => Ok(is_typed_nil(a)),
        (GoKind::Record(_), GoKind::Record(_))
        | (GoKind::List, GoKind::List)
        | (GoKind::Map, GoKind::Map)
            if is_typed_nil(a) || is_typed_nil(b) =>
        {
            Ok(is_typed_nil(a) && is_typed_nil(b))
        }
        (GoKind::Record(_), GoKind::Record(_)) => Ok(a == b),
        (left, right) if is_basic(left) || is_basic(right) => Err(incompatible(a, b)),
        _ => Err(not_comparable(a, b)),
    }
}

fn is_basic(go_kind: GoKind<'_>) -> bool {
    !matches!(
        go_kind,
        GoKind::Nil
            | GoKind::List
            | GoKind::Map
            | GoKind::Record(_)
            | GoKind::Channel
            | GoKind::Opaque
    )
}

fn not_comparable(a: &Value, b: &Value) -> BuiltinError {
    let (left, right) = (type_name(a), type_name(b));
    if left == right {
        return BuiltinError::new(format!(
            "non-comparable type {}: {left}",
            shown_in_error(b, 's')
        ));
    }
    let (shown_a, shown_b) = (shown_in_error(a, 's'), shown_in_error(b, 'v'));
    BuiltinError::new(format!(
        "non-comparable types {shown_a}: {left}, {right}: {shown_b}"
    ))
}

/// `a < b`
pub(super) fn less(a: &Value, b: &Value) -> Result<bool, BuiltinError> {
    order(a, b).map(|order| order == Some(Ordering::Less))
}

/// `a <= b`
pub(super) fn less_or_equal(a: &Value, b: &Value) -> Result<bool, BuiltinError> {
    order(a, b).map(|order| matches!(order, Some(Ordering::Less | Ordering::Equal)))
}

fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, BuiltinError> {
    let (left, right) = (go_kind(a), go_kind(b));
    if !is_basic(left) || !is_basic(right) {
        return Err(BuiltinError::new("invalid type for comparison"));
    }
    match (left, right) {
        (GoKind::Int(a), GoKind::Int(b)) => Ok(Some(a.cmp(&b))),
        (GoKind::Uint(a), GoKind::Uint(b)) => Ok(Some(a.cmp(&b))),
        (GoKind::Int(_), GoKind::Uint(_)) => Ok(Some(Ordering::Less)),
        (GoKind::Uint(_), GoKind::Int(_)) => Ok(Some(Ordering::Greater)),
        (GoKind::Float(a), GoKind::Float(b)) => Ok(a.partial_cmp(&b)),
        (GoKind::String(a), GoKind::String(b)) => Ok(Some(a.cmp(b))),
        (GoKind::Bool(_), GoKind::Bool(_)) | (GoKind::Complex(_), GoKind::Complex(_)) => {
            Err(BuiltinError::new("invalid type for comparison"))
        }
        _ => Err(incompatible(a, b)),
    }
}

/// A value as an error message shows it: in Go's format if it has no strings, otherwise only its type, because a string
/// may be a secret.
pub(super) fn shown_in_error(value: &Value, verb: char) -> String {
    if !has_no_text(value, 8) {
        return type_name(value);
    }
    let mut printer = Printer::new(Vec::new(), MAX_SHOWN);
    printer.printf(format!("%{verb}").as_bytes(), &[value]);
    match printer.finish() {
        (text, None) => String::from_utf8_lossy(&text).into_owned(),
        (_, Some(_)) => type_name(value),
    }
}

fn has_no_text(value: &Value, depth: usize) -> bool {
    match go_kind(value) {
        GoKind::String(text) => text.is_empty(),
        GoKind::Record(_) => false,
        GoKind::List if depth > 0 => value
            .try_iter()
            .into_iter()
            .flatten()
            .all(|value| has_no_text(&value, depth - 1)),
        GoKind::Map if depth > 0 => sorted_entries(value)
            .iter()
            .all(|(_, value)| has_no_text(value, depth - 1)),
        GoKind::List | GoKind::Map => !is_true(value),
        _ => true,
    }
}
