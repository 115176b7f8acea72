//! Values with a fixed list of fields, such as a service instance or a node: Go's structs.
//!
//! In both languages a field has its Go name (`Address`), in Jinja also a `snake_case` name (`address`). Unlike a missing
//! key of a map, an unknown field is an error in Go templates.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

/// The list of fields of one kind of record.
#[derive(Debug)]
pub struct Schema {
    /// The name of the Go type, for error messages (`*dependency.HealthService`).
    pub name: &'static str,
    /// The fields in the order in which they are printed and encoded.
    pub fields: &'static [Field],
}

impl Schema {
    /// The index of the field with this Go name.
    pub(crate) fn index(&self, go: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.go == go)
    }
}

/// One field of a [`Schema`].
#[derive(Debug)]
pub struct Field {
    /// The name in Go templates.
    pub go: &'static str,
    /// The name in Jinja.
    pub jinja: &'static str,
    /// The key in JSON, YAML and TOML.
    pub json: &'static str,
    /// Whether and where JSON has the field.
    pub in_json: InJson,
}

/// Whether and where JSON has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InJson {
    /// In the order of the schema.
    Always,
    /// In the order of the schema, unless it is empty.
    UnlessEmpty,
    /// Before the other fields.
    First,
    /// JSON omits it.
    Never,
}

/// A value with the fields of a schema.
pub trait Fields: fmt::Debug + Send + Sync {
    /// The schema.
    fn schema(&self) -> &'static Schema;
    /// The field at an index of the schema; `Value::UNDEFINED` after its end.
    fn get(&self, index: usize) -> Value;
    /// Returns `true` if this is a nil pointer, which has no fields.
    fn is_nil(&self) -> bool {
        false
    }
}

/// Records of one kind, in one place. A template has one of them by its number, so a loop over them creates no copy.
pub trait RecordList: fmt::Debug + Send + Sync {
    /// The schema of each.
    fn schema(&self) -> &'static Schema;
    /// The field at an index of the schema; `Value::UNDEFINED` after its end, and for an unknown record.
    fn get(&self, record: usize, index: usize) -> Value;
}

/// A nil pointer to a record.
#[derive(Debug)]
struct NilRecord(&'static Schema);

impl Fields for NilRecord {
    fn schema(&self) -> &'static Schema {
        self.0
    }

    fn get(&self, _: usize) -> Value {
        Value::UNDEFINED
    }

    fn is_nil(&self) -> bool {
        true
    }
}

/// A record as a template value.
#[derive(Clone, Debug)]
pub struct Record(Source);

/// The place of the fields of a record.
#[derive(Clone, Debug)]
enum Source {
    Own(Arc<dyn Fields>),
    List(Arc<dyn RecordList>, usize),
}

impl Record {
    /// The record as a template value.
    #[must_use]
    pub fn value(fields: Arc<dyn Fields>) -> Value {
        Value::from_object(Self(Source::Own(fields)))
    }

    /// The record with this number as a template value.
    #[must_use]
    pub fn of_list(list: Arc<dyn RecordList>, number: usize) -> Value {
        Value::from_object(Self(Source::List(list, number)))
    }

    /// A nil pointer to a record: it prints as `<nil>`, and is `null` in JSON. For Jinja it is none where it is the
    /// field of a record.
    #[must_use]
    pub fn nil(schema: &'static Schema) -> Value {
        Self::value(Arc::new(NilRecord(schema)))
    }

    /// Returns `true` if this is a nil pointer.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        match &self.0 {
            Source::Own(fields) => fields.is_nil(),
            Source::List(..) => false,
        }
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        match &self.0 {
            Source::Own(fields) => fields.schema(),
            Source::List(list, _) => list.schema(),
        }
    }

    /// The field with this Go name.
    #[must_use]
    pub fn field(&self, go: &str) -> Option<Value> {
        self.schema().index(go).map(|index| self.at(index))
    }

    /// The field at an index of the schema; undefined after its end.
    #[must_use]
    pub fn at(&self, index: usize) -> Value {
        match &self.0 {
            Source::Own(fields) => fields.get(index),
            Source::List(list, number) => list.get(*number, index),
        }
    }

    /// All fields in the order of the schema.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Field, Value)> + '_ {
        self.schema()
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| (field, self.at(index)))
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
        // Go names begin with an upper-case letter, Jinja names do not.
        let fields = self.schema().fields;
        let index = if key.starts_with(|c: char| c.is_ascii_uppercase()) {
            fields.iter().position(|field| field.go == key)
        } else {
            fields.iter().position(|field| field.jinja == key)
        };
        let value = self.at(index?);
        let nil = value
            .downcast_object_ref::<Self>()
            .is_some_and(Self::is_nil);
        Some(if nil { Value::from(()) } else { value })
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

    /// A struct is always true.
    fn is_true(self: &Arc<Self>) -> bool {
        !self.is_nil()
    }
}

/// A nil list: it is empty, and `null` in JSON.
#[derive(Debug)]
pub struct NilList;

impl Object for NilList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(0)
    }
}

/// Go's `map[string]T`: a missing key yields the zero value of `T`.
#[derive(Clone, Debug)]
pub struct TypedMap {
    /// The entries, in key order.
    pub entries: BTreeMap<String, Value>,
    /// The value of a missing key in Go templates.
    pub zero: Value,
    /// This is a nil map: it is empty, and `null` in JSON.
    pub is_nil: bool,
}

impl TypedMap {
    /// A nil `map[string]interface {}`.
    #[must_use]
    pub fn nil() -> Value {
        Value::from_object(Self {
            entries: BTreeMap::new(),
            zero: Value::from(()),
            is_nil: true,
        })
    }

    /// Go's `map[string]string`.
    pub fn of_text<'a>(entries: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
            .collect();
        Value::from_object(Self {
            entries,
            zero: Value::from(""),
            is_nil: false,
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

/// Returns `true` if a value is a nil list, a nil map, or a nil pointer to a record.
#[must_use]
pub fn is_typed_nil(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object.downcast_ref::<NilList>().is_some()
            || object
                .downcast_ref::<TypedMap>()
                .is_some_and(|map| map.is_nil)
            || object.downcast_ref::<Record>().is_some_and(Record::is_nil)
    })
}

/// Go's `map[int]T`: a missing key yields the zero value of `T`.
#[derive(Clone, Debug)]
pub struct NumberedMap {
    /// The entries, in key order.
    pub entries: BTreeMap<i64, Value>,
    /// The value of a missing key in Go templates.
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
