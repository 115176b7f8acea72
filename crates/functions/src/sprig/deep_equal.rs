//! Compares values by kind and content, as Go's `reflect.DeepEqual` does.
//!
//! Each comparison costs a step of the budget. A list may contain another one many times, so a
//! short template can create values with any number of parts.

use std::collections::HashSet;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::cast::{is_nil, kind};
use crate::function::{Call, FunctionError};
use gotemplate::go_fmt::type_name;
use gotemplate::record::is_typed_nil;

/// Returns `true` if two values are equal.
pub(super) fn deep_equal(call: &Call<'_>, a: &Value, b: &Value) -> Result<bool, FunctionError> {
    call.spend(1)?;
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) && is_nil(b));
    }
    if kind(a) != kind(b)
        || is_typed_nil(a) != is_typed_nil(b)
        || (a.kind() == ValueKind::Map && type_name(a) != type_name(b))
    {
        return Ok(false);
    }
    match a.kind() {
        ValueKind::Seq => equal_lists(call, a, b),
        ValueKind::Map => equal_maps(call, a, b),
        _ => Ok(a == b),
    }
}

fn equal_lists(call: &Call<'_>, a: &Value, b: &Value) -> Result<bool, FunctionError> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let left = a.try_iter().into_iter().flatten();
    let right = b.try_iter().into_iter().flatten();
    for (a, b) in left.zip(right) {
        if !deep_equal(call, &a, &b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(call: &Call<'_>, a: &Value, b: &Value) -> Result<bool, FunctionError> {
    let (Some(left), Some(right)) = (a.as_object(), b.as_object()) else {
        return Ok(false);
    };
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in left.try_iter_pairs().into_iter().flatten() {
        let Some(other) = right.get_value(&key) else {
            return Ok(false);
        };
        if !deep_equal(call, &value, &other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns `true` if `value` equals one of the items.
pub(super) fn contains(
    call: &Call<'_>,
    values: &[Value],
    value: &Value,
) -> Result<bool, FunctionError> {
    for other in values {
        if deep_equal(call, other, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A set of values. Strings and numbers are hashed; maps and lists are compared with each other.
#[derive(Default)]
pub(super) struct Seen {
    scalars: HashSet<(&'static str, String)>,
    others: Vec<Value>,
}

impl Seen {
    /// Adds a value. Returns `true` if it is new.
    pub(super) fn insert(&mut self, call: &Call<'_>, value: &Value) -> Result<bool, FunctionError> {
        if matches!(
            value.kind(),
            ValueKind::Bool | ValueKind::Number | ValueKind::String
        ) {
            return Ok(self.scalars.insert((kind(value), value.to_string())));
        }
        let new = !contains(call, &self.others, value)?;
        if new {
            self.others.push(value.clone());
        }
        Ok(new)
    }
}
