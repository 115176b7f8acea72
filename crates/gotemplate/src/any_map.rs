//! Go's `map[interface {}]interface {}`: keys of any kind, as YAML has them.
//!
//! `1`, `1.0` and `true` are three different keys here. As values of minijinja they are equal.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};

/// A key. Keys are ordered as Go prints them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnyKey {
    /// `nil`
    Nil,
    /// A string.
    Text(String),
    /// An integer.
    Int(i64),
    /// An integer above the largest `i64`.
    Uint(u64),
    /// The bits of a float, transformed so that they sort like the numbers.
    Float(i64),
    /// `true` or `false`
    Bool(bool),
}

impl AnyKey {
    /// The value as a key; `None` for lists and maps.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => Some(Self::Nil),
            ValueKind::Bool => Some(Self::Bool(value.is_true())),
            ValueKind::String => Some(Self::Text(value.as_str()?.to_owned())),
            ValueKind::Number if value.is_integer() => match i64::try_from(value.clone()) {
                Ok(number) => Some(Self::Int(number)),
                Err(_) => u64::try_from(value.clone()).ok().map(Self::Uint),
            },
            ValueKind::Number => f64::try_from(value.clone())
                .ok()
                .map(|number| Self::Float(ordered(number))),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Nil => Value::from(()),
            Self::Int(number) => Value::from(*number),
            Self::Uint(number) => Value::from(*number),
            Self::Float(bits) => Value::from(f64::from_bits(unordered(*bits))),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Bool(value) => Value::from(*value),
        }
    }
}

/// The bits of a float as a number that grows with it.
fn ordered(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

fn unordered(bits: i64) -> u64 {
    if bits < 0 {
        (bits ^ i64::MAX).cast_unsigned()
    } else {
        bits.cast_unsigned()
    }
}

/// A map with keys of any kind.
#[derive(Clone, Debug, Default)]
pub struct AnyMap {
    /// The entries, in key order.
    pub entries: BTreeMap<AnyKey, Value>,
}

impl Object for AnyMap {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.entries.get(&AnyKey::of(key)?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries.keys().map(AnyKey::value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_kinds_are_different_keys() {
        let keys = [
            Value::from(1),
            Value::from(1.0),
            Value::from(true),
            Value::from("1"),
            Value::from(()),
            (-1.5).into(),
        ];
        let entries = keys
            .iter()
            .enumerate()
            .map(|(at, key)| (AnyKey::of(key).unwrap(), Value::from(at)))
            .collect();
        let map = Value::from_object(AnyMap { entries });
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(map.get_item(key).unwrap(), Value::from(at), "{key}");
        }
        let shown: Vec<String> = map
            .try_iter()
            .unwrap()
            .map(|key| format!("{key:?}"))
            .collect();
        assert_eq!(shown, ["None", "'1'", "1", "-1.5", "1.0", "True"]);
        assert_eq!(AnyKey::of(&Value::from(vec![1])), None);
    }
}
