//! Tracks the lexical context in JSON.
//!
//! In quotes, every value can be written. Outside of quotes only numbers, `true`, `false`, `null`,
//! whole lists and maps, and the comma that a template writes between two values are allowed.

use std::fmt::Write as _;

use super::grammar::{ESCAPED, Grammar, Unfit, odd};
use super::mark::Kind;

const OUTSIDE: &str =
    "outside of quotes only numbers, true, false, null and what toJSON makes can stand";

pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-.+/@=~".contains(c)
}

/// The state of the grammar.
#[derive(Debug, Default)]
pub(super) struct Json {
    quoted: bool,
    escaped: bool,
    /// The last character other than a blank.
    last: Option<char>,
}

impl Grammar for Json {
    fn read(&mut self, c: char) {
        if self.quoted {
            let escaped = std::mem::take(&mut self.escaped);
            self.quoted = escaped || c != '"';
            self.escaped = !escaped && c == '\\';
        } else {
            self.quoted = c == '"';
        }
        if !c.is_whitespace() {
            self.last = Some(c);
        }
    }

    fn place(&mut self, kind: Kind, value: &str, _: Option<char>) -> Result<String, Unfit> {
        let odd = odd(value, is_plain);
        if self.quoted {
            return if self.escaped {
                Err((odd, ESCAPED))
            } else {
                Ok(escaped(value))
            };
        }
        let expected = self
            .last
            .is_none_or(|last| matches!(last, '[' | '{' | ',' | ':'));
        match kind {
            Kind::Document if expected => Ok(value.to_owned()),
            Kind::Text if !expected && value.trim() == "," => Ok(value.to_owned()),
            _ => Err((odd, OUTSIDE)),
        }
    }
}

/// Escapes a value for double quotes in JSON and YAML.
pub(super) fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}
