//! Go's way to show values, for the functions of the library.
//!
//! in:  values
//! out: their text, as `fmt` of Go makes it

use minijinja::Value;

use crate::function_error::FunctionError;
use crate::printf::{Printer, Trouble};
use crate::{go_value, number, quote};

/// More text than this is taken for a mistake.
const MAX_LENGTH: usize = 64 << 20;

/// Values by a format.
///
/// # Errors
/// When the text would be too large, or a value is nested too deep.
pub fn formatted(format: &str, values: &[&Value]) -> Result<Value, FunctionError> {
    let mut printer = Printer::new(Vec::new(), MAX_LENGTH);
    printer.printf(format.as_bytes(), values);
    match printer.finish() {
        (text, None) => Ok(go_value::text_value(text)),
        (_, Some(Trouble::Message(why))) => Err(FunctionError::new(why)),
        (_, Some(Trouble::TooLarge)) => Err(FunctionError::new("the result is too long")),
        (_, Some(Trouble::TooDeep)) => Err(FunctionError::new(
            "a value is nested too deep to be printed",
        )),
    }
}

/// A value as `%v` shows it.
///
/// # Errors
/// As for [`formatted`].
pub fn plain(value: &Value) -> Result<String, FunctionError> {
    let text = formatted("%v", &[value])?;
    Ok(String::from_utf8_lossy(text.as_bytes().unwrap_or_default()).into_owned())
}

/// A text as a literal of Go.
pub fn quoted(text: &str) -> String {
    quote::quoted(text.as_bytes())
}

/// The type of a value, as `%T` shows it.
pub fn type_of(value: &Value) -> String {
    go_value::type_name(value)
}

/// The number that a text is in any of Go's notations, `0x1p4` and `1_000` among them.
pub fn float(text: &str) -> Option<f64> {
    number::float(text)
}
