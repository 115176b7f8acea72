//! Text that stays on its line, whoever wrote it: a key's value, a command, a file's name.
//!
//! in:  any text
//! out: the same without characters that begin a line, move the cursor, or turn the direction of writing

use std::fmt::Write as _;

/// Appends `text` for people: `\n`, `\t`, `\u{1b}` in the place of what is not shown.
pub(super) fn push(line: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            _ if is_hidden(letter) => line.extend(letter.escape_default()),
            _ => line.push(letter),
        }
    }
}

/// Appends `text` as a string of JSON.
pub(super) fn push_json(line: &mut String, text: &str) {
    line.push('"');
    for letter in text.chars() {
        match letter {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            // All of them have four digits. Writing into a text does not fail.
            _ if is_hidden(letter) => drop(write!(line, "\\u{:04x}", u32::from(letter))),
            _ => line.push(letter),
        }
    }
    line.push('"');
}

/// Control characters, the separators of lines and paragraphs, and what turns the direction of writing.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut line = String::new();
        push(&mut line, text);
        line
    }

    #[test]
    fn what_moves_the_cursor_is_shown_and_all_else_stays() {
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
        fn no_text_leaves_its_line(text in any::<String>()) {
            prop_assert!(!escaped(&text).chars().any(is_hidden));
        }
    }
}
