//! Functions that behave as Go does, for Jinja templates that were converted from Go templates.
//!
//! A converter uses them where Jinja's own operators and filters could give another result: `go_eq`, `go_index`,
//! `go_text` and so on.

use minijinja::Value;

use crate::builtin_error::BuiltinError;
use crate::builtins::{Builtin, Callee};
use crate::go_value::{GoKind, GoValue, go_kind, nil_if_invalid, sorted_entries, text_value};
use crate::options::Limits;
use crate::printf::Printer;
use crate::record::{Record, TypedMap};

/// A function with the behaviour of Go.
#[derive(Debug)]
pub struct GoFunction {
    /// Its name in Jinja.
    pub name: &'static str,
    /// The code. An error is Go's message.
    pub code: fn(&[Value]) -> Result<Value, String>,
}

/// A predefined function of `text/template`.
const fn builtin(name: &'static str, code: fn(&[Value]) -> Result<Value, String>) -> GoFunction {
    GoFunction { name, code }
}

/// All functions.
pub static GO_FUNCTIONS: &[GoFunction] = &[
    builtin("go_eq", |args| run(Builtin::Eq, args)),
    builtin("go_ne", |args| run(Builtin::Ne, args)),
    builtin("go_lt", |args| run(Builtin::Lt, args)),
    builtin("go_le", |args| run(Builtin::Le, args)),
    builtin("go_gt", |args| run(Builtin::Gt, args)),
    builtin("go_ge", |args| run(Builtin::Ge, args)),
    builtin("go_len", |args| run(Builtin::Len, args)),
    builtin("go_index", |args| run(Builtin::Index, args)),
    builtin("go_slice", |args| run(Builtin::Slice, args)),
    builtin("go_print", |args| run(Builtin::Print, args)),
    builtin("go_println", |args| run(Builtin::Println, args)),
    builtin("go_printf", |args| run(Builtin::Printf, args)),
    builtin("go_html", |args| run(Builtin::Html, args)),
    builtin("go_js", |args| run(Builtin::Js, args)),
    builtin("go_urlquery", |args| run(Builtin::UrlQuery, args)),
    GoFunction {
        name: "go_text",
        code: text,
    },
    GoFunction {
        name: "go_field",
        code: field,
    },
    GoFunction {
        name: "go_items",
        code: |args| items(args).map(|items| items.into_iter().map(|(_, item)| item).collect()),
    },
    GoFunction {
        name: "go_pairs",
        code: |args| {
            let pair = |(key, item)| Value::from(vec![key, item]);
            items(args).map(|items| items.into_iter().map(pair).collect())
        },
    },
];

fn run(builtin: Builtin, args: &[Value]) -> Result<Value, String> {
    let (fixed, variadic) = builtin.arguments();
    if args.len() < fixed || (!variadic && args.len() > fixed) {
        return Err(format!(
            "wrong number of args: want {fixed} got {}",
            args.len()
        ));
    }
    if builtin == Builtin::Printf
        && args
            .first()
            .is_none_or(|format| format.as_bytes().is_none())
    {
        return Err("the format must be a string".to_owned());
    }
    // The arguments are concrete values, as the value of a variable is in Go.
    let go_values: Vec<GoValue> = args
        .iter()
        .map(|value| GoValue::concrete(value.clone()).into_concrete())
        .collect();
    let found = builtin
        .run(&go_values, Callee::Piped, Limits::default().text)
        .map_err(message)?;
    Ok(nil_if_invalid(found.value))
}

fn message(error: BuiltinError) -> String {
    match error {
        BuiltinError::Message(message) => message,
        BuiltinError::TooLarge => "the text is too large".to_owned(),
        BuiltinError::TooDeep => "a value is nested too deep to be printed".to_owned(),
    }
}

/// The text that an action prints.
fn text(args: &[Value]) -> Result<Value, String> {
    let [value] = args else {
        return Err(format!("wrong number of args: want 1 got {}", args.len()));
    };
    if matches!(go_kind(value), GoKind::Nil) {
        return Ok(Value::from("<no value>"));
    }
    let mut printer = Printer::new(Vec::new(), Limits::default().text);
    printer.print_action_value(value);
    let (text, error) = printer.finish();
    error.map_or_else(|| Ok(text_value(text)), |error| Err(message(error)))
}

/// A field of a record, or an entry of a map.
fn field(args: &[Value]) -> Result<Value, String> {
    let [value, name] = args else {
        return Err(format!("wrong number of args: want 2 got {}", args.len()));
    };
    let name = name
        .as_str()
        .ok_or("the name of a field must be a string")?;
    if value.is_undefined() || value.is_none() {
        return Err(format!("nil pointer evaluating field {name:?}"));
    }
    if let Some(record) = value.downcast_object_ref::<Record>() {
        return record.field(name).ok_or_else(|| no_field(name, value));
    }
    if let Some(map) = value.downcast_object_ref::<TypedMap>() {
        return Ok(map.entries.get(name).unwrap_or(&map.zero).clone());
    }
    match go_kind(value) {
        GoKind::Map => Ok(value.get_attr(name).map(nil_if_invalid).unwrap_or_default()),
        _ => Err(no_field(name, value)),
    }
}

fn no_field(name: &str, value: &Value) -> String {
    format!(
        "can't evaluate field {name:?} in type {}",
        crate::go_value::type_name(value)
    )
}

/// The elements that a `range` iterates over, with their keys.
fn items(args: &[Value]) -> Result<Vec<(Value, Value)>, String> {
    let [over] = args else {
        return Err(format!("wrong number of args: want 1 got {}", args.len()));
    };
    let numbered = |count| {
        (0..count)
            .map(|number| (Value::from(()), Value::from(number)))
            .collect()
    };
    match go_kind(over) {
        GoKind::Nil => Ok(Vec::new()),
        GoKind::List | GoKind::Channel => {
            let items = over.try_iter().into_iter().flatten().enumerate();
            Ok(items
                .map(|(index, item)| (Value::from(index), item))
                .collect())
        }
        GoKind::Map => Ok(sorted_entries(over)),
        GoKind::Int(count) => count_to(u64::try_from(count).unwrap_or(0)).map(numbered),
        GoKind::Uint(count) => count_to(count).map(numbered),
        _ => Err(format!(
            "range can't iterate over {}",
            crate::go_value::type_name(over)
        )),
    }
}

fn count_to(count: u64) -> Result<u64, String> {
    let max = u64::try_from(Limits::default().steps).unwrap_or(u64::MAX);
    if count > max {
        Err(format!("more than {max} iterations"))
    } else {
        Ok(count)
    }
}
