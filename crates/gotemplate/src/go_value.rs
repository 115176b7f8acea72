//! A value while a template is executed, and what it is in Go's eyes.
//!
//! A minijinja value does not know one thing that Go does: whether it was taken out of a list or a map, where
//! anything can be stored (`interface {}`). A few rules and many error messages depend on it.

use minijinja::Value;
use minijinja::value::{ObjectRepr, ValueKind};

use crate::any_map::AnyMap;
use crate::complex::Complex;
use crate::record::{NumberedMap, Record, TypedMap};
use crate::scalar_object::ScalarObject;
use crate::scratch::Scratch;

/// A value, and whether it is still in the box of a list or a map.
///
/// `UNDEFINED` is the value that does not exist (Go's zero `reflect.Value`). None is nil, and always boxed.
#[derive(Clone, Debug)]
pub(super) struct GoValue {
    pub(super) value: Value,
    pub(super) boxed: bool,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape<'v> {
    /// Nothing: nil, or not there at all.
    Nothing,
    Bool(bool),
    Int(i64),
    /// Only above the largest `i64`.
    Uint(u64),
    Float(f64),
    Complex(Complex),
    /// A string; it need not be UTF-8.
    Text(&'v [u8]),
    List,
    Map,
    Record(&'v Record),
    /// Yields values one after the other: what Go calls a channel.
    Channel,
    /// Has methods, and nothing else that a template can see.
    Opaque,
}

impl GoValue {
    /// Nothing at all.
    pub(super) const NOTHING: Self = Self {
        value: Value::UNDEFINED,
        boxed: false,
    };

    /// An explicit nil.
    pub(super) fn nil() -> Self {
        Self {
            value: Value::from(()),
            boxed: true,
        }
    }

    /// A value with a type of its own.
    pub(super) fn bare(value: Value) -> Self {
        let boxed = value.is_none();
        Self { value, boxed }
    }

    /// A value out of a list or a map; nothing in there is nil.
    pub(super) fn boxed(value: Value) -> Self {
        if value.is_undefined() {
            Self::nil()
        } else {
            Self { value, boxed: true }
        }
    }

    /// Takes it out of the box; nil out of the box is nothing.
    pub(super) fn unboxed(self) -> Self {
        let value = if self.value.is_none() {
            Value::UNDEFINED
        } else {
            self.value
        };
        Self {
            value,
            boxed: false,
        }
    }

    /// Whether it is nothing at all, not even nil.
    pub(super) fn is_nothing(&self) -> bool {
        self.value.is_undefined()
    }

    /// The Go type of the place where it is held.
    pub(super) fn type_name(&self) -> String {
        if self.boxed {
            "interface {}".to_owned()
        } else {
            type_name(&self.value)
        }
    }
}

/// What a value is.
pub(super) fn shape(value: &Value) -> Shape<'_> {
    match value.kind() {
        ValueKind::Bool => Shape::Bool(value.is_true()),
        ValueKind::Number => number(value),
        ValueKind::String | ValueKind::Bytes => Shape::Text(value.as_bytes().unwrap_or_default()),
        ValueKind::Seq => Shape::List,
        ValueKind::Map => match value.downcast_object_ref::<Record>() {
            Some(record) => Shape::Record(record),
            None if value.downcast_object_ref::<Scratch>().is_some() => Shape::Opaque,
            None => Shape::Map,
        },
        ValueKind::Iterable => Shape::Channel,
        ValueKind::Plain => value
            .downcast_object_ref::<Complex>()
            .map_or(Shape::Opaque, |c| Shape::Complex(*c)),
        // Undefined, none, invalid, and whatever kinds there may be one day.
        _ => Shape::Nothing,
    }
}

fn number(value: &Value) -> Shape<'static> {
    if !value.is_integer() {
        return f64::try_from(value.clone()).map_or(Shape::Nothing, Shape::Float);
    }
    if let Ok(int) = i64::try_from(value.clone()) {
        return Shape::Int(int);
    }
    // An integer beyond Go's types can only be shown as a float.
    u64::try_from(value.clone())
        .map(Shape::Uint)
        .or_else(|_| f64::try_from(value.clone()).map(Shape::Float))
        .unwrap_or(Shape::Nothing)
}

/// Whether an `if` takes it for true.
pub(super) fn is_true(value: &Value) -> bool {
    match shape(value) {
        Shape::Nothing => false,
        Shape::Bool(value) => value,
        Shape::Int(int) => int != 0,
        Shape::Uint(uint) => uint != 0,
        Shape::Float(float) => float != 0.0,
        Shape::Complex(Complex { real, imaginary }) => real != 0.0 || imaginary != 0.0,
        Shape::Text(text) => !text.is_empty(),
        Shape::List | Shape::Map => value.len().unwrap_or(0) != 0,
        Shape::Record(_) | Shape::Channel | Shape::Opaque => true,
    }
}

/// The Go type of a value.
pub(super) fn type_name(value: &Value) -> String {
    let name = match shape(value) {
        Shape::Bool(_) => "bool",
        Shape::Int(_) => "int",
        Shape::Uint(_) => "uint64",
        Shape::Float(_) => "float64",
        Shape::Complex(_) => "complex128",
        Shape::Text(_) => "string",
        Shape::List => "[]interface {}",
        Shape::Map => return map_type_name(value),
        Shape::Record(record) => record.schema().name,
        Shape::Channel => "<-chan int64",
        Shape::Opaque if value.downcast_object_ref::<Scratch>().is_some() => "*template.Scratch",
        Shape::Opaque => value
            .downcast_object_ref::<ScalarObject>()
            .map_or("interface {}", |atom| atom.go_type),
        Shape::Nothing => "interface {}",
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

/// What the keys of a map are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    Text,
    Int,
    Anything,
}

impl KeyType {
    /// The Go type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int",
            Self::Anything => "interface {}",
        }
    }
}

/// What the keys of a map are; those of an empty one are strings, unless it says otherwise.
pub(super) fn key_type(map: &Value) -> KeyType {
    if map.downcast_object_ref::<AnyMap>().is_some() {
        return KeyType::Anything;
    }
    if map.downcast_object_ref::<NumberedMap>().is_some() {
        return KeyType::Int;
    }
    let mut found = None;
    for key in map.try_iter().into_iter().flatten() {
        let this = match shape(&key) {
            Shape::Text(_) => KeyType::Text,
            Shape::Int(_) => KeyType::Int,
            _ => return KeyType::Anything,
        };
        if found.is_some_and(|found| found != this) {
            return KeyType::Anything;
        }
        found = Some(this);
    }
    found.unwrap_or(KeyType::Text)
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
    // A map with keys of any kind knows their order.
    if object.downcast_ref::<AnyMap>().is_none() && !entries.is_sorted_by(|(a, _), (b, _)| a <= b) {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    entries
}

/// A string, or bytes where it is not UTF-8.
pub(super) fn text_value(text: Vec<u8>) -> Value {
    match String::from_utf8(text) {
        Ok(text) => Value::from(text),
        Err(error) => Value::from_bytes(error.into_bytes()),
    }
}

/// Functions and methods know only one kind of nothing: none.
pub(crate) fn nil_for_nothing(value: Value) -> Value {
    if value.is_undefined() {
        Value::from(())
    } else {
        value
    }
}
