//! Texts of HCL: in quotes, and heredocs.
//!
//! in:  a [`Lexer`] in front of one
//! out: what it stands for, with the lexer behind it

use super::lexer::Lexer;
use crate::config::tree::Malformed;

/// `"…"`. Within `${…}` quotes and line ends mean nothing, and everything stays as it is.
pub(super) fn quoted(lexer: &mut Lexer<'_>) -> Result<String, Malformed> {
    let line = lexer.line;
    let no_end = || {
        Malformed::new(
            line,
            "the text has no closing quote; one of several lines is a heredoc, <<EOF",
        )
    };
    lexer.take(1);
    let mut text = String::new();
    loop {
        text.push_str(lexer.take_while(|letter| !matches!(letter, '"' | '\\' | '\n' | '$')));
        match lexer.rest.chars().next() {
            Some('"') => {
                lexer.take(1);
                return Ok(text);
            }
            Some('\\') => text.push(escape(lexer)?),
            Some('$') if lexer.rest.starts_with("${") => {
                let length = interpolation(lexer.rest).ok_or_else(no_end)?;
                text.push_str(lexer.take(length));
            }
            Some('$') => text.push_str(lexer.take(1)),
            _ => return Err(no_end()),
        }
    }
}

/// How long a `${…}` is, with the braces in it.
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

fn escape(lexer: &mut Lexer<'_>) -> Result<char, Malformed> {
    let unknown = |lexer: &Lexer<'_>| {
        let shown: String = lexer.rest.chars().take(2).collect();
        Malformed::new(
            lexer.line,
            format!("{shown:?} is no escape; a backslash is written \\\\"),
        )
    };
    let bytes = lexer.rest.as_bytes();
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
                _ => return Err(unknown(lexer)),
            };
            let digits = lexer
                .rest
                .get(from..from + count)
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            let character = digits
                .and_then(|digits| u32::from_str_radix(digits, radix).ok())
                .and_then(char::from_u32);
            let character = character.ok_or_else(|| unknown(lexer))?;
            lexer.take(from + count);
            return Ok(character);
        }
        None => return Err(unknown(lexer)),
    };
    lexer.take(2);
    Ok(simple)
}

/// `<<EOF`, lines, and `EOF` on a line of its own; nothing is an escape in it. After `<<-EOF` the indentation of the
/// last line is taken off all lines, if all of them have it.
pub(super) fn heredoc(lexer: &mut Lexer<'_>) -> Result<String, Malformed> {
    let line = lexer.line;
    let Some(head) = lexer.rest.strip_prefix("<<") else {
        return Err(Malformed::new(
            line,
            "a single `<` means nothing; a text of several lines begins with <<EOF",
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
            "after << there is nothing but a name and the end of the line: <<EOF",
        ));
    }
    let mut at = 0;
    for whole in body.split_inclusive('\n') {
        let last = whole.trim_end_matches(['\n', '\r']);
        let blanks = last.len() - last.trim_start().len();
        if last[blanks..] == *mark {
            let text = &body[..at + blanks];
            lexer.take(lexer.rest.len() - body.len() + at + last.len());
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
