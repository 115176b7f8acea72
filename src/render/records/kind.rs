//! Declares the fields of a record type.

use std::sync::Arc;

use minijinja::Value;

use crate::answer::TextMap;
use gotemplate::record::{Fields, Record, Schema, TypedMap};

/// The fields of a record type, without an instance.
pub(super) trait Kind {
    const SCHEMA: &'static Schema;
}

/// Declares the fields of a type: Go name, Jinja name, value. `(omit)` marks a field that JSON
/// omits if it is empty; `as` sets its key in JSON.
macro_rules! record {
    ($type:ty, $schema:literal, |$item:ident| {
        $($go:ident $jinja:ident $(($omit:ident))? $(as $json:literal)? => $value:expr,)+
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
                    omit_empty: {
                        let marks: &[&str] = &[$(stringify!($omit))?];
                        !marks.is_empty()
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

pub(super) fn text_map(map: &TextMap) -> Value {
    TypedMap::of_text(map)
}

pub(super) fn by_value<T: Fields + Clone + 'static>(item: &T) -> Value {
    Record::value(Arc::new(item.clone()))
}
