//! String literals of Go: reads and writes them.

use crate::unicode::{decode, is_printable};

/// The text of a string literal in double or back quotes. It need not be UTF-8.
pub(super) fn unquoted(literal: &str) -> Option<Vec<u8>> {
    if let Some(raw) = literal.strip_prefix('`') {
        let raw = raw.strip_suffix('`')?;
        return Some(raw.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (piece, after) = unquoted_char(rest, '"')?;
        match piece {
            Unquoted::Byte(byte) => text.push(byte),
            Unquoted::Char(char) => {
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = after;
    }
    Some(text)
}

/// A character of a literal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unquoted {
    /// A byte, written as `\xff` or `\377`.
    Byte(u8),
    /// A character.
    Char(char),
}

/// The first character of a text between quotes, and the rest.
pub(super) fn unquoted_char(text: &str, quote: char) -> Option<(Unquoted, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Unquoted::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' | '"' if escape == quote => quote,
        'x' => {
            return coded(rest, 2, 16)
                .and_then(|(code, rest)| Some((Unquoted::Byte(u8::try_from(code).ok()?), rest)));
        }
        'u' => {
            return coded(rest, 4, 16)
                .and_then(|(code, rest)| Some((Unquoted::Char(char::from_u32(code)?), rest)));
        }
        'U' => {
            return coded(rest, 8, 16)
                .and_then(|(code, rest)| Some((Unquoted::Char(char::from_u32(code)?), rest)));
        }
        '0'..='7' => {
            let (code, rest) = coded(text.get(1..)?, 3, 8)?;
            return Some((Unquoted::Byte(u8::try_from(code).ok()?), rest));
        }
        _ => return None,
    };
    Some((Unquoted::Char(simple), rest))
}

fn coded(text: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let (code, rest) = (text.get(..digits)?, text.get(digits..)?);
    if !code.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    Some((u32::from_str_radix(code, radix).ok()?, rest))
}

/// Text as a string literal in double quotes.
pub(super) fn quoted(text: &[u8]) -> String {
    quoted_as(text, false)
}

/// Text as a string literal in double quotes; with `ascii`, other characters are escaped.
pub(super) fn quoted_as(text: &[u8], ascii: bool) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    let mut rest = text;
    while let Some((char, length)) = decode(rest) {
        match (char, rest.first()) {
            (Some(char), _) => push_escaped(&mut literal, char, '"', ascii),
            (None, Some(byte)) => push_code(&mut literal, 'x', 2, u32::from(*byte)),
            (None, None) => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    literal.push('"');
    literal
}

/// A character as a constant in single quotes; with `ascii`, other characters are escaped.
pub(super) fn quoted_char(char: char, ascii: bool) -> String {
    let mut literal = String::from("'");
    push_escaped(&mut literal, char, '\'', ascii);
    literal.push('\'');
    literal
}

fn push_escaped(literal: &mut String, char: char, quote: char, ascii: bool) {
    if char == quote || char == '\\' {
        literal.push('\\');
        literal.push(char);
        return;
    }
    if is_printable(char) && (char.is_ascii() || !ascii) {
        literal.push(char);
        return;
    }
    match char {
        '\x07' => literal.push_str("\\a"),
        '\x08' => literal.push_str("\\b"),
        '\x0c' => literal.push_str("\\f"),
        '\n' => literal.push_str("\\n"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push_str("\\t"),
        '\x0b' => literal.push_str("\\v"),
        _ => {
            let code = u32::from(char);
            match code {
                0..0x20 | 0x7f => push_code(literal, 'x', 2, code),
                0..0x1_0000 => push_code(literal, 'u', 4, code),
                _ => push_code(literal, 'U', 8, code),
            }
        }
    }
}

/// `\u00e9`
fn push_code(literal: &mut String, letter: char, digits: u32, code: u32) {
    literal.push('\\');
    literal.push(letter);
    let nibbles = (0..digits).rev().map(|place| (code >> (4 * place)) & 0xf);
    literal.extend(nibbles.filter_map(|nibble| char::from_digit(nibble, 16)));
}

/// Returns `true` if a text can be written in back quotes.
pub(super) fn can_back_quote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars().all(|char| {
            char != '\u{feff}' && char != '`' && char != '\x7f' && (char >= ' ' || char == '\t')
        })
    })
}
