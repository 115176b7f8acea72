//! Escapes untrusted text (the value of a key, a command, a file name) so that it stays on its
//! line.
//!
//! Input: any text. Output: the same text, with escapes for characters that start a line, move the
//! cursor or change the direction of writing.

use std::fmt::Write as _;

/// Appends `text` for a human reader, with escapes such as `\n`, `\t` and `\u{1b}` for hidden
/// characters.
pub(crate) fn push(line: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            _ if is_hidden(letter) => line.extend(letter.escape_default()),
            _ => line.push(letter),
        }
    }
}

/// Returns `text` for a human reader, with escapes such as `\n`, `\t` and `\u{1b}` for hidden characters, as in the text
/// lines of the log.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    push(&mut line, text);
    line
}

/// Appends `text` as a JSON string.
pub(crate) fn push_json(line: &mut String, text: &str) {
    line.push('"');
    for letter in text.chars() {
        match letter {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            // All hidden characters fit into four digits. Writing to a `String` cannot fail.
            _ if is_hidden(letter) => drop(write!(line, "\\u{:04x}", u32::from(letter))),
            _ => line.push(letter),
        }
    }
    line.push('"');
}

/// Returns `true` for control characters, line and paragraph separators, and marks that change the direction of writing.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_move_the_cursor_are_escaped_and_others_stay() {
        assert_eq!(
            escaped("a\nb\r\tc\u{1b}[31m \\ \u{202e}é"),
            "a\\nb\\r\\tc\\u{1b}[31m \\ \\u{202e}é"
        );
    }

    proptest! {
        #[test]
        fn json_reads_back_as_the_same_text(text in any::<String>()) {
            let mut line = String::new();
            push_json(&mut line, &text);
            prop_assert!(!line.chars().any(is_hidden), "{:?}", line);
            prop_assert_eq!(serde_json::from_str::<String>(&line).expect("a string"), text);
        }

        #[test]
        fn escaped_text_stays_on_its_line(text in any::<String>()) {
            prop_assert!(!escaped(&text).chars().any(is_hidden));
        }
    }
}
