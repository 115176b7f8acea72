//! `html`, `js` and `urlquery`.

use std::borrow::Cow;

use minijinja::Value;

use crate::go_value::{GoValue, text_value};
use crate::printf::{Printer, Trouble};
use crate::unicode::{decode, is_printable};

type Answer = Result<GoValue, Trouble>;

/// Escapes for HTML.
pub(super) fn html(arguments: &[GoValue], room: usize) -> Answer {
    escape(arguments, room, |text, escaped| {
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
pub(super) fn js(arguments: &[GoValue], room: usize) -> Answer {
    escape(arguments, room, |text, escaped| {
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
pub(super) fn url_query(arguments: &[GoValue], room: usize) -> Answer {
    escape(arguments, room, |text, escaped| {
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

fn escape(arguments: &[GoValue], room: usize, escape: impl Fn(&[u8], &mut Vec<u8>)) -> Answer {
    let text = text(arguments, room)?;
    let mut escaped = Vec::with_capacity(text.len());
    escape(&text, &mut escaped);
    if escaped.len() > room {
        return Err(Trouble::TooLarge);
    }
    Ok(GoValue::bare(text_value(escaped)))
}

/// The text of the arguments: one string as it is, all else as `print` shows it.
fn text(arguments: &[GoValue], room: usize) -> Result<Cow<'_, [u8]>, Trouble> {
    if let [only] = arguments
        && let Some(text) = only.value.as_bytes()
    {
        return Ok(Cow::Borrowed(text));
    }
    let shown: Vec<Value> = arguments.iter().map(printable).collect();
    let mut printer = Printer::new(Vec::new(), room);
    printer.print_dereferenced(shown.iter());
    let (text, trouble) = printer.finish();
    trouble.map_or(Ok(Cow::Owned(text)), Err)
}

/// Nothing is shown the way an action shows it.
fn printable(held: &GoValue) -> Value {
    if held.is_nothing() || held.value.is_none() {
        Value::from("<no value>")
    } else {
        held.value.clone()
    }
}
