//! Go's classes of characters: letters, digits, printable characters.
//!
//! The classes of Rust's standard library differ: `is_alphabetic` includes marks. The crate `regex` has Unicode's general
//! categories, as Go does. ASCII characters need no table.

use std::sync::LazyLock;

use regex::Regex;

static NAME_PART: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").ok());
static PRINTABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").ok());

/// Returns `true` for a character of a name: a letter, a decimal digit or the underscore.
pub(super) fn is_name_part(char: char) -> bool {
    if char.is_ascii() {
        return char == '_' || char.is_ascii_alphanumeric();
    }
    is_in(&NAME_PART, char)
}

/// Returns `true` for a character that is printed without an escape: letters, marks, numbers, punctuation, symbols and
/// the ASCII space.
pub(super) fn is_printable(char: char) -> bool {
    if char.is_ascii() {
        return (' '..='~').contains(&char);
    }
    is_in(&PRINTABLE, char)
}

fn is_in(table: &LazyLock<Option<Regex>>, char: char) -> bool {
    let mut buffer = [0; 4];
    let text = char.encode_utf8(&mut buffer);
    table.as_ref().is_some_and(|table| table.is_match(text))
}

/// The first character and its length in bytes; the character is `None` if the bytes are not UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let first = *bytes.first()?;
    if first.is_ascii() {
        return Some((Some(char::from(first)), 1));
    }
    for length in 2..=bytes.len().min(4) {
        let char = bytes
            .get(..length)
            .and_then(|part| std::str::from_utf8(part).ok())
            .and_then(|s| s.chars().next());
        if char.is_some() {
            return Some((char, length));
        }
    }
    Some((None, 1))
}
