//! Values during the execution, with the kinds that Go's reflection sees.
//!
//! A minijinja value lacks one fact that Go has: whether it is held in an `interface {}`, as the elements of a list or a
//! map are. A few rules and many error messages depend on it.

use minijinja::Value;
use minijinja::value::{ObjectRepr, ValueKind};

use crate::any_map::AnyMap;
use crate::complex::Complex;
use crate::record::{NumberedMap, Record, TypedMap};
use crate::scalar_object::ScalarObject;
use crate::scratch::Scratch;

/// A value, and whether it is held in an `interface {}`.
///
/// `UNDEFINED` stands for Go's invalid `reflect.Value`, none for nil. Nil is always held in an interface.
#[derive(Clone, Debug)]
pub(super) struct GoValue {
    pub(super) value: Value,
    pub(super) in_interface: bool,
}

/// The kind of a value, as Go's reflection sees it.
#[derive(Clone, Copy, Debug)]
pub(super) enum GoKind<'v> {
    /// Nil or invalid.
    Nil,
    Bool(bool),
    Int(i64),
    /// Only above the largest `i64`.
    Uint(u64),
    Float(f64),
    Complex(Complex),
    /// A string; it need not be UTF-8.
    String(&'v [u8]),
    List,
    Map,
    Record(&'v Record),
    /// An iterator without a length; Go has a channel there.
    Channel,
    /// A value with methods, and without fields or elements.
    Opaque,
}

impl GoValue {
    /// No value, not even nil: Go's invalid `reflect.Value`.
    pub(super) const INVALID: Self = Self {
        value: Value::UNDEFINED,
        in_interface: false,
    };

    /// An explicit nil.
    pub(super) fn nil() -> Self {
        Self {
            value: Value::from(()),
            in_interface: true,
        }
    }

    /// A value with a concrete type.
    pub(super) fn concrete(value: Value) -> Self {
        let in_interface = value.is_none();
        Self {
            value,
            in_interface,
        }
    }

    /// An element of a list or a map; an undefined one is nil.
    pub(super) fn in_interface(value: Value) -> Self {
        if value.is_undefined() {
            Self::nil()
        } else {
            Self {
                value,
                in_interface: true,
            }
        }
    }

    /// The value in the interface; for nil there is none. Go calls this `indirectInterface`.
    pub(super) fn into_concrete(self) -> Self {
        let value = if self.value.is_none() {
            Value::UNDEFINED
        } else {
            self.value
        };
        Self {
            value,
            in_interface: false,
        }
    }

    /// The argument of a function. Where a function takes a list or a map, Go accepts nil, but not a nil that is held
    /// in an interface: nil is none, and a nil in an interface is undefined.
    pub(super) fn into_argument(self) -> Value {
        if self.value.is_undefined() {
            Value::from(())
        } else if self.value.is_none() {
            Value::UNDEFINED
        } else {
            self.value
        }
    }

    /// Returns `true` if there is no value, not even nil.
    pub(super) fn is_invalid(&self) -> bool {
        self.value.is_undefined()
    }

    /// Its Go type: `interface {}` if it is held in one.
    pub(super) fn type_name(&self) -> String {
        if self.in_interface {
            "interface {}".to_owned()
        } else {
            type_name(&self.value)
        }
    }
}

/// The kind of a value.
pub(super) fn go_kind(value: &Value) -> GoKind<'_> {
    match value.kind() {
        ValueKind::Bool => GoKind::Bool(value.is_true()),
        ValueKind::Number => number(value),
        ValueKind::String | ValueKind::Bytes => {
            GoKind::String(value.as_bytes().unwrap_or_default())
        }
        ValueKind::Seq => GoKind::List,
        ValueKind::Map => match value.downcast_object_ref::<Record>() {
            Some(record) => GoKind::Record(record),
            None if value.downcast_object_ref::<Scratch>().is_some() => GoKind::Opaque,
            None => GoKind::Map,
        },
        ValueKind::Iterable => GoKind::Channel,
        ValueKind::Plain => value
            .downcast_object_ref::<Complex>()
            .map_or(GoKind::Opaque, |c| GoKind::Complex(*c)),
        // Undefined, none, invalid, and kinds that minijinja may add.
        _ => GoKind::Nil,
    }
}

fn number(value: &Value) -> GoKind<'static> {
    if !value.is_integer() {
        return f64::try_from(value.clone()).map_or(GoKind::Nil, GoKind::Float);
    }
    if let Ok(int) = i64::try_from(value.clone()) {
        return GoKind::Int(int);
    }
    // An integer beyond Go's types can only be shown as a float.
    u64::try_from(value.clone())
        .map(GoKind::Uint)
        .or_else(|_| f64::try_from(value.clone()).map(GoKind::Float))
        .unwrap_or(GoKind::Nil)
}

/// Returns `true` if an `if` executes its body with this value.
pub(super) fn is_true(value: &Value) -> bool {
    match go_kind(value) {
        GoKind::Nil => false,
        GoKind::Bool(value) => value,
        GoKind::Int(int) => int != 0,
        GoKind::Uint(uint) => uint != 0,
        GoKind::Float(float) => float != 0.0,
        GoKind::Complex(Complex { real, imaginary }) => real != 0.0 || imaginary != 0.0,
        GoKind::String(text) => !text.is_empty(),
        GoKind::List | GoKind::Map => value.len().unwrap_or(0) != 0,
        GoKind::Record(record) => !record.is_nil(),
        GoKind::Channel | GoKind::Opaque => true,
    }
}

/// The Go type of a value.
pub(super) fn type_name(value: &Value) -> String {
    let name = match go_kind(value) {
        GoKind::Bool(_) => "bool",
        GoKind::Int(_) => "int",
        GoKind::Uint(_) => "uint64",
        GoKind::Float(_) => "float64",
        GoKind::Complex(_) => "complex128",
        GoKind::String(_) => "string",
        GoKind::List => "[]interface {}",
        GoKind::Map => return map_type_name(value),
        GoKind::Record(record) => record.schema().name,
        GoKind::Channel => "<-chan int64",
        GoKind::Opaque if value.downcast_object_ref::<Scratch>().is_some() => "*template.Scratch",
        GoKind::Opaque => value
            .downcast_object_ref::<ScalarObject>()
            .map_or("interface {}", |scalar| scalar.go_type),
        GoKind::Nil => "interface {}",
    };
    name.to_owned()
}

fn map_type_name(map: &Value) -> String {
    if let Some(map) = map.downcast_object_ref::<TypedMap>() {
        return format!("map[string]{}", type_name(&map.zero));
    }
    if let Some(map) = map.downcast_object_ref::<NumberedMap>() {
        return format!("map[int]{}", type_name(&map.zero));
    }
    format!("map[{}]interface {{}}", key_type(map).name())
}

/// The Go type of the keys of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    String,
    Int,
    Interface,
}

impl KeyType {
    /// The Go type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Interface => "interface {}",
        }
    }
}

/// The type of the keys of a map. An empty map has string keys, unless its type says otherwise.
pub(super) fn key_type(map: &Value) -> KeyType {
    if map.downcast_object_ref::<AnyMap>().is_some() {
        return KeyType::Interface;
    }
    if map.downcast_object_ref::<NumberedMap>().is_some() {
        return KeyType::Int;
    }
    let mut found = None;
    for key in map.try_iter().into_iter().flatten() {
        let this = match go_kind(&key) {
            GoKind::String(_) => KeyType::String,
            GoKind::Int(_) => KeyType::Int,
            _ => return KeyType::Interface,
        };
        if found.is_some_and(|found| found != this) {
            return KeyType::Interface;
        }
        found = Some(this);
    }
    found.unwrap_or(KeyType::String)
}

/// The entries of a map in the order of their keys.
pub(super) fn sorted_entries(map: &Value) -> Vec<(Value, Value)> {
    let Some(object) = map
        .as_object()
        .filter(|object| object.repr() == ObjectRepr::Map)
    else {
        return Vec::new();
    };
    let mut entries: Vec<(Value, Value)> = object.try_iter_pairs().into_iter().flatten().collect();
    // An `AnyMap` iterates in Go's order already.
    if object.downcast_ref::<AnyMap>().is_none() && !entries.is_sorted_by(|(a, _), (b, _)| a <= b) {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    entries
}

/// A string value; bytes if the text is not UTF-8.
pub(super) fn text_value(text: Vec<u8>) -> Value {
    match String::from_utf8(text) {
        Ok(text) => Value::from(text),
        Err(error) => Value::from_bytes(error.into_bytes()),
    }
}

/// Replaces an invalid value by nil: functions and methods take only nil.
pub(crate) fn nil_if_invalid(value: Value) -> Value {
    if value.is_undefined() {
        Value::from(())
    } else {
        value
    }
}
