//! The shape of an answer, without the parts that vary between runs.
//!
//! Input: an answer. Output: its JSON, with `#` for indexes and generated IDs.

use serde_json::{Value, json};

use crate::support::http::Answer;

/// Returns the shape of an answer's body.
pub(crate) fn shape(answer: &Answer) -> Value {
    let mut body =
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    blur(&mut body);
    body
}

fn blur(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(blur),
        Value::Object(fields) => {
            for (name, inner) in fields {
                let index = name == "CreateIndex" || name == "ModifyIndex";
                let uuid = name == "ID" && inner.as_str().is_some_and(is_uuid);
                if uuid || (index && inner.as_u64().is_some_and(|at| at > 0)) {
                    *inner = json!("#");
                } else {
                    blur(inner);
                }
            }
        }
        _ => {}
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
}
