//! What the grammars of the formats share.

use super::mark::Kind;

/// A character of a value, and the reason why it cannot be written.
pub(super) type Unfit = (char, &'static str);

/// The lexical rules by which a program reads a file.
pub(super) trait Grammar {
    /// Reads the next character of the file.
    fn read(&mut self, c: char);

    /// Escapes a value for the current place; `next` is the character after it.
    fn place(&mut self, kind: Kind, value: &str, next: Option<char>) -> Result<String, Unfit>;
}

/// The first character of a value that is not plain, or else its first character.
pub(super) fn odd(value: &str, is_plain: impl Fn(char) -> bool) -> char {
    value
        .chars()
        .find(|c| !is_plain(*c))
        .or_else(|| value.chars().next())
        .unwrap_or(' ')
}

/// A line break or control character in a value, except tabs.
pub(super) fn control(value: &str) -> Option<char> {
    value.chars().find(|c| {
        (c.is_control() && *c != '\t')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// A value is part of a word that could be quoted only as a whole.
pub(super) const PART: &str = "it is only a part of a word, and could be quoted only as a whole";
/// A value stands where a directive or keyword begins.
pub(super) const NAME: &str = "it stands where the name of a directive is expected";
/// A value follows a backslash.
pub(super) const ESCAPED: &str = "it follows a backslash";
/// The format has no escape for a character.
pub(super) const UNWRITABLE: &str = "the format has no way to write it";
