//! Go's package `fmt`: formats values, for functions that a program adds.

use minijinja::Value;

use crate::builtin_error::BuiltinError;
use crate::function_error::FunctionError;
use crate::printf::Printer;
use crate::{go_value, quote};

/// The maximum length of a text in bytes.
const MAX_LENGTH: usize = 64 << 20;

/// Go's `Sprintf`.
///
/// # Errors
/// If the text would be too long, or a value is nested too deep.
pub fn sprintf(format: &str, values: &[&Value]) -> Result<Value, FunctionError> {
    let mut printer = Printer::new(Vec::new(), MAX_LENGTH);
    printer.printf(format.as_bytes(), values);
    match printer.finish() {
        (text, None) => Ok(go_value::text_value(text)),
        (_, Some(BuiltinError::Message(message))) => Err(FunctionError::new(message)),
        (_, Some(BuiltinError::TooLarge)) => Err(FunctionError::new("the result is too long")),
        (_, Some(BuiltinError::TooDeep)) => Err(FunctionError::new(
            "a value is nested too deep to be printed",
        )),
    }
}

/// Go's `Sprint` of one value, which is the same as `%v`.
///
/// # Errors
/// As [`sprintf`].
pub fn sprint(value: &Value) -> Result<String, FunctionError> {
    let text = sprintf("%v", &[value])?;
    Ok(String::from_utf8_lossy(text.as_bytes().unwrap_or_default()).into_owned())
}

/// A text as a string literal of Go: `%q`.
pub fn quoted(text: &str) -> String {
    quote::quoted(text.as_bytes())
}

/// The Go type of a value: `%T`.
pub fn type_name(value: &Value) -> String {
    go_value::type_name(value)
}
