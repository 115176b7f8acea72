//! Equality of values in kind and content, as Go's `reflect.DeepEqual`.

use std::collections::HashSet;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::cast::{is_nil, kind};

/// Returns `true` if two values are equal.
pub(super) fn deep_equal(a: &Value, b: &Value) -> bool {
    if is_nil(a) || is_nil(b) {
        return is_nil(a) && is_nil(b);
    }
    if kind(a) != kind(b) {
        return false;
    }
    match a.kind() {
        ValueKind::Seq => {
            a.len() == b.len()
                && a.try_iter()
                    .into_iter()
                    .flatten()
                    .zip(b.try_iter().into_iter().flatten())
                    .all(|(a, b)| deep_equal(&a, &b))
        }
        ValueKind::Map => {
            let (Some(left), Some(right)) = (a.as_object(), b.as_object()) else {
                return false;
            };
            a.len() == b.len()
                && left
                    .try_iter_pairs()
                    .into_iter()
                    .flatten()
                    .all(|(key, value)| {
                        right
                            .get_value(&key)
                            .is_some_and(|other| deep_equal(&value, &other))
                    })
        }
        _ => a == b,
    }
}

/// A set of values. Strings and numbers are hashed; maps and lists are compared one by one.
#[derive(Default)]
pub(super) struct Seen {
    scalars: HashSet<(&'static str, String)>,
    others: Vec<Value>,
}

impl Seen {
    /// Adds a value, and returns `true` if it is new.
    pub(super) fn insert(&mut self, value: &Value) -> bool {
        if matches!(
            value.kind(),
            ValueKind::Bool | ValueKind::Number | ValueKind::String
        ) {
            return self.scalars.insert((kind(value), value.to_string()));
        }
        let new = !self.others.iter().any(|other| deep_equal(other, value));
        if new {
            self.others.push(value.clone());
        }
        new
    }
}
