//! Go's classes of characters: what is a letter, a digit, printable.
//!
//! The standard library's classes are other ones (`is_alphabetic` takes in marks); the tables of `regex` are Unicode's
//! general categories, which are Go's too. ASCII never gets as far as the tables.

use std::sync::LazyLock;

use regex::Regex;

static NAME_PART: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").ok());
static PRINTABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").ok());

/// One character of a name: a letter, a decimal digit or the underscore.
pub(super) fn is_name_part(char: char) -> bool {
    if char.is_ascii() {
        return char == '_' || char.is_ascii_alphanumeric();
    }
    holds(&NAME_PART, char)
}

/// A character that is shown as it is: letters, marks, numbers, punctuation, symbols and the ASCII blank.
pub(super) fn is_printable(char: char) -> bool {
    if char.is_ascii() {
        return (' '..='~').contains(&char);
    }
    holds(&PRINTABLE, char)
}

fn holds(table: &LazyLock<Option<Regex>>, char: char) -> bool {
    let mut buffer = [0; 4];
    let text = char.encode_utf8(&mut buffer);
    table.as_ref().is_some_and(|table| table.is_match(text))
}

/// The first character of `bytes` and its length; `None` in the first place if they are not UTF-8 there.
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
