//! How a value is printed in a configuration file: `true`, not `True`; `1`, not `1.0`; nothing for none; lists and
//! maps as JSON.

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Error, ErrorKind, Output, State, Value};

use crate::template::atom::Atom;
use crate::template::json::{self, Style};

/// Writes a value where a template prints it.
pub(super) fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if *state.auto_escape() != AutoEscape::None {
        // Only where the template itself asks for it.
        return minijinja::escape_formatter(out, state, value);
    }
    match value.kind() {
        ValueKind::String => out.write_str(value.as_str().unwrap_or_default())?,
        ValueKind::Undefined | ValueKind::None => {}
        ValueKind::Number if value.is_integer() => match value.as_i64() {
            // Twice as fast as through a formatter.
            Some(number) => out.write_str(&number.to_string())?,
            None => write!(out, "{value}")?,
        },
        ValueKind::Number => out.write_str(&json::float(f64::try_from(value.clone())?))?,
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        ValueKind::Bytes => match std::str::from_utf8(value.as_bytes().unwrap_or_default()) {
            Ok(text) => out.write_str(text)?,
            Err(_) => return Err(refused("cannot print bytes that are not UTF-8 text")),
        },
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            let text = json::write(value, Style { pretty: false, escape_html: false });
            out.write_str(&text.map_err(|problem| refused(&format!("cannot print this: {problem}")))?)?;
        }
        _ if value.downcast_object_ref::<Atom>().is_some() => write!(out, "{value}")?,
        kind => return Err(refused(&format!("cannot print a {kind}; is it a function that is not called?"))),
    }
    Ok(())
}

fn refused(text: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.to_owned())
}
