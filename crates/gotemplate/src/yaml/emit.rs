//! Writes YAML.
//!
//! Input: a value. Output: its text in block style, byte for byte as yaml.v2 writes it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::order;
use super::text::Buffer;
use crate::args::fail;
use crate::budget::Budget;
use crate::function_error::FunctionError;
use crate::go_fmt;
use crate::record::Record;
use crate::scalar_object::ScalarObject;

/// The maximum length of a key that shares a line with its value.
const MAX_SIMPLE_KEY: usize = 128;

/// The line breaks of YAML 1.1. A key with one of them does not share a line with its value.
const LINE_BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

const MAX_DEPTH: usize = 300;

const MAX_LENGTH: usize = 64 << 20;

/// Writes a value.
///
/// # Errors
/// If the text would be too long or too deep, if a value has no YAML, or if the budget is exhausted.
pub fn write(value: &Value, budget: &Budget) -> Result<String, FunctionError> {
    let mut emitter = Emitter {
        buffer: Buffer::default(),
        depth: 0,
        budget,
    };
    emitter.node(value, Position::ROOT)?;
    Ok(emitter.buffer.out)
}

/// Where a value is written.
#[derive(Clone, Copy)]
struct Position {
    /// The column of the lines of the map or list around the value.
    indent: usize,
    /// A map or a list begins on the current line.
    inline: bool,
    /// The value follows its key on the same line.
    after_key: bool,
}

struct Emitter<'b> {
    buffer: Buffer,
    depth: usize,
    budget: &'b Budget,
}

impl Emitter<'_> {
    fn node(&mut self, value: &Value, position: Position) -> Result<(), FunctionError> {
        self.budget.spend(1)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return fail(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        if self.buffer.out.len() > MAX_LENGTH {
            return fail("the result is too long");
        }
        match value.kind() {
            ValueKind::Seq => self.list(value, position)?,
            ValueKind::Map if !is_nil(value) => self.map(value, position)?,
            _ => {
                if position.after_key {
                    self.buffer.out.push(' ');
                }
                self.scalar(value, position.indent + 2, false)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, list: &Value, position: Position) -> Result<(), FunctionError> {
        let mut items = list.try_iter().into_iter().flatten().peekable();
        if items.peek().is_none() {
            self.buffer
                .out
                .push_str(if position.after_key { " []" } else { "[]" });
            return Ok(());
        }
        for (index, item) in items.enumerate() {
            if index > 0 || !position.inline {
                self.buffer.begin_line(position.indent);
            }
            self.buffer.out.push_str("- ");
            self.node(&item, Position::of_item(position.indent, &item))?;
        }
        Ok(())
    }

    fn map(&mut self, map: &Value, position: Position) -> Result<(), FunctionError> {
        let entries = entries(map)?;
        if entries.is_empty() {
            self.buffer
                .out
                .push_str(if position.after_key { " {}" } else { "{}" });
            return Ok(());
        }
        let indent = if position.after_key {
            position.indent + 2
        } else {
            position.indent
        };
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 || !position.inline {
                self.buffer.begin_line(indent);
            }
            if key
                .as_str()
                .is_some_and(|key| key.contains(LINE_BREAKS) || key.len() > MAX_SIMPLE_KEY)
            {
                self.buffer.out.push_str("? ");
                self.scalar(key, indent + 2, false)?;
                self.buffer.begin_line(indent);
                self.buffer.out.push_str(": ");
                self.node(value, Position::of_item(indent, value))?;
            } else {
                self.scalar(key, indent + 2, true)?;
                self.buffer.out.push(':');
                self.node(value, Position::after_key(indent))?;
            }
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Value, indent: usize, key: bool) -> Result<(), FunctionError> {
        let buffer = &mut self.buffer;
        let shown = match value.kind() {
            // A map here is a nil pointer to a record.
            ValueKind::Undefined | ValueKind::None | ValueKind::Map => Cow::Borrowed("null"),
            ValueKind::Bool => Cow::Borrowed(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number if value.is_integer() => Cow::Owned(value.to_string()),
            ValueKind::Number => match f64::try_from(value.clone()) {
                Ok(number) if number.is_nan() => Cow::Borrowed(".nan"),
                Ok(f64::INFINITY) => Cow::Borrowed(".inf"),
                Ok(f64::NEG_INFINITY) => Cow::Borrowed("-.inf"),
                _ => Cow::Owned(go_fmt::sprint(value)?),
            },
            ValueKind::String | ValueKind::Bytes => {
                let bytes = value.as_bytes().unwrap_or_default();
                if let Ok(text) = std::str::from_utf8(bytes) {
                    buffer.text(text, indent, key);
                    return Ok(());
                }
                Cow::Owned(format!("!!binary {}", STANDARD.encode(bytes)))
            }
            _ => match value.downcast_object_ref::<ScalarObject>() {
                Some(scalar) if scalar.has_own_notation() => scalar.encoded(),
                Some(scalar) => {
                    buffer.text(&scalar.text, indent, key);
                    return Ok(());
                }
                None => return fail(format!("cannot marshal type: {}", go_fmt::type_name(value))),
            },
        };
        buffer.out.push_str(&shown);
        Ok(())
    }
}

impl Position {
    const ROOT: Self = Self {
        indent: 0,
        inline: true,
        after_key: false,
    };

    /// The value of a key on the same line.
    fn after_key(indent: usize) -> Self {
        Self {
            indent,
            inline: false,
            after_key: true,
        }
    }

    /// An item of a list. A list or a map in an item begins after the dash; a scalar continues in the column of the list.
    fn of_item(indent: usize, item: &Value) -> Self {
        let nested = matches!(item.kind(), ValueKind::Seq | ValueKind::Map);
        Self {
            indent: if nested { indent + 2 } else { indent },
            inline: true,
            after_key: false,
        }
    }
}

/// Returns `true` if a map is a nil pointer to a record.
fn is_nil(map: &Value) -> bool {
    map.downcast_object_ref::<Record>()
        .is_some_and(Record::is_nil)
}

/// The entries of a map in the order of yaml.v2. The fields of a record keep their order; their names are in lower case.
fn entries(map: &Value) -> Result<Vec<(Value, Value)>, FunctionError> {
    if let Some(record) = map.downcast_object_ref::<Record>() {
        return Ok(record
            .fields()
            .map(|(field, value)| (Value::from(field.go.to_lowercase()), value))
            .collect());
    }
    let Some(object) = map.as_object() else {
        return fail("cannot marshal this map");
    };
    let mut entries: Vec<(Value, Value)> = object.try_iter_pairs().into_iter().flatten().collect();
    entries.sort_by(|(a, _), (b, _)| order::compare(a, b));
    Ok(entries)
}
