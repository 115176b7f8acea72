//! Go's own functions for Jinja templates that were Go templates: `convert` writes them where Jinja's own way of
//! doing something might differ.
//!
//! in:  the name of a word, and its arguments
//! out: the value that a Go template would have, or Go's message

use minijinja::Value;

use crate::builtins::{Builtin, Callee};
use crate::go_value::{GoValue, Shape, nil_for_nothing, shape, sorted_entries, text_value};
use crate::options::Limits;
use crate::printf::{Printer, Trouble};
use crate::record::{Record, TypedMap};

/// A function for Jinja that does what Go does.
#[derive(Debug)]
pub struct Word {
    /// The name.
    pub name: &'static str,
    /// Calls it. An error is Go's message.
    pub code: fn(&[Value]) -> Result<Value, String>,
}

/// The word for a function of Go.
const fn builtin(name: &'static str, code: fn(&[Value]) -> Result<Value, String>) -> Word {
    Word { name, code }
}

/// All words.
pub static WORDS: &[Word] = &[
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
    Word {
        name: "go_text",
        code: text,
    },
    Word {
        name: "go_field",
        code: field,
    },
    Word {
        name: "go_items",
        code: |args| items(args).map(|items| items.into_iter().map(|(_, item)| item).collect()),
    },
    Word {
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
    // What was in a list or a map of anything is out of its box here, as a variable is in Go.
    let held: Vec<GoValue> = args
        .iter()
        .map(|value| GoValue::bare(value.clone()).unboxed())
        .collect();
    let found = builtin
        .run(&held, Callee::Piped, Limits::default().text)
        .map_err(told)?;
    Ok(nil_for_nothing(found.value))
}

fn told(trouble: Trouble) -> String {
    match trouble {
        Trouble::Message(message) => message,
        Trouble::TooLarge => "the text is too large".to_owned(),
        Trouble::TooDeep => "a value is nested too deep to be printed".to_owned(),
    }
}

/// The text that an action prints.
fn text(args: &[Value]) -> Result<Value, String> {
    let [value] = args else {
        return Err(format!("wrong number of args: want 1 got {}", args.len()));
    };
    if matches!(shape(value), Shape::Nothing) {
        return Ok(Value::from("<no value>"));
    }
    let mut printer = Printer::new(Vec::new(), Limits::default().text);
    printer.shown(value);
    let (text, trouble) = printer.finish();
    trouble.map_or_else(|| Ok(text_value(text)), |trouble| Err(told(trouble)))
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
    match shape(value) {
        Shape::Map => Ok(value
            .get_attr(name)
            .map(nil_for_nothing)
            .unwrap_or_default()),
        _ => Err(no_field(name, value)),
    }
}

fn no_field(name: &str, value: &Value) -> String {
    format!(
        "can't evaluate field {name:?} in type {}",
        crate::go_value::type_name(value)
    )
}

/// What a `range` goes over, with the keys.
fn items(args: &[Value]) -> Result<Vec<(Value, Value)>, String> {
    let [over] = args else {
        return Err(format!("wrong number of args: want 1 got {}", args.len()));
    };
    let numbered = |count| {
        (0..count)
            .map(|number| (Value::from(()), Value::from(number)))
            .collect()
    };
    match shape(over) {
        Shape::Nothing => Ok(Vec::new()),
        Shape::List | Shape::Channel => {
            let items = over.try_iter().into_iter().flatten().enumerate();
            Ok(items
                .map(|(index, item)| (Value::from(index), item))
                .collect())
        }
        Shape::Map => Ok(sorted_entries(over)),
        Shape::Int(count) => count_to(u64::try_from(count).unwrap_or(0)).map(numbered),
        Shape::Uint(count) => count_to(count).map(numbered),
        _ => Err(format!(
            "range can't iterate over {}",
            crate::go_value::type_name(over)
        )),
    }
}

fn count_to(count: u64) -> Result<u64, String> {
    let most = u64::try_from(Limits::default().steps).unwrap_or(u64::MAX);
    if count > most {
        Err(format!("more than {most} iterations"))
    } else {
        Ok(count)
    }
}
