//! The escaping functions: `html`, `js` and `urlquery`.

use std::borrow::Cow;

use minijinja::Value;

use crate::builtin_error::BuiltinError;
use crate::go_value::{GoValue, text_value};
use crate::printf::Printer;
use crate::unicode::{decode, is_printable};

/// Escapes for HTML.
pub(super) fn html(arguments: &[GoValue], max_len: usize) -> Result<GoValue, BuiltinError> {
    escape(arguments, max_len, |text, escaped| {
        for byte in text {
            match byte {
                b'"' => escaped.extend_from_slice(b"&#34;"),
                b'\'' => escaped.extend_from_slice(b"&#39;"),
                b'&' => escaped.extend_from_slice(b"&amp;"),
                b'<' => escaped.extend_from_slice(b"&lt;"),
                b'>' => escaped.extend_from_slice(b"&gt;"),
                0 => escaped.extend_from_slice("\u{fffd}".as_bytes()),
                _ => escaped.push(*byte),
            }
        }
    })
}

/// Escapes for a string in JavaScript.
pub(super) fn js(arguments: &[GoValue], max_len: usize) -> Result<GoValue, BuiltinError> {
    escape(arguments, max_len, |text, escaped| {
        let mut rest = text;
        while let Some((char, length)) = decode(rest) {
            let char = char.unwrap_or('\u{fffd}');
            match char {
                '\\' | '\'' | '"' => {
                    escaped.extend([b'\\', u8::try_from(char).unwrap_or_default()]);
                }
                '<' | '>' | '&' | '=' | '\0'..='\x1f' => {
                    escaped.extend(format!("\\u{:04X}", u32::from(char)).into_bytes());
                }
                _ if char.is_ascii() || is_printable(char) => {
                    escaped.extend_from_slice(rest.get(..length).unwrap_or_default());
                }
                _ => escaped.extend(format!("\\u{:04X}", u32::from(char)).into_bytes()),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    })
}

/// Escapes for the query of a URL.
pub(super) fn url_query(arguments: &[GoValue], max_len: usize) -> Result<GoValue, BuiltinError> {
    escape(arguments, max_len, |text, escaped| {
        for byte in text {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    escaped.push(*byte);
                }
                b' ' => escaped.push(b'+'),
                _ => escaped.extend(format!("%{byte:02X}").into_bytes()),
            }
        }
    })
}

fn escape(
    arguments: &[GoValue],
    max_len: usize,
    escape: impl Fn(&[u8], &mut Vec<u8>),
) -> Result<GoValue, BuiltinError> {
    let text = text(arguments, max_len)?;
    let mut escaped = Vec::with_capacity(text.len());
    escape(&text, &mut escaped);
    if escaped.len() > max_len {
        return Err(BuiltinError::TooLarge);
    }
    Ok(GoValue::concrete(text_value(escaped)))
}

/// The text of the arguments: a single string unchanged, others as `print` formats them.
fn text(arguments: &[GoValue], max_len: usize) -> Result<Cow<'_, [u8]>, BuiltinError> {
    if let [only] = arguments
        && let Some(text) = only.value.as_bytes()
    {
        return Ok(Cow::Borrowed(text));
    }
    let shown: Vec<Value> = arguments.iter().map(printable).collect();
    let mut printer = Printer::new(Vec::new(), max_len);
    printer.print_dereferenced(shown.iter());
    let (text, error) = printer.finish();
    error.map_or(Ok(Cow::Owned(text)), Err)
}

/// The value to print: `<no value>` for nil, as in an action.
fn printable(go_value: &GoValue) -> Value {
    if go_value.is_invalid() || go_value.value.is_none() {
        Value::from("<no value>")
    } else {
        go_value.value.clone()
    }
}
