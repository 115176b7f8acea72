//! The JSON Schema of a configuration, for editors and for whoever writes configurations by program.
//!
//! in:  the shape of the written configuration, and what is said of each key in `reference` and `later`
//! out: a schema of draft 2020-12
//!
//! It takes what the reading code takes, but for the case of keys, of which a schema knows only one. What a value must be
//! beside its form (an address that leads somewhere, a mode that somebody can have meant) it cannot say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::file::{Key, Later, Number, Shape, Spelling};
use super::{later, reference};

/// The schema as text.
pub fn text() -> String {
    format!("{:#}\n", schema())
}

fn schema() -> Value {
    let mut definitions = Definitions::default();
    let whole = definitions.block("", reference::shape().keys());
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ctmpl",
        "description": "A configuration of ctmpl, in JSON, YAML or TOML. Keys are written in any case; here they are in lower case.",
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
        for key in keys {
            let path = if path.is_empty() {
                key.name.to_owned()
            } else {
                format!("{path}.{}", key.name)
            };
            properties.insert(key.name.to_owned(), self.property(&path, key));
        }
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }

    /// What a key takes.
    fn property(&mut self, path: &str, key: &Key) -> Value {
        let word = later::words()
            .find(|(name, ..)| *name == path)
            .filter(|_| key.later != Later::No);
        let takes = self.alternatives(path, key);
        let mut property = json!({});
        match (word, reference::row(path)) {
            (Some((_, what)), _) => {
                property["description"] = json!(format!("not acted on: {what}"));
                property["deprecated"] = json!(true);
            }
            (None, Some((default, purpose))) => {
                property["description"] = json!(purpose);
                if let Ok(default) = serde_json::from_str::<Value>(default) {
                    property["default"] = default;
                }
            }
            (None, None) => {}
        }
        merge(&mut property, takes);
        property
    }

    fn alternatives(&mut self, path: &str, key: &Key) -> Value {
        let mut any = self.single(&key.shape);
        if let Some(keys) = &key.shape.block {
            let block = self.block(path, keys);
            let name = format!("block.{path}");
            let reference = reference_to(&name);
            self.0.insert(name, block);
            let block = reference;
            // A list of one block is that block: so JSON is written that was made of HCL.
            let list = json!({"type": "array", "items": block, "minItems": 1, "maxItems": 1});
            if key.repeats {
                any.push(json!({"type": "array", "items": {"anyOf": [block, list]}}));
            } else {
                any.push(list);
            }
            any.push(block);
        }
        any.push(json!({"type": "null"}));
        json!({"anyOf": any})
    }

    /// All that a shape takes beside blocks.
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
            Number::Any => json!({"type": "number"}),
        }));
        if let Some(item) = &shape.list {
            let items = self.single(item);
            any.push(json!({"type": "array", "items": {"anyOf": items}}));
        }
        any
    }

    fn text(&mut self, spelling: Option<&Spelling>) -> Value {
        let Some(Spelling {
            name,
            names,
            pattern,
        }) = spelling
        else {
            return json!({"type": "string"});
        };
        let names = (!names.is_empty()).then(|| json!({"enum": names}));
        let pattern = pattern
            .as_ref()
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

#[cfg(test)]
mod tests;
