//! Parses the texts of HCL: in quotes, and heredocs.
//!
//! Input: a [`Cursor`] before the text. Output: its content, with the cursor after it.

use super::cursor::Cursor;
use crate::tree::Malformed;

/// `"…"`. `${…}` is taken verbatim, with quotes and line ends in it.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, Malformed> {
    let line = cursor.line;
    let no_end = || {
        Malformed::new(
            line,
            "the text has no closing quote; use a heredoc, <<EOF, for several lines",
        )
    };
    cursor.take(1);
    let mut text = String::new();
    loop {
        text.push_str(cursor.take_while(|letter| !matches!(letter, '"' | '\\' | '\n' | '$')));
        match cursor.rest.chars().next() {
            Some('"') => {
                cursor.take(1);
                return Ok(text);
            }
            Some('\\') => text.push(escape(cursor)?),
            Some('$') if cursor.rest.starts_with("${") => {
                let length = interpolation(cursor.rest).ok_or_else(no_end)?;
                text.push_str(cursor.take(length));
            }
            Some('$') => text.push_str(cursor.take(1)),
            _ => return Err(no_end()),
        }
    }
}

/// The length of a `${…}`, with the braces in it.
fn interpolation(rest: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => open += 1,
            '}' if open == 1 => return Some(at + 1),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn escape(cursor: &mut Cursor<'_>) -> Result<char, Malformed> {
    let unknown = |cursor: &Cursor<'_>| {
        let shown: String = cursor.rest.chars().take(2).collect();
        Malformed::new(
            cursor.line,
            format!("{shown:?} is not an escape; a backslash is written \\\\"),
        )
    };
    let bytes = cursor.rest.as_bytes();
    let simple = match bytes.get(1) {
        Some(b'a') => '\u{7}',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'v') => '\u{b}',
        Some(b'\\') => '\\',
        Some(b'"') => '"',
        Some(digit) => {
            let (from, count, radix) = match digit {
                b'0'..=b'7' => (1, 3, 8),
                b'x' => (2, 2, 16),
                b'u' => (2, 4, 16),
                b'U' => (2, 8, 16),
                _ => return Err(unknown(cursor)),
            };
            let digits = cursor
                .rest
                .get(from..from + count)
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            let character = digits
                .and_then(|digits| u32::from_str_radix(digits, radix).ok())
                .and_then(char::from_u32);
            let character = character.ok_or_else(|| unknown(cursor))?;
            cursor.take(from + count);
            return Ok(character);
        }
        None => return Err(unknown(cursor)),
    };
    cursor.take(2);
    Ok(simple)
}

/// `<<EOF`, lines, and `EOF` on a line of its own; there are no escapes in it. After `<<-EOF` the indentation of the
/// last line is taken off all lines, if all of them have it.
pub(super) fn heredoc(cursor: &mut Cursor<'_>) -> Result<String, Malformed> {
    let line = cursor.line;
    let Some(head) = cursor.rest.strip_prefix("<<") else {
        return Err(Malformed::new(
            line,
            "a single `<` is not valid; a text of several lines begins with <<EOF",
        ));
    };
    let (mark, body) = head.split_once('\n').unwrap_or((head, ""));
    let (indented, mark) = match mark.strip_prefix('-') {
        Some(mark) => (true, mark),
        None => (false, mark),
    };
    if mark.is_empty()
        || !mark
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
    {
        return Err(Malformed::new(
            line,
            "after << write only a name, for example <<EOF",
        ));
    }
    let mut at = 0;
    for whole in body.split_inclusive('\n') {
        let last = whole.trim_end_matches(['\n', '\r']);
        let blanks = last.len() - last.trim_start().len();
        if last[blanks..] == *mark {
            let text = &body[..at + blanks];
            cursor.take(cursor.rest.len() - body.len() + at + last.len());
            return Ok(if indented {
                unindented(text, &last[..blanks])
            } else {
                text.to_owned()
            });
        }
        at += whole.len();
    }
    Err(Malformed::new(
        line,
        format!("the heredoc has no end: a line with nothing but {mark}"),
    ))
}

/// `text` ends with `blanks`, which come before the mark.
fn unindented(text: &str, blanks: &str) -> String {
    let text = text.strip_suffix(blanks).unwrap_or(text);
    let lines = || text.split_inclusive('\n');
    if lines().all(|line| line.starts_with(blanks)) {
        lines()
            .filter_map(|line| line.strip_prefix(blanks))
            .collect()
    } else {
        text.to_owned()
    }
}
