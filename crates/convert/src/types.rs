//! The types of values, as far as they are known without data.
//!
//! Input: the signatures of functions, and the records that they return. Output: a [`Type`]: how a
//! value prints, its fields, and the type of its items.
//!
//! Where the type is known, Jinja's own operators and filters replace Go's functions; elsewhere
//! Go's functions are called.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::record::{Fields, Record, TypedMap};
use minijinja::Value;
use minijinja::value::ValueKind;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// No value was seen yet.
    Unseen,
    /// Go's nil.
    Nil,
    Text,
    Int,
    Float,
    Bool,
    /// A record, with the name of its schema.
    Record(&'static str),
    List(Box<Type>),
    /// A map with string keys, where a missing key yields an empty value of the type.
    Map(Box<Type>),
    /// A map with integer keys.
    ByInt(Box<Type>),
    /// The integers of consul-template's `loop` function.
    Ints,
    /// The scratch pad.
    Scratch,
    /// Any value that can be written as JSON.
    Plain,
    /// Any value.
    Any,
}

impl Type {
    /// Returns the type of values that have one type or the other.
    pub(crate) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unseen, other) | (other, Self::Unseen) => other,
            (one, other) if one == other => one,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.join(*other))),
            (one, other) if one.is_plain() && other.is_plain() => Self::Plain,
            _ => Self::Any,
        }
    }

    fn is_plain(&self) -> bool {
        match self {
            Self::Nil | Self::Text | Self::Int | Self::Float | Self::Bool | Self::Plain => true,
            Self::List(item) => item.is_plain(),
            _ => false,
        }
    }

    /// Returns `true` if values of this type print the same in both languages.
    pub(crate) fn prints_alike(&self) -> bool {
        matches!(self, Self::Text | Self::Int | Self::Bool | Self::Unseen)
    }

    /// Returns `true` if `==` and `<` have the same result in both languages.
    pub(crate) fn compares_alike(&self) -> bool {
        matches!(self, Self::Text | Self::Int | Self::Bool | Self::Unseen)
    }

    /// Returns a name for a variable of this type.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Record("*dependency.HealthService") => "instance",
            Self::Record("*dependency.KeyPair") => "pair",
            Self::Record("*dependency.Node" | "*dependency.CatalogNode") => "node",
            Self::Record("*dependency.CatalogSnippet") => "listed",
            Self::Record("*dependency.CatalogNodeService") => "service",
            Self::Record("*api.HealthCheck") => "check",
            Self::Record(_) => "record",
            Self::List(_) => "list",
            Self::Map(_) | Self::ByInt(_) => "entries",
            Self::Int | Self::Ints => "number",
            Self::Text => "text",
            _ => "value",
        }
    }

    /// Creates the type of the result in a signature: `[]service`.
    pub(crate) fn of_signature(signature: &str) -> Self {
        let result = signature.rsplit_once(") ").map_or("", |(_, result)| result);
        Self::named(result)
    }

    fn named(name: &str) -> Self {
        let boxed = |name| Box::new(Self::named(name));
        if let Some(item) = name.strip_prefix("[]") {
            return Self::List(boxed(item));
        }
        match name.strip_prefix("map[string]") {
            // Maps of anything are plain maps.
            Some("any") => return Self::Plain,
            Some(item) => return Self::Map(boxed(item)),
            None => {}
        }
        if let Some(item) = name.strip_prefix("map[int]") {
            return Self::ByInt(boxed(item));
        }
        match name {
            "string" => Self::Text,
            "int" | "uint" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "ints" => Self::Ints,
            "scratch" => Self::Scratch,
            "service" => Self::Record("*dependency.HealthService"),
            "pair" => Self::Record("*dependency.KeyPair"),
            "node" => Self::Record("*dependency.Node"),
            "{Name, Tags}" => Self::Record("*dependency.CatalogSnippet"),
            "{Node, Services}" => Self::Record("*dependency.CatalogNode"),
            _ => Self::Any,
        }
    }

    fn of_value(value: &Value) -> Self {
        if let Some(record) = value.downcast_object_ref::<Record>() {
            return Self::Record(record.schema().name);
        }
        if let Some(map) = value.downcast_object_ref::<TypedMap>() {
            return Self::Map(Box::new(Self::of_value(&map.zero)));
        }
        match value.kind() {
            ValueKind::String => Self::Text,
            ValueKind::Bool => Self::Bool,
            ValueKind::Number if value.is_integer() => Self::Int,
            ValueKind::Number => Self::Float,
            ValueKind::Seq => {
                let first = value.try_iter().ok().and_then(|mut items| items.next());
                Self::List(Box::new(
                    first.map_or(Self::Any, |first| Self::of_value(&first)),
                ))
            }
            _ => Self::Plain,
        }
    }
}

/// The fields of all records: the name in Jinja and the type, by record and name in Go.
#[derive(Debug, Default)]
pub(crate) struct Records(BTreeMap<(&'static str, &'static str), (&'static str, Type)>);

impl Records {
    /// Reads the fields of one record of each kind.
    pub(crate) fn of(samples: Vec<Arc<dyn Fields>>) -> Self {
        let mut fields = BTreeMap::new();
        for sample in samples {
            let record = Record::value(sample);
            let Some(record) = record.downcast_object_ref::<Record>() else {
                continue;
            };
            for (field, value) in record.fields() {
                let key = (record.schema().name, field.go);
                fields.insert(key, (field.jinja, Type::of_value(&value)));
            }
        }
        Self(fields)
    }

    /// Returns the Jinja name and the type of the field with this Go name.
    pub(crate) fn field(&self, of: &Type, go: &str) -> Option<(&'static str, Type)> {
        let Type::Record(schema) = of else {
            return None;
        };
        self.0.get(&(*schema, go)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_have_types() {
        let pair = Type::Record("*dependency.KeyPair");
        let cases = [
            ("(key string) string", Type::Text),
            ("(key string) bool", Type::Bool),
            ("(prefix string) []pair", Type::List(Box::new(pair.clone()))),
            (
                "(pairs []pair) map[string]map[string]pair",
                Type::Map(Box::new(Type::Map(Box::new(pair)))),
            ),
            ("(json string) any", Type::Any),
            ("(pairs []pair) map[string]any", Type::Plain),
            ("(end int) ints", Type::Ints),
            ("() scratch", Type::Scratch),
            (
                "(text string) map[string]string",
                Type::Map(Box::new(Type::Text)),
            ),
        ];
        for (signature, kind) in cases {
            assert_eq!(Type::of_signature(signature), kind, "{signature}");
        }
    }

    #[test]
    fn types_are_joined() {
        let list = |item| Type::List(Box::new(item));
        let cases = [
            (Type::Unseen, Type::Text, Type::Text),
            (Type::Text, Type::Text, Type::Text),
            (Type::Text, Type::Int, Type::Plain),
            (list(Type::Text), list(Type::Int), list(Type::Plain)),
            (list(Type::Unseen), list(Type::Int), list(Type::Int)),
            (Type::Scratch, Type::Text, Type::Any),
            (Type::Nil, Type::Record("*dependency.Node"), Type::Any),
        ];
        assert!(!cases.is_empty());
        for (one, other, both) in cases {
            assert_eq!(one.clone().join(other.clone()), both);
            assert_eq!(other.join(one), both);
        }
    }
}
