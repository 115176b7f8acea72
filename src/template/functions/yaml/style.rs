//! How a text can be written: plainly, in quotes of one kind or the other, or as a block.

use super::scalar::needs_quotes;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style for a text; `key` is for the key of a map on one line.
pub(super) fn of(text: &str, key: bool) -> Style {
    let found = Found::of(text);
    if text.contains('\n') {
        return if found.special || found.blank_before_break || found.ends_blank || key {
            Style::Double
        } else {
            Style::Literal
        };
    }
    if needs_quotes(text) || found.special {
        Style::Double
    } else if found.indicator || text.starts_with(' ') || found.ends_blank {
        Style::Single
    } else {
        Style::Plain
    }
}

/// What stands in the way of a style.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands in the way of other styles"
)]
struct Found {
    /// A character that must be written as an escape.
    special: bool,
    /// Something that means something else in a plain text.
    indicator: bool,
    blank_before_break: bool,
    ends_blank: bool,
}

impl Found {
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
            blank_before_break: text.contains(" \n"),
            ends_blank: text.ends_with(' '),
        }
    }
}

/// May a character be written as it is? Nothing beyond the basic plane, no controls, no mark of the byte order.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{ffff}')
        && !matches!(
            c,
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'
        )
}
