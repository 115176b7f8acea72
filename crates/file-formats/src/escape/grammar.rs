//! The interface of the grammars, and their common helpers and reasons.

use super::mark::Kind;

/// A character of a value, with the reason why it cannot be written.
pub(super) type Unfit = (char, &'static str);

/// The lexical rules of a format.
pub(super) trait Grammar {
    /// Reads the next character of the file.
    fn read(&mut self, c: char);

    /// Escapes a value for the current context; `next` is the character after the value.
    fn place(&mut self, kind: Kind, value: &str, next: Option<char>) -> Result<String, Unfit>;
}

/// Returns the first character of the value that is not plain, or its first character.
pub(super) fn odd(value: &str, is_plain: impl Fn(char) -> bool) -> char {
    value
        .chars()
        .find(|c| !is_plain(*c))
        .or_else(|| value.chars().next())
        .unwrap_or(' ')
}

/// Returns the first line break or control character of the value, except tabs.
pub(super) fn control(value: &str) -> Option<char> {
    value.chars().find(|c| {
        (c.is_control() && *c != '\t')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// The value is part of a word that can only be quoted as a whole.
pub(super) const PART: &str = "it is only a part of a word, and could be quoted only as a whole";
/// The value is at the start of a directive.
pub(super) const NAME: &str = "it stands where the name of a directive is expected";
/// The value follows a backslash.
pub(super) const ESCAPED: &str = "it follows a backslash";
/// The format cannot represent the character.
pub(super) const UNWRITABLE: &str = "the format has no way to write it";
