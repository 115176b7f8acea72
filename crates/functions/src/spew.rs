//! Functions that show values with their types, in the format of go-spew, to debug a template.
//!
//! There are no pointer addresses, and no capacities of lists. Map keys are sorted.
//!
//! In consul-template, `spew_dump` and `spew_printf` print to the terminal. Here they log only
//! types and lengths, at level debug, because the values may be secret.

mod outline;
mod values;

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use outline::log_types;
use values::{MAX_DEPTH, entries, type_of};

use super::args::{FunctionResult, fail, text};
use super::row;
use crate::function::{Call, Function, FunctionError, Group};
use gotemplate::go_fmt;
use gotemplate::record::{Record, is_typed_nil};

const MAX_LENGTH: usize = 64 << 20;

pub(super) static TABLE: &[Function] = &[
    row(
        Group::Debug,
        ["spew_sdump", "spew_sdump"],
        "(values ...any) string",
        "The values with their types, on several lines.",
        sdump,
    ),
    row(
        Group::Debug,
        ["spew_sprintf", "spew_sprintf"],
        "(format string, values ...any) string",
        "Like printf, but %#v shows values with their types.",
        sprintf,
    ),
    row(
        Group::Debug,
        ["spew_dump", "spew_dump"],
        "(values ...any) string",
        "Logs the types and lengths of the values at the level debug; returns an empty string.",
        |call| {
            log_types("spew_dump", call.args);
            Ok(Value::from(""))
        },
    ),
    row(
        Group::Debug,
        ["spew_printf", "spew_printf"],
        "(format string, values ...any) string",
        "Logs the types and lengths of the values at the level debug; returns an empty string.",
        |call| {
            let [format, values @ ..] = call.args else {
                return fail("wrong number of args for spew_printf: want at least 1 got 0");
            };
            text(format)?;
            log_types("spew_printf", values);
            Ok(Value::from(""))
        },
    ),
];

fn sdump(call: &Call<'_>) -> FunctionResult {
    let mut out = String::new();
    for value in call.args {
        dump(&mut out, value, 0)?;
        out.push('\n');
    }
    Ok(Value::from(out))
}

fn check_limits(out: &str, depth: usize) -> Result<(), FunctionError> {
    if depth > MAX_DEPTH {
        return fail(format!("nested more than {MAX_DEPTH} levels deep"));
    }
    if out.len() > MAX_LENGTH {
        fail("the result is too long")
    } else {
        Ok(())
    }
}

fn dump(out: &mut String, value: &Value, depth: usize) -> Result<(), FunctionError> {
    check_limits(out, depth)?;
    out.push('(');
    out.push_str(&type_of(value));
    out.push_str(") ");
    if is_typed_nil(value) {
        // A nil pointer has no space before the parentheses.
        if value.downcast_object_ref::<Record>().is_some() {
            out.pop();
            out.push_str("(<nil>)");
        } else {
            out.push_str("<nil>");
        }
        return Ok(());
    }
    // Writing to a String cannot fail.
    let _ = match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            if !text.is_empty() {
                let _ = write!(out, "(len={}) ", text.len());
            }
            write!(out, "{}", go_fmt::quoted(text))
        }
        ValueKind::Seq => {
            let items: Vec<Value> = value.try_iter().into_iter().flatten().collect();
            if !items.is_empty() {
                let _ = write!(out, "(len={0} cap={0}) ", items.len());
            }
            return block(out, depth, items.len(), |out, index| {
                dump(out, &items[index], depth + 1)
            });
        }
        ValueKind::Map => {
            let entries = entries(value);
            let is_record = value.downcast_object_ref::<Record>().is_some();
            if !is_record && !entries.is_empty() {
                let _ = write!(out, "(len={}) ", entries.len());
            }
            return block(out, depth, entries.len(), |out, index| {
                let (key, value) = &entries[index];
                match key.as_str().filter(|_| is_record) {
                    Some(field) => out.push_str(field),
                    None => dump(out, key, depth + 1)?,
                }
                out.push_str(": ");
                dump(out, value, depth + 1)
            });
        }
        _ => write!(out, "{}", go_fmt::sprint(value)?),
    };
    Ok(())
}

fn block(
    out: &mut String,
    depth: usize,
    count: usize,
    mut write: impl FnMut(&mut String, usize) -> Result<(), FunctionError>,
) -> Result<(), FunctionError> {
    out.push_str("{\n");
    for index in 0..count {
        out.extend(std::iter::repeat_n(' ', depth + 1));
        write(out, index)?;
        out.push_str(if index + 1 < count { ",\n" } else { "\n" });
    }
    out.extend(std::iter::repeat_n(' ', depth));
    out.push('}');
    Ok(())
}

fn sprintf(call: &Call<'_>) -> FunctionResult {
    let [format, values @ ..] = call.args else {
        return fail("wrong number of args for spew_sprintf: want at least 1 got 0");
    };
    let mut plain_format = String::new();
    let mut plain_values = Vec::new();
    let mut values = values.iter();
    let mut rest = text(format)?;
    while let Some(at) = rest.find('%') {
        plain_format.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("%#v").filter(|_| values.len() > 0) {
            let mut shown = String::new();
            values
                .next()
                .map_or(Ok(()), |value| typed(&mut shown, value, 0))?;
            plain_format.push_str("%s");
            plain_values.push(Value::from(shown));
            rest = after;
            continue;
        }
        let mut verb_ends = rest
            .char_indices()
            .skip(1)
            .filter(|(_, c)| c.is_alphabetic() || *c == '%');
        let end = verb_ends
            .next()
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let (verb, after) = rest.split_at(end);
        plain_format.push_str(verb);
        // A star takes a value; a double percent sign takes none.
        let takes = verb.matches('*').count() + usize::from(verb != "%%");
        plain_values.extend(values.by_ref().take(takes).map(|value| shown(value, verb)));
        rest = after;
    }
    plain_format.push_str(rest);
    // go-spew wraps each value, and its type shows where a value has no verb.
    let extra: Vec<Value> = values.map(|value| shown(value, "%v")).collect();
    if !extra.is_empty() {
        let shown = vec!["*spew.formatState=%v"; extra.len()].join(", ");
        let _ = write!(plain_format, "%%!(EXTRA {shown})");
    }
    plain_values.extend(extra);
    let references: Vec<&Value> = plain_values.iter().collect();
    go_fmt::sprintf(&plain_format, &references)
}

/// Returns a value as `Sprintf` of go-spew shows it: a nil list or map as nil.
fn shown(value: &Value, verb: &str) -> Value {
    if verb.ends_with('v') && is_typed_nil(value) {
        Value::from(())
    } else {
        value.clone()
    }
}

/// Writes a value on one line, each part with its type.
fn typed(out: &mut String, value: &Value, depth: usize) -> Result<(), FunctionError> {
    check_limits(out, depth)?;
    out.push('(');
    out.push_str(&type_of(value));
    out.push(')');
    match value.kind() {
        ValueKind::Seq => {
            out.push('[');
            for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                typed(out, &item, depth + 1)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            let is_record = value.downcast_object_ref::<Record>().is_some();
            out.push_str(if is_record { "{" } else { "map[" });
            for (index, (key, value)) in entries(value).iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(&go_fmt::sprint(key)?);
                out.push(':');
                typed(out, value, depth + 1)?;
            }
            out.push(if is_record { '}' } else { ']' });
        }
        _ => out.push_str(&go_fmt::sprint(value)?),
    }
    Ok(())
}
