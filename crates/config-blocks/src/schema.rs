//! The JSON Schema of a configuration, for editors and for programs that write configurations.
//!
//! Input: the declarations of the keys. Output: a schema of draft 2020-12.
//!
//! It accepts what the program accepts, except for the case of keys, of which a schema has only one. It cannot express
//! rules about the content of a value (a valid address, a plausible mode).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::block::Block;
use crate::key::{Key, LABEL, Number, Shape, Spelling};

/// The schema of a configuration whose keys are those of `B`.
pub fn schema<B: Block>(title: &str, description: &str) -> Value {
    let mut definitions = Definitions::default();
    let whole = definitions.block("", B::KEYS);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
    });
    merge(&mut schema, whole);
    schema["$defs"] = json!(definitions.0);
    schema
}

/// What is referred to, by name: blocks by their paths, and the forms of single values.
#[derive(Default)]
struct Definitions(BTreeMap<String, Value>);

impl Definitions {
    fn block(&mut self, path: &str, keys: &[Key]) -> Value {
        let mut properties = Map::new();
        for key in keys.iter().filter(|key| !key.flag_only) {
            let path = if path.is_empty() {
                key.name.to_owned()
            } else {
                format!("{path}.{}", key.name)
            };
            properties.insert(key.name.to_owned(), self.property(&path, key));
        }
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }

    /// The values of a key.
    fn property(&mut self, path: &str, key: &Key) -> Value {
        let accepts = self.alternatives(path, &(key.shape)());
        let mut property = json!({});
        if !key.is_supported() {
            property["description"] = json!(format!("no effect: {}", key.unsupported));
            property["deprecated"] = json!(true);
        } else if !key.doc.is_empty() {
            property["description"] = json!(key.doc);
            if let Some(default) = key.default_value() {
                property["default"] = default;
            }
        }
        merge(&mut property, accepts);
        property
    }

    fn alternatives(&mut self, path: &str, shape: &Shape) -> Value {
        let mut any = self.single(shape);
        if let Some(keys) = shape.keys {
            let name = format!("block.{path}");
            let block = self.block(path, keys);
            let reference = reference_to(&name);
            self.0.insert(name, block);
            // A list of one block is that block: JSON that was made of HCL has it so.
            let list = json!({"type": "array", "items": reference, "minItems": 1, "maxItems": 1});
            if shape.labelled {
                any.extend([list, reference, json!({"type": "null"})]);
                let labels = json!({
                    "type": "object",
                    "propertyNames": {"pattern": LABEL},
                    "additionalProperties": {"anyOf": any},
                });
                let list = json!({"type": "array", "items": labels});
                return json!({"anyOf": [list, labels, {"type": "null"}]});
            }
            if shape.repeats {
                any.push(json!({"type": "array", "items": {"anyOf": [reference, list]}}));
            } else {
                any.push(list);
            }
            any.push(reference);
        }
        any.push(json!({"type": "null"}));
        json!({"anyOf": any})
    }

    /// All values of a shape that are not blocks.
    fn single(&mut self, shape: &Shape) -> Vec<Value> {
        let mut any = Vec::new();
        if shape.bool {
            any.push(json!({"type": "boolean"}));
        }
        if shape.text {
            any.push(self.text(shape.spelling.as_ref()));
        }
        any.extend(shape.number.map(|number| match number {
            Number::Zero => json!({"const": 0}),
            Number::Natural => json!({"type": "integer", "minimum": 0}),
            Number::Whole => json!({"type": "integer"}),
            Number::Fraction => json!({"type": "number", "minimum": 0, "maximum": 1}),
            Number::Any => json!({"type": "number"}),
        }));
        if shape.list {
            any.push(json!({"type": "array", "items": {"type": "string"}}));
        }
        any
    }

    fn text(&mut self, spelling: Option<&Spelling>) -> Value {
        let Some(spelling) = spelling else {
            return json!({"type": "string"});
        };
        let Spelling { name, names, .. } = spelling;
        let names = (!names.is_empty()).then(|| json!({"enum": names}));
        let pattern = spelling
            .expression()
            .map(|pattern| json!({"type": "string", "pattern": pattern}));
        let text = match (names, pattern) {
            (Some(names), Some(pattern)) => json!({"anyOf": [names, pattern]}),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return json!({"type": "string"}),
        };
        self.0.insert((*name).to_owned(), text);
        reference_to(name)
    }
}

fn reference_to(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn merge(onto: &mut Value, with: Value) {
    if let (Value::Object(onto), Value::Object(with)) = (onto, with) {
        onto.extend(with);
    }
}
