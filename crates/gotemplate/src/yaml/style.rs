//! The style of a text in YAML: plain, in single or double quotes, or a literal block.

use super::scalar::needs_quotes;

/// The style of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style of a text; `key` is for a key that shares a line with its value.
pub(super) fn style_of(text: &str, key: bool) -> Style {
    let found = Properties::of(text);
    if text.contains('\n') {
        return if found.special || found.space_before_break || found.ends_with_space || key {
            Style::Double
        } else {
            Style::Literal
        };
    }
    if needs_quotes(text) || found.special {
        Style::Double
    } else if found.indicator || text.starts_with(' ') || found.ends_with_space {
        Style::Single
    } else {
        Style::Plain
    }
}

/// The properties of a text that rule out a style.
#[expect(clippy::struct_excessive_bools, reason = "each rules out other styles")]
struct Properties {
    /// A character that must be written as an escape.
    special: bool,
    /// An indicator, which has a meaning in a plain text.
    indicator: bool,
    space_before_break: bool,
    ends_with_space: bool,
}

impl Properties {
    fn of(text: &str) -> Self {
        let starts = |c: char| {
            matches!(
                c,
                '#' | ','
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '&'
                    | '*'
                    | '!'
                    | '|'
                    | '>'
                    | '\''
                    | '"'
                    | '%'
                    | '@'
                    | '`'
            )
        };
        let mut indicator =
            text.starts_with("---") || text.starts_with("...") || text.starts_with(starts);
        let mut before = ' ';
        let mut rest = text.chars().peekable();
        let mut first = true;
        while let Some(c) = rest.next() {
            let ends_word = rest
                .peek()
                .is_none_or(|after| matches!(after, ' ' | '\t' | '\n'));
            indicator |= match c {
                ':' => ends_word,
                '?' | '-' if first => ends_word,
                '#' => matches!(before, ' ' | '\t' | '\n'),
                _ => false,
            };
            before = c;
            first = false;
        }
        Self {
            special: !text.chars().all(|c| c == '\n' || is_printable(c)),
            indicator,
            space_before_break: text.contains(" \n"),
            ends_with_space: text.ends_with(' '),
        }
    }
}

/// Returns `true` if a character is written without an escape: not beyond the basic plane, no control character, no byte
/// order mark.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ffff}')
        && !matches!(
            c,
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'
        )
}
