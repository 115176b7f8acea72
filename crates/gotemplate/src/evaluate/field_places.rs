//! The places of fields in their schemas.

use std::ptr;

use crate::record::Schema;

/// The number of places that are remembered.
const PLACES: usize = 16;

/// Remembers where the fields of a template are in their schemas. All records of a loop have the same schema, so each field
/// is searched once.
#[derive(Default)]
pub(super) struct FieldPlaces<'t>([Option<Place<'t>>; PLACES]);

/// The place of a field.
struct Place<'t> {
    /// The name in the parsed template, which is the same text in memory each time.
    name: &'t str,
    schema: &'static Schema,
    index: usize,
}

impl<'t> FieldPlaces<'t> {
    /// The index of the field with this Go name; `None` if the schema has no such field.
    pub(super) fn index(&mut self, name: &'t str, schema: &'static Schema) -> Option<usize> {
        // Names are allocated one by one, usually at multiples of 16 bytes.
        let place = self.0.get_mut((name.as_ptr().addr() >> 4) % PLACES)?;
        if let Some(known) = place
            && ptr::eq(known.name, name)
            && ptr::eq(known.schema, schema)
        {
            return Some(known.index);
        }
        let index = schema.index(name)?;
        *place = Some(Place {
            name,
            schema,
            index,
        });
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, InJson};

    const fn field(go: &'static str) -> Field {
        Field {
            go,
            jinja: go,
            json: go,
            in_json: InJson::Always,
        }
    }

    static NODE: Schema = Schema {
        name: "node",
        fields: &[field("ID"), field("Name")],
    };
    static SERVICE: Schema = Schema {
        name: "service",
        fields: &[field("Name"), field("Port")],
    };

    #[test]
    fn a_name_has_a_place_of_its_own_in_each_schema() {
        // More names than places, so that some of them share a place.
        let names: Vec<Box<str>> = ["Name", "ID", "Port", "Other"]
            .repeat(PLACES)
            .into_iter()
            .map(Box::from)
            .collect();
        let mut places = FieldPlaces::default();
        for _ in 0..3 {
            for name in &names {
                for schema in [&NODE, &SERVICE] {
                    assert_eq!(places.index(name, schema), schema.index(name), "{name}");
                }
            }
        }
    }
}
