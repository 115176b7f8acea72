//! Writes TOML as Go's BurntSushi/toml does, indented by two spaces.
//!
//! Input: a map with string keys. Output: its text. In a table, values come first, then nested tables, both sorted by key.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::any_map::AnyMap;
use crate::args::{Number, fail};
use crate::budget::Budget;
use crate::function_error::FunctionError;
use crate::go_fmt;
use crate::record::{NumberedMap, Record, is_typed_nil};
use crate::scalar_object::ScalarObject;

const MAX_DEPTH: usize = 300;

const MAX_LENGTH: usize = 64 << 20;

/// Writes a map with string keys.
///
/// # Errors
/// If the text would be too long or too deep, if a value has no TOML, or if the budget is exhausted.
pub fn write(value: &Value, budget: &Budget) -> Result<String, FunctionError> {
    let mut writer = Writer {
        out: String::new(),
        path: Vec::new(),
        budget,
    };
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => return fail("toml: there is no value"),
        ValueKind::Map => writer.table(&entries(value)?)?,
        _ if is_list_of_tables(value) => {
            return fail("toml: an array of tables needs a key");
        }
        _ => writer.value(value, 0)?,
    }
    Ok(writer.out)
}

struct Writer<'b> {
    out: String,
    /// The keys of the open tables, the outermost first.
    path: Vec<String>,
    budget: &'b Budget,
}

impl Writer<'_> {
    fn indent(&mut self, levels: usize) {
        self.out.extend(std::iter::repeat_n("  ", levels));
    }

    /// Writes an empty line, except at the start of the text.
    fn separate(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn table(&mut self, entries: &[(String, Value)]) -> Result<(), FunctionError> {
        self.budget.spend(1)?;
        if self.path.len() > MAX_DEPTH {
            return fail(format!("toml: nested more than {MAX_DEPTH} levels deep"));
        }
        if self.out.len() > MAX_LENGTH {
            return fail("toml: the result is too long");
        }
        let level = self.path.len();
        let (tables, values): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(_, value)| is_table(value));
        for (name, value) in values {
            self.indent(level);
            self.out.push_str(&key(name));
            self.out.push_str(" = ");
            self.value(value, level)?;
            self.out.push('\n');
        }
        for (name, value) in tables {
            self.path.push(key(name));
            let path = self.path.join(".");
            if value.kind() == ValueKind::Map {
                // Only the outermost tables are separated by empty lines.
                if level == 0 {
                    self.separate();
                }
                self.header(level, &format!("[{path}]"));
                self.table(&self::entries(value)?)?;
            } else {
                for item in value.try_iter().into_iter().flatten() {
                    self.separate();
                    self.header(level, &format!("[[{path}]]"));
                    self.table(&self::entries(&item)?)?;
                }
            }
            self.path.pop();
        }
        Ok(())
    }

    fn header(&mut self, level: usize, text: &str) {
        self.indent(level);
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn value(&mut self, value: &Value, level: usize) -> Result<(), FunctionError> {
        self.budget.spend(1)?;
        if self.out.len() > MAX_LENGTH {
            return fail("toml: the result is too long");
        }
        if level > MAX_DEPTH {
            return fail(format!("toml: nested more than {MAX_DEPTH} levels deep"));
        }
        match value.kind() {
            ValueKind::Bool => self
                .out
                .push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.number(value),
            ValueKind::String => self
                .out
                .push_str(&quoted(value.as_str().unwrap_or_default())),
            ValueKind::Seq => {
                self.out.push('[');
                for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
                    if is_nil(&item) {
                        return fail("toml: cannot encode array with nil element");
                    }
                    self.comma(index);
                    self.value(&item, level + 1)?;
                }
                self.out.push(']');
            }
            ValueKind::Map => {
                self.out.push('{');
                let (tables, values): (Vec<_>, Vec<_>) = entries(value)?
                    .into_iter()
                    .partition(|(_, value)| is_table(value));
                for (index, (name, value)) in values.iter().chain(&tables).enumerate() {
                    self.comma(index);
                    self.out.push_str(&key(name));
                    self.out.push_str(" = ");
                    self.value(value, level + 1)?;
                }
                self.out.push('}');
            }
            _ => match value.downcast_object_ref::<ScalarObject>() {
                Some(scalar) if scalar.has_own_notation() => self.out.push_str(&scalar.encoded()),
                Some(scalar) => self.out.push_str(&quoted(&scalar.text)),
                None => {
                    return fail(format!(
                        "toml: unsupported type: {}",
                        go_fmt::type_name(value)
                    ));
                }
            },
        }
        Ok(())
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push_str(", ");
        }
    }

    fn number(&mut self, value: &Value) {
        // Writing to a String cannot fail.
        let _ = match Number::of(value) {
            Some(Number::Float(number)) if number.is_nan() => write!(self.out, "nan"),
            Some(Number::Float(number)) if number.is_infinite() => {
                write!(self.out, "{}inf", if number > 0.0 { '+' } else { '-' })
            }
            Some(Number::Float(number)) if number.fract() == 0.0 => write!(self.out, "{number}.0"),
            Some(Number::Float(number)) => write!(self.out, "{number}"),
            _ => write!(self.out, "{value}"),
        };
    }
}

fn is_nil(value: &Value) -> bool {
    value.is_none() || value.is_undefined() || is_typed_nil(value)
}

/// Returns `true` if a value is written as a table or as an array of tables.
fn is_table(value: &Value) -> bool {
    value.kind() == ValueKind::Map || is_list_of_tables(value)
}

fn is_list_of_tables(value: &Value) -> bool {
    value.kind() == ValueKind::Seq
        && value.len().is_some_and(|length| length > 0)
        && value
            .try_iter()
            .into_iter()
            .flatten()
            .all(|item| item.kind() == ValueKind::Map)
}

/// The entries of a table, without nil values. The fields of a record keep their order.
fn entries(map: &Value) -> Result<Vec<(String, Value)>, FunctionError> {
    if let Some(record) = map.downcast_object_ref::<Record>() {
        let fields = record.fields().filter(|(_, value)| !is_nil(value));
        return Ok(fields
            .map(|(field, value)| (field.go.to_owned(), value))
            .collect());
    }
    let other_keys = map.downcast_object_ref::<AnyMap>().is_some()
        || map.downcast_object_ref::<NumberedMap>().is_some();
    let Some(object) = map.as_object().filter(|_| !other_keys) else {
        return fail("toml: cannot encode a map with non-string key type");
    };
    let mut entries = Vec::new();
    for (key, value) in object
        .try_iter_pairs()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !is_nil(value))
    {
        let Some(key) = key.as_str() else {
            return fail("toml: cannot encode a map with non-string key type");
        };
        entries.push((key.to_owned(), value));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
