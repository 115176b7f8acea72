//! Are two values the same, as Go's `reflect.DeepEqual` sees it: in kind and in everything that is in them?

use std::collections::HashSet;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::cast::{is_nil, kind};

/// Whether two values are the same.
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

/// Values that have been seen; texts and numbers are found without a look at each of them.
#[derive(Default)]
pub(super) struct Seen {
    plain: HashSet<(&'static str, String)>,
    others: Vec<Value>,
}

impl Seen {
    /// Notes a value; `true` if it was not there before.
    pub(super) fn is_new(&mut self, value: &Value) -> bool {
        if matches!(
            value.kind(),
            ValueKind::Bool | ValueKind::Number | ValueKind::String
        ) {
            return self.plain.insert((kind(value), value.to_string()));
        }
        let new = !self.others.iter().any(|other| deep_equal(other, value));
        if new {
            self.others.push(value.clone());
        }
        new
    }
}
