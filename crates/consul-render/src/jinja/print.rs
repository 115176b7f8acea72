//! Prints values for configuration files: `true`, not `True`; `1`, not `1.0`; nothing for none;
//! lists and maps as JSON.
//!
//! If the file has a format, a value that is not plain is marked. The result of a macro, a block or
//! `raw` is text of the template and is not marked.

use std::borrow::Cow;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, Output, State, Value};

use super::{bridge, macros};
use file_formats::Format;
use file_formats::escape::{self, mark, mark::Kind};
use gotemplate::json::{self, Style};
use gotemplate::scalar_object::ScalarObject;

/// Makes an environment print values for the format of the render context.
pub(super) fn check_values(environment: &mut Environment<'_>) {
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("format".into()));
    // `xmlattr` escapes for HTML, and would mark its result as safe.
    environment.remove_filter("xmlattr");
}

/// The formatter of minijinja: writes a printed value.
pub(super) fn print(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if let Some(format) = macros::format_of(state.name()) {
        return Ok(out.write_str(&plain(value, format)?)?);
    }
    match state.auto_escape() {
        AutoEscape::None => print_unescaped(out, value),
        AutoEscape::Custom(_) => print_for_format(out, state, value),
        // The template itself uses `autoescape`.
        _ => match bridge::current(state)
            .filter(|context| context.format() != Format::None && !value.is_safe())
        {
            Some(context) => {
                let escaped = HtmlEscape(&shown(value)?).to_string();
                let printed = context
                    .printed(&escaped, Kind::Text)
                    .map_err(|error| refused(&error.into_text()))?;
                Ok(out.write_str(&printed)?)
            }
            None => minijinja::escape_formatter(out, state, value),
        },
    }
}

fn print_for_format(
    out: &mut Output<'_>,
    state: &State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let kind = match value.kind() {
        _ if value.is_safe() => return print_unescaped(out, value),
        ValueKind::String | ValueKind::Bytes | ValueKind::Plain => Kind::Text,
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => Kind::Document,
        _ => return print_unescaped(out, value),
    };
    let Some(context) = bridge::current(state) else {
        return Err(refused("nothing can be printed here"));
    };
    let kind = if escape::has_documents(context.format()) {
        kind
    } else {
        Kind::Text
    };
    let printed = shown(value)?;
    let printed = context
        .printed(&printed, kind)
        .map_err(|error| refused(&error.into_text()))?;
    Ok(out.write_str(&printed)?)
}

/// A value in a built-in macro. Macros write only plain and raw values, regardless of the format of
/// the template.
fn plain(value: &Value, format: Format) -> Result<Cow<'_, str>, Error> {
    let text = shown(value)?;
    let marked = mark::is_marked(&text);
    if value.is_safe() && !marked {
        return Ok(text);
    }
    let text = if marked {
        Cow::Owned(mark::unmarked(&text).into_owned())
    } else {
        text
    };
    if escape::is_plain(format, &text) {
        return Ok(text);
    }
    Err(refused(
        "an argument of this macro would have to be quoted, and nothing can be here; write `| raw` behind it if it may be \
         more than a value",
    ))
}

fn print_unescaped(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    Ok(out.write_str(&shown(value)?)?)
}

/// The text of a value.
fn shown(value: &Value) -> Result<Cow<'_, str>, Error> {
    Ok(match value.kind() {
        ValueKind::String => Cow::Borrowed(value.as_str().unwrap_or_default()),
        ValueKind::Undefined | ValueKind::None => Cow::Borrowed(""),
        ValueKind::Number if value.is_integer() => Cow::Owned(match value.as_i64() {
            // This is twice as fast as a formatter.
            Some(number) => number.to_string(),
            None => value.to_string(),
        }),
        ValueKind::Number => Cow::Owned(json::float(f64::try_from(value.clone())?)),
        ValueKind::Bool => Cow::Borrowed(if value.is_true() { "true" } else { "false" }),
        ValueKind::Bytes => match std::str::from_utf8(value.as_bytes().unwrap_or_default()) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => return Err(refused("cannot print bytes that are not UTF-8 text")),
        },
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            let text = json::write(
                value,
                Style {
                    pretty: false,
                    escape_html: false,
                },
            );
            Cow::Owned(text.map_err(|problem| refused(&format!("cannot print this: {problem}")))?)
        }
        kind => match value.downcast_object_ref::<ScalarObject>() {
            Some(atom) => Cow::Borrowed(&*atom.text),
            None => {
                return Err(refused(&format!(
                    "cannot print a {kind}; is it a function that is not called?"
                )));
            }
        },
    })
}

fn refused(text: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.to_owned())
}
