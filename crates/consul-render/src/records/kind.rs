//! Declares the fields of a record type.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;

use super::reads::{FieldSet, Reads};
use consul_watch::answer::{Nullable, TextMap};
use gotemplate::record::{Fields, NilList, Record, Schema, TypedMap};

/// A record type.
pub trait Kind: fmt::Debug + Send + Sync + Sized {
    /// The fields.
    const SCHEMA: &'static Schema;

    /// Returns the field at an index of the schema. The records in it mark the fields that are read of them.
    fn field(&self, index: usize, reads: &Reads) -> Value;

    /// Returns `true` if the field at an index of the schema is the same in both items, as far as it is read.
    fn is_same_field(&self, other: &Self, index: usize, read: FieldSet) -> bool;
}

/// Declares the fields of a type: Go name, Jinja name, the parts of the item that the value depends on, value. The name
/// in parentheses is a variant of [`InJson`](gotemplate::record::InJson); `as` sets the key in JSON.
///
/// The parts are fields of the item, or `= f` for a function that compares two items. `= true` is a value that never
/// differs.
macro_rules! record {
    ($type:ty, $schema:literal, |$item:tt, $reads:ident| {
        $($go:ident $jinja:ident $(($in_json:ident))? $(as $json:literal)? [$($parts:tt)+] => $value:expr,)+
    }) => {
        impl crate::records::kind::Kind for $type {
            const SCHEMA: &'static Schema = &Schema {
                name: $schema,
                fields: &[$(Field {
                    go: stringify!($go),
                    jinja: stringify!($jinja),
                    json: {
                        let names: &[&str] = &[$($json,)? stringify!($go)];
                        names[0]
                    },
                    in_json: {
                        use gotemplate::record::InJson;
                        let set: &[InJson] = &[$(InJson::$in_json,)? InJson::Always];
                        set[0]
                    },
                }),+],
            };

            fn field(&self, index: usize, reads: &crate::records::reads::Reads) -> Value {
                type Read = fn(&$type, &crate::records::reads::Reads) -> Value;
                const READ: &[Read] = &[$(|$item, $reads| {
                    // Only nested records need the marks.
                    let _ = $reads;
                    $value
                }),+];
                READ.get(index).map_or(Value::UNDEFINED, |read| read(self, reads))
            }

            fn is_same_field(
                &self,
                other: &Self,
                index: usize,
                read: crate::records::reads::FieldSet,
            ) -> bool {
                type Compare =
                    fn(&$type, &$type, crate::records::reads::FieldSet) -> bool;
                const COMPARE: &[Compare] =
                    &[$(crate::records::kind::comparison!($($parts)+)),+];
                COMPARE.get(index).is_none_or(|same| same(self, other, read))
            }
        }
    };
}

/// The function that compares one field of two items.
macro_rules! comparison {
    (= true) => {
        |_, _, _| true
    };
    (= $compare:path) => {
        $compare
    };
    ($($part:tt)+) => {
        |a, b, _| true $(&& a.$part == b.$part)+
    };
}

pub(super) use comparison;
pub(super) use record;

pub(super) fn text(text: &str) -> Value {
    Value::from(text)
}

pub(super) fn texts(texts: &[String]) -> Value {
    texts.iter().map(String::as_str).collect()
}

/// A list of strings that may be nil.
pub(super) fn nullable_texts(texts: &Nullable<Vec<String>>) -> Value {
    texts.get().map_or_else(nil_list, |list| self::texts(list))
}

/// A list that is nil.
pub(super) fn nil_list() -> Value {
    Value::from_object(NilList)
}

pub(super) fn text_map(map: &TextMap) -> Value {
    Value::from_object(TypedMap {
        entries: map
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
        zero: Value::from(""),
        is_nil: map.get().is_none(),
    })
}

/// An item as a record that marks no field.
#[derive(Debug)]
struct Unmarked<T>(T);

impl<T: Kind> Fields for Unmarked<T> {
    fn schema(&self) -> &'static Schema {
        T::SCHEMA
    }

    fn get(&self, index: usize) -> Value {
        self.0.field(index, &Reads::default())
    }
}

/// The fields of an item outside of an answer. Reading them marks nothing.
#[must_use]
pub fn unmarked<T: Kind + 'static>(item: T) -> Arc<dyn Fields> {
    Arc::new(Unmarked(item))
}

pub(super) fn by_value<T: Kind + Clone + 'static>(item: &T) -> Value {
    Record::value(unmarked(item.clone()))
}
