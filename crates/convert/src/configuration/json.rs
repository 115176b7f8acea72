//! Writes a configuration in JSON, which has no comments.

use serde_json::{Map, Value};

use super::section::{Piece, Section};

pub(super) fn write(section: &Section) -> String {
    format!("{:#}\n", block(section))
}

fn block(section: &Section) -> Value {
    let entries = section
        .items
        .iter()
        .map(|item| (item.key.clone(), value(&item.value)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn value(piece: &Piece) -> Value {
    match piece {
        Piece::Bool(value) => Value::Bool(*value),
        // Numbers that JSON cannot represent were refused before.
        Piece::Number(number) => {
            serde_json::from_str(number).unwrap_or_else(|_| Value::String(number.clone()))
        }
        Piece::Text(text) => Value::String(text.clone()),
        Piece::List(items) => items.iter().map(value).collect(),
        Piece::Block(section) => block(section),
        Piece::Blocks(sections) => sections.iter().map(block).collect(),
    }
}
