//! JSON, read and written as Go's `encoding/json` does.
//!
//! Map keys are sorted, and records keep the order of their fields. Numbers below 1e-6 and from 1e21 on have an exponent.
//! Numbers that are read become floats.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::any_map::AnyMap;
use crate::args::fail;
use crate::dict::Dict;
use crate::function_error::FunctionError;
use crate::record::{InJson, Record, is_typed_nil};
use crate::scalar_object::ScalarObject;

/// The style of the output.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Several lines, indented by two spaces.
    pub pretty: bool,
    /// Escape `<`, `>` and `&`: `\u003c`.
    pub escape_html: bool,
}

/// The maximum nesting.
const MAX_DEPTH: usize = 100;

/// The maximum length of the output in bytes. The output of a small value can be very long: a list can contain the same
/// list twice, which contains another one twice, and so on.
const MAX_LENGTH: usize = 64 << 20;

/// Reads JSON.
///
/// # Errors
/// If the text is not JSON. The error has the position and no content.
pub fn read(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<serde_json::Value>(&whole_surrogates(text)).map(|json| value(&json))
}

/// Replaces each unpaired surrogate by the replacement character, as Go does. `serde_json` rejects it.
fn whole_surrogates(text: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        let half = surrogate(escape);
        let pair = half.is_some_and(|half| half < 0xdc00)
            && surrogate(&escape[6..]).is_some_and(|second| second >= 0xdc00);
        // Skip both halves of a pair.
        let length = if pair {
            12
        } else if half.is_some() {
            6
        } else {
            1 + escape[1..].chars().next().map_or(0, char::len_utf8)
        };
        if half.is_some() && !pair {
            replaced.push_str(before);
            replaced.push_str("\\ufffd");
        } else {
            replaced.push_str(&rest[..at + length]);
        }
        rest = &escape[length..];
    }
    if replaced.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(replaced + rest)
    }
}

/// The escaped surrogate at the start of a text.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let code = digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, 16).ok())??;
    (0xd800..0xe000).contains(&code).then_some(code)
}

/// A JSON object as a map.
pub fn object(fields: &serde_json::Map<String, serde_json::Value>) -> Value {
    Dict::value(
        fields
            .iter()
            .map(|(key, json)| (key.clone(), value(json)))
            .collect(),
    )
}

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(bool) => Value::from(*bool),
        serde_json::Value::Number(number) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(value).collect(),
        serde_json::Value::Object(fields) => object(fields),
    }
}

/// Writes JSON.
///
/// # Errors
/// If a value has no JSON, such as infinity, or if the text would be too deep or too long.
pub fn write(value: &Value, style: Style) -> Result<String, FunctionError> {
    let mut writer = Writer {
        out: String::new(),
        style,
        depth: 0,
    };
    writer.value(value)?;
    Ok(writer.out)
}

/// A float in the shortest form that reads back as the same float.
#[must_use]
pub fn float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) && size.is_finite() {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        }
    } else {
        number.to_string()
    }
}

struct Writer {
    out: String,
    style: Style,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result<(), FunctionError> {
        if self.out.len() > MAX_LENGTH {
            return fail(format!("json: the text is larger than {MAX_LENGTH} bytes"));
        }
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => self.out.push_str("null"),
            ValueKind::Seq | ValueKind::Map if is_typed_nil(value) => self.out.push_str("null"),
            ValueKind::Bool => self
                .out
                .push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.number(value)?,
            ValueKind::String => self.text(value.as_str().unwrap_or_default()),
            ValueKind::Bytes => self.binary(value.as_bytes().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|_| unsupported("this list"))?;
                self.container('[', ']', items, |writer, item| writer.value(&item))?;
            }
            ValueKind::Map => self.map(value)?,
            _ => match value.downcast_object_ref::<ScalarObject>() {
                Some(scalar) => self.text(&scalar.encoded()),
                None => return Err(unsupported("an object")),
            },
        }
        Ok(())
    }

    fn map(&mut self, value: &Value) -> Result<(), FunctionError> {
        if let Some(record) = value.downcast_object_ref::<Record>() {
            let first = record
                .fields()
                .filter(|(field, _)| field.in_json == InJson::First);
            let further = record
                .fields()
                .filter(|(field, value)| match field.in_json {
                    InJson::Always => true,
                    InJson::UnlessEmpty => value.is_true(),
                    InJson::First | InJson::Never => false,
                });
            let fields = first.chain(further);
            return self.container('{', '}', fields, |writer, (field, value)| {
                writer.entry(field.json, &value)
            });
        }
        if value.downcast_object_ref::<AnyMap>().is_some() {
            return Err(unsupported(
                "map[interface {}]interface {}, which is what YAML makes of a map",
            ));
        }
        let mut entries = BTreeMap::new();
        for key in value.try_iter().map_err(|_| unsupported("this map"))? {
            let name = match key.kind() {
                ValueKind::String => key.as_str().unwrap_or_default().to_owned(),
                ValueKind::Number if key.is_integer() => key.to_string(),
                kind => return Err(unsupported(&format!("a map with a key of type {kind}"))),
            };
            let item = value.get_item(&key).map_err(|_| unsupported("this map"))?;
            entries.insert(name, item);
        }
        self.container('{', '}', entries.into_iter(), |writer, (key, value)| {
            writer.entry(&key, &value)
        })
    }

    fn entry(&mut self, key: &str, value: &Value) -> Result<(), FunctionError> {
        self.text(key);
        self.out
            .push_str(if self.style.pretty { ": " } else { ":" });
        self.value(value)
    }

    fn container<T>(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T) -> Result<(), FunctionError>,
    ) -> Result<(), FunctionError> {
        self.out.push(open);
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return fail(format!("json: nested more than {MAX_DEPTH} levels deep"));
        }
        let mut empty = true;
        for item in items {
            if !empty {
                self.out.push(',');
            }
            empty = false;
            self.line();
            write(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self) {
        if self.style.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn number(&mut self, value: &Value) -> Result<(), FunctionError> {
        if value.is_integer() {
            self.out.push_str(&value.to_string());
            return Ok(());
        }
        match f64::try_from(value.clone()) {
            Ok(number) if number.is_finite() => self.out.push_str(&float(number)),
            _ => return fail("json: unsupported value: not a finite number"),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        self.characters(text);
        self.out.push('"');
    }

    /// Writes a text; each byte that is not UTF-8 becomes the escape of the replacement character, as in Go.
    fn binary(&mut self, bytes: &[u8]) {
        self.out.push('"');
        for chunk in bytes.utf8_chunks() {
            self.characters(chunk.valid());
            chunk
                .invalid()
                .iter()
                .for_each(|_| self.out.push_str("\\ufffd"));
        }
        self.out.push('"');
    }

    fn characters(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '<' | '>' | '&' if !self.style.escape_html => self.out.push(c),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    // Writing to a String cannot fail.
                    let _ = write!(self.out, "\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
    }
}

fn unsupported(what: &str) -> FunctionError {
    FunctionError::new(format!("json: unsupported type: {what}"))
}

#[cfg(test)]
mod tests;
