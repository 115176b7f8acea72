//! Values with a fixed list of fields: what Go calls a struct.
//!
//! An instance of a service, a key pair, a node. In both languages a field answers to its Go name (`Address`); in
//! Jinja also to its `snake_case` name (`address`). A field that is not in the list is an error in Go templates,
//! unlike a missing key of a map.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

/// The list of fields of one kind of record.
#[derive(Debug)]
pub struct Schema {
    /// The kind's name, as Go's error messages have it (`*dependency.HealthService`).
    pub name: &'static str,
    /// The fields in their declared order, which is the order in which they are printed and encoded.
    pub fields: &'static [Field],
}

/// One field of a [`Schema`].
#[derive(Debug)]
pub struct Field {
    /// The name in Go templates, which is the JSON key too unless `json` says otherwise.
    pub go: &'static str,
    /// The name in Jinja.
    pub jinja: &'static str,
    /// The key in JSON, YAML and TOML.
    pub json: &'static str,
    /// Left out of JSON when it is empty.
    pub omit_empty: bool,
}

/// Something that has the fields of a schema.
pub trait Fields: fmt::Debug + Send + Sync {
    /// Its fields.
    fn schema(&self) -> &'static Schema;
    /// The field at this place of the schema; `Value::UNDEFINED` past its end.
    fn get(&self, index: usize) -> Value;
}

/// A record as a template value.
#[derive(Clone, Debug)]
pub struct Record(Arc<dyn Fields>);

impl Record {
    /// The record as a template value.
    #[must_use]
    pub fn value(fields: Arc<dyn Fields>) -> Value {
        Value::from_object(Self(fields))
    }

    /// The kind's fields.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        self.0.schema()
    }

    /// The field with this Go name.
    #[must_use]
    pub fn field(&self, go: &str) -> Option<Value> {
        self.schema()
            .fields
            .iter()
            .position(|field| field.go == go)
            .map(|index| self.0.get(index))
    }

    /// The field at this place of the schema; undefined past its end.
    #[must_use]
    pub fn at(&self, index: usize) -> Value {
        self.0.get(index)
    }

    /// All fields, in their declared order.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Field, Value)> + '_ {
        self.schema()
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| (field, self.0.get(index)))
    }
}

impl Object for Record {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        // Go names begin in upper case, Jinja names do not.
        let fields = self.schema().fields;
        let index = if key.starts_with(|c: char| c.is_ascii_uppercase()) {
            fields.iter().position(|field| field.go == key)
        } else {
            fields.iter().position(|field| field.jinja == key)
        };
        index.map(|index| self.0.get(index))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.schema()
                .fields
                .iter()
                .map(|field| Value::from(field.go))
                .collect(),
        )
    }

    /// A struct is true, whatever is in it.
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// Go's `map[string]T`: a missing key yields the zero value of `T`, not nothing.
#[derive(Clone, Debug)]
pub struct TypedMap {
    /// The entries, in key order.
    pub entries: BTreeMap<String, Value>,
    /// What a missing key yields in Go templates.
    pub zero: Value,
}

impl TypedMap {
    /// Go's `map[string]string`.
    pub fn of_text<'a>(entries: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
            .collect();
        Value::from_object(Self {
            entries,
            zero: Value::from(""),
        })
    }
}

impl Object for TypedMap {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.entries.get(key.as_str()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.entries.get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.entries
                .keys()
                .map(|key| Value::from(key.as_str()))
                .collect(),
        )
    }
}

/// Go's `map[int]T`: a missing key yields the zero value of `T`.
#[derive(Clone, Debug)]
pub struct NumberedMap {
    /// The entries, in key order.
    pub entries: BTreeMap<i64, Value>,
    /// What a missing key yields in Go templates.
    pub zero: Value,
}

impl Object for NumberedMap {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.entries.get(&key.as_i64()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries.keys().copied().map(Value::from).collect())
    }
}
