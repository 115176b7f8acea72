//! Writes YAML.
//!
//! in:  a value
//! out: its text in block style, byte for byte as yaml.v2 writes it, or why there is none

use std::fmt::Write as _;

use base64::Engine as _;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::order;
use super::style::{self, Style, is_printable};
use crate::template::go::show;
use crate::template::record::Record;
use crate::template::scalar_object::ScalarObject;

/// A line is broken at the first blank behind this column.
const WIDTH: usize = 80;

/// A key that is longer cannot stand on one line with its value.
const LONGEST_KEY: usize = 128;

/// Deeper than this is taken for a mistake.
const MOST_LEVELS: usize = 300;

/// A text that grows beyond this is taken for a mistake.
const MAX_LENGTH: usize = 64 << 20;

type Written = Result<(), String>;

/// Writes a value.
pub(in crate::template::functions) fn write(value: &Value) -> Result<String, String> {
    let mut emitter = Emitter {
        out: String::new(),
        line: 0,
        level: 0,
    };
    emitter.node(
        value,
        Place {
            indent: 0,
            inline: true,
            below_key: false,
        },
    )?;
    Ok(emitter.out)
}

/// Where a value is written.
#[derive(Clone, Copy)]
struct Place {
    /// The column at which the lines of what holds the value begin.
    indent: usize,
    /// A map or a list begins on the line that is being written.
    inline: bool,
    /// It is the value of a key, on the line of the key.
    below_key: bool,
}

struct Emitter {
    out: String,
    /// Where the last line begins.
    line: usize,
    level: usize,
}

impl Emitter {
    fn node(&mut self, value: &Value, place: Place) -> Written {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return Err(format!("nested more than {MOST_LEVELS} levels deep"));
        }
        if self.out.len() > MAX_LENGTH {
            return Err("the result is too long".to_owned());
        }
        match value.kind() {
            ValueKind::Seq => self.list(value, place)?,
            ValueKind::Map => self.map(value, place)?,
            _ => {
                if place.below_key {
                    self.out.push(' ');
                }
                self.scalar(value, place.indent + 2, false)?;
            }
        }
        self.level -= 1;
        Ok(())
    }

    /// Begins a line, unless one has just begun.
    fn begin_line(&mut self, indent: usize) {
        if self.out.len() > self.line {
            self.break_line();
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.line = self.out.len();
    }

    fn column(&self) -> usize {
        self.out
            .get(self.line..)
            .unwrap_or_default()
            .chars()
            .count()
    }

    fn list(&mut self, list: &Value, place: Place) -> Written {
        let mut items = list.try_iter().into_iter().flatten().peekable();
        if items.peek().is_none() {
            self.out
                .push_str(if place.below_key { " []" } else { "[]" });
            return Ok(());
        }
        for (index, item) in items.enumerate() {
            if index > 0 || !place.inline {
                self.begin_line(place.indent);
            }
            self.out.push_str("- ");
            self.node(
                &item,
                Place {
                    indent: place.indent,
                    inline: true,
                    below_key: false,
                }
                .inside_item(&item),
            )?;
        }
        Ok(())
    }

    fn map(&mut self, map: &Value, place: Place) -> Written {
        let entries = entries(map)?;
        if entries.is_empty() {
            self.out
                .push_str(if place.below_key { " {}" } else { "{}" });
            return Ok(());
        }
        let indent = if place.below_key {
            place.indent + 2
        } else {
            place.indent
        };
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 || !place.inline {
                self.begin_line(indent);
            }
            if key
                .as_str()
                .is_some_and(|key| key.contains('\n') || key.len() > LONGEST_KEY)
            {
                self.out.push_str("? ");
                self.scalar(key, indent + 2, false)?;
                self.begin_line(indent);
                self.out.push_str(": ");
                self.node(
                    value,
                    Place {
                        indent,
                        inline: true,
                        below_key: false,
                    }
                    .inside_item(value),
                )?;
            } else {
                self.scalar(key, indent + 2, true)?;
                self.out.push(':');
                self.node(
                    value,
                    Place {
                        indent,
                        inline: false,
                        below_key: true,
                    },
                )?;
            }
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Value, indent: usize, key: bool) -> Written {
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self
                .out
                .push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number if value.is_integer() => {
                // Writing to a String cannot fail.
                let _ = write!(self.out, "{value}");
            }
            ValueKind::Number => match f64::try_from(value.clone()) {
                Ok(number) if number.is_nan() => self.out.push_str(".nan"),
                Ok(number) if number.is_infinite() => {
                    self.out
                        .push_str(if number > 0.0 { ".inf" } else { "-.inf" });
                }
                _ => self
                    .out
                    .push_str(&show::plain(value).map_err(|error| error.to_string())?),
            },
            ValueKind::String => self.text(value.as_str().unwrap_or_default(), indent, key),
            ValueKind::Bytes => {
                let bytes = value.as_bytes().unwrap_or_default();
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.text(text, indent, key);
                } else {
                    self.out.push_str("!!binary ");
                    self.out
                        .push_str(&base64::engine::general_purpose::STANDARD.encode(bytes));
                }
            }
            _ => match value.downcast_object_ref::<ScalarObject>() {
                Some(atom) if atom.has_own_notation() => self.out.push_str(&atom.encoded()),
                Some(atom) => self.text(&atom.text, indent, key),
                None => return Err(format!("cannot marshal type: {}", show::type_of(value))),
            },
        }
        Ok(())
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) {
        match style::of(text, key) {
            Style::Plain => self.folded(text, indent, key, false),
            Style::Single => {
                self.out.push('\'');
                self.folded(text, indent, key, true);
                self.out.push('\'');
            }
            Style::Double => self.double_quoted(text, indent, key),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// A text whose single blanks may become line breaks.
    fn folded(&mut self, text: &str, indent: usize, key: bool, quoted: bool) {
        let mut after_blank = false;
        let mut rest = text.chars().peekable();
        let mut first = true;
        while let Some(c) = rest.next() {
            let inside = !quoted || (!first && rest.peek().is_some());
            let alone = !after_blank && rest.peek() != Some(&' ');
            if c == ' ' && !key && alone && inside && self.column() > WIDTH {
                self.begin_line(indent);
            } else {
                self.out.push(c);
                if c == '\'' && quoted {
                    self.out.push(c);
                }
            }
            after_blank = c == ' ';
            first = false;
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, key: bool) {
        self.out.push('"');
        let mut after_blank = false;
        let mut rest = text.chars().peekable();
        let mut first = true;
        while let Some(c) = rest.next() {
            if c == ' '
                && !key
                && !after_blank
                && !first
                && rest.peek().is_some()
                && self.column() > WIDTH
            {
                self.begin_line(indent);
                if rest.peek() == Some(&' ') {
                    self.out.push('\\');
                }
                after_blank = true;
            } else {
                self.escaped(c);
                after_blank = c == ' ';
            }
            first = false;
        }
        self.out.push('"');
    }

    fn escaped(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            c if is_printable(c) => return self.out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = match code {
                    0..=0xff => write!(self.out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(self.out, "\\u{code:04X}"),
                    _ => write!(self.out, "\\U{code:08X}"),
                };
                return;
            }
        };
        self.out.extend(['\\', short]);
    }

    /// `|`, with a hint where the first line begins with a blank, and one for the breaks at the end.
    fn literal(&mut self, text: &str, indent: usize) {
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            self.out.push('2');
        }
        let body = text.strip_suffix('\n');
        match body {
            None => self.out.push('-'),
            Some(body) if body.is_empty() || body.ends_with('\n') => self.out.push('+'),
            Some(_) => {}
        }
        for line in body.unwrap_or(text).split('\n') {
            self.break_line();
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(line);
            }
        }
        if body.is_some() {
            self.break_line();
        }
    }
}

impl Place {
    /// A list or a map in an item begins behind its dash; a scalar goes on below what holds the item.
    fn inside_item(self, item: &Value) -> Self {
        match item.kind() {
            ValueKind::Seq | ValueKind::Map => Self {
                indent: self.indent + 2,
                ..self
            },
            _ => self,
        }
    }
}

/// The entries in their order. The fields of a record keep theirs, under their names in small letters.
fn entries(map: &Value) -> Result<Vec<(Value, Value)>, String> {
    if let Some(record) = map.downcast_object_ref::<Record>() {
        return Ok(record
            .fields()
            .map(|(field, value)| (Value::from(field.go.to_lowercase()), value))
            .collect());
    }
    let Some(object) = map.as_object() else {
        return Err("cannot marshal this map".to_owned());
    };
    let mut entries: Vec<(Value, Value)> = object.try_iter_pairs().into_iter().flatten().collect();
    entries.sort_by(|(a, _), (b, _)| order::compare(a, b));
    Ok(entries)
}
