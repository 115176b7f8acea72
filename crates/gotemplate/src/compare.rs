//! `eq`, `lt` and their kin.

use std::cmp::Ordering;

use minijinja::Value;

use crate::go_value::{GoValue, Shape, is_true, shape, sorted_entries, type_name};
use crate::printf::{Printer, Trouble};

type Answer = Result<bool, Trouble>;

/// How much of a value an error message may show.
const MOST_REVEALED: usize = 4096;

fn wrong(message: impl Into<String>) -> Trouble {
    Trouble::Message(message.into())
}

fn incompatible(a: &Value, b: &Value) -> Trouble {
    wrong(format!(
        "incompatible types for comparison: {} and {}",
        type_name(a),
        type_name(b)
    ))
}

/// Whether the first value equals one of the others.
pub(super) fn equals_any(value: &Value, others: &[GoValue]) -> Answer {
    if others.is_empty() {
        return Err(wrong("missing argument for comparison"));
    }
    for other in others {
        if equal(value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `a == b`
pub(super) fn equal(a: &Value, b: &Value) -> Answer {
    match (shape(a), shape(b)) {
        (Shape::Bool(a), Shape::Bool(b)) => Ok(a == b),
        (Shape::Int(a), Shape::Int(b)) => Ok(a == b),
        (Shape::Uint(a), Shape::Uint(b)) => Ok(a == b),
        #[expect(clippy::float_cmp, reason = "the language compares exactly")]
        (Shape::Float(a), Shape::Float(b)) => Ok(a == b),
        (Shape::Complex(a), Shape::Complex(b)) => Ok(a == b),
        (Shape::Text(a), Shape::Text(b)) => Ok(a == b),
        (Shape::Nothing, Shape::Nothing) => Ok(true),
        // Unsigned is only what is too large to be signed.
        (Shape::Int(_), Shape::Uint(_))
        | (Shape::Uint(_), Shape::Int(_))
        | (Shape::Nothing, _)
        | (_, Shape::Nothing) => Ok(false),
        (Shape::Record(_), Shape::Record(_)) => Ok(a == b),
        (left, right) if is_basic(left) || is_basic(right) => Err(incompatible(a, b)),
        _ => Err(not_comparable(a, b)),
    }
}

fn is_basic(shape: Shape<'_>) -> bool {
    !matches!(
        shape,
        Shape::Nothing
            | Shape::List
            | Shape::Map
            | Shape::Record(_)
            | Shape::Channel
            | Shape::Opaque
    )
}

fn not_comparable(a: &Value, b: &Value) -> Trouble {
    let (left, right) = (type_name(a), type_name(b));
    if left == right {
        return wrong(format!("non-comparable type {}: {left}", revealed(b, 's')));
    }
    let (shown_a, shown_b) = (revealed(a, 's'), revealed(b, 'v'));
    wrong(format!(
        "non-comparable types {shown_a}: {left}, {right}: {shown_b}"
    ))
}

/// `a < b`
pub(super) fn less(a: &Value, b: &Value) -> Answer {
    order(a, b).map(|order| order == Some(Ordering::Less))
}

/// `a <= b`
pub(super) fn less_or_equal(a: &Value, b: &Value) -> Answer {
    order(a, b).map(|order| matches!(order, Some(Ordering::Less | Ordering::Equal)))
}

fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Trouble> {
    let (left, right) = (shape(a), shape(b));
    if !is_basic(left) || !is_basic(right) {
        return Err(wrong("invalid type for comparison"));
    }
    match (left, right) {
        (Shape::Int(a), Shape::Int(b)) => Ok(Some(a.cmp(&b))),
        (Shape::Uint(a), Shape::Uint(b)) => Ok(Some(a.cmp(&b))),
        (Shape::Int(_), Shape::Uint(_)) => Ok(Some(Ordering::Less)),
        (Shape::Uint(_), Shape::Int(_)) => Ok(Some(Ordering::Greater)),
        (Shape::Float(a), Shape::Float(b)) => Ok(a.partial_cmp(&b)),
        (Shape::Text(a), Shape::Text(b)) => Ok(Some(a.cmp(b))),
        (Shape::Bool(_), Shape::Bool(_)) | (Shape::Complex(_), Shape::Complex(_)) => {
            Err(wrong("invalid type for comparison"))
        }
        _ => Err(incompatible(a, b)),
    }
}

/// A value for an error message: as Go shows it if there is no text in it, else only its type.
///
/// A text may be the value of a key or a variable, and that may be a secret.
pub(super) fn revealed(value: &Value, verb: char) -> String {
    if !is_harmless(value, 8) {
        return type_name(value);
    }
    let mut printer = Printer::new(Vec::new(), MOST_REVEALED);
    printer.printf(format!("%{verb}").as_bytes(), &[value]);
    match printer.finish() {
        (text, None) => String::from_utf8_lossy(&text).into_owned(),
        (_, Some(_)) => type_name(value),
    }
}

fn is_harmless(value: &Value, depth: usize) -> bool {
    match shape(value) {
        Shape::Text(text) => text.is_empty(),
        Shape::Record(_) => false,
        Shape::List if depth > 0 => value
            .try_iter()
            .into_iter()
            .flatten()
            .all(|value| is_harmless(&value, depth - 1)),
        Shape::Map if depth > 0 => sorted_entries(value)
            .iter()
            .all(|(_, value)| is_harmless(value, depth - 1)),
        Shape::List | Shape::Map => !is_true(value),
        _ => true,
    }
}
