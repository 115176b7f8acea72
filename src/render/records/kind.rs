//! Declares the fields of a record type.

use std::sync::Arc;

use minijinja::Value;

use crate::answer::{Nullable, TextMap};
use gotemplate::record::{Fields, NilList, Record, Schema, TypedMap};

/// The fields of a record type, without an instance.
pub(super) trait Kind {
    const SCHEMA: &'static Schema;
}

/// Declares the fields of a type: Go name, Jinja name, value. The name in parentheses is a variant
/// of [`InJson`](gotemplate::record::InJson); `as` sets the key in JSON.
macro_rules! record {
    ($type:ty, $schema:literal, |$item:ident| {
        $($go:ident $jinja:ident $(($in_json:ident))? $(as $json:literal)? => $value:expr,)+
    }) => {
        impl crate::render::records::kind::Kind for $type {
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
        }

        impl Fields for $type {
            fn schema(&self) -> &'static Schema {
                <Self as crate::render::records::kind::Kind>::SCHEMA
            }

            fn get(&self, index: usize) -> Value {
                const READ: &[fn(&$type) -> Value] = &[$(|$item| $value),+];
                READ.get(index).map_or(Value::UNDEFINED, |read| read(self))
            }
        }
    };
}

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

pub(super) fn by_value<T: Fields + Clone + 'static>(item: &T) -> Value {
    Record::value(Arc::new(item.clone()))
}
