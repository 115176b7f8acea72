//! Marks the start, end and number of values in rendered text.
//!
//! Input: a value that is not plain, and its number. Output: the value between marks, which are
//! Unicode noncharacters; later, the [`Piece`]s of the whole text.
//!
//! A marked value may pass through macros, blocks and filters before it is written, and keeps its
//! marks.

use std::borrow::Cow;

const OPEN: char = '\u{fdd0}';
const MIDDLE: char = '\u{fdd1}';
const CLOSE: char = '\u{fdd2}';
const MARKS: [char; 3] = [OPEN, MIDDLE, CLOSE];

/// The prefix of the number of a list or map that is written as JSON.
const DOCUMENT: char = 'j';

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A list or map that is written as a whole JSON value.
    Document,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text of the template, or plain values; never empty.
    Own(&'a str),
    /// A value.
    Value {
        number: usize,
        kind: Kind,
        text: Cow<'a, str>,
    },
}

/// The error for a mark without its counterpart, because a filter cut the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut;

/// Encloses a value in marks.
#[must_use]
pub fn marked(number: usize, kind: Kind, text: &str) -> String {
    let text = unmarked(text);
    match kind {
        Kind::Text => format!("{OPEN}{number}{MIDDLE}{text}{CLOSE}"),
        Kind::Document => format!("{OPEN}{DOCUMENT}{number}{MIDDLE}{text}{CLOSE}"),
    }
}

/// Returns `true` if the text contains a mark.
#[must_use]
pub fn is_marked(text: &str) -> bool {
    text.contains(MARKS)
}

/// Removes the marks from a text.
#[must_use]
pub fn unmarked(text: &str) -> Cow<'_, str> {
    if !is_marked(text) {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    let mut rest = after_cut_head(text);
    while let Some(at) = rest.find(MARKS) {
        bare.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match head(rest) {
            Some((_, _, inner)) => inner,
            None => &rest[OPEN.len_utf8()..],
        };
    }
    bare.push_str(rest);
    Cow::Owned(bare)
}

/// Removes the rest of a mark that was cut at the start of the text.
fn after_cut_head(text: &str) -> &str {
    match text.split_once(MIDDLE) {
        Some((head, inner))
            if head
                .strip_prefix(DOCUMENT)
                .unwrap_or(head)
                .bytes()
                .all(|c| c.is_ascii_digit()) =>
        {
            inner
        }
        _ => text,
    }
}

/// Returns the number and kind in an opening mark, and the text after it.
fn head(text: &str) -> Option<(usize, Kind, &str)> {
    let (head, inner) = text.strip_prefix(OPEN)?.split_once(MIDDLE)?;
    let (kind, digits) = match head.strip_prefix(DOCUMENT) {
        Some(digits) => (Kind::Document, digits),
        None => (Kind::Text, head),
    };
    Some((digits.parse().ok()?, kind, inner))
}

/// Splits a text into pieces.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Cut> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(MARKS) {
        if at > 0 {
            pieces.push(Piece::Own(&rest[..at]));
        }
        let (number, kind, inner) = head(&rest[at..]).ok_or(Cut)?;
        let end = end(inner).ok_or(Cut)?;
        pieces.push(Piece::Value {
            number,
            kind,
            text: unmarked(&inner[..end]),
        });
        rest = &inner[end + CLOSE.len_utf8()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Own(rest));
    }
    Ok(pieces)
}

/// Returns the end of a value, which may contain other values.
fn end(inner: &str) -> Option<usize> {
    let mut open = 1;
    for (at, mark) in inner.match_indices(MARKS) {
        match mark.chars().next() {
            Some(OPEN) => open += 1,
            Some(CLOSE) => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(number: usize, kind: Kind, text: &str) -> Piece<'_> {
        Piece::Value {
            number,
            kind,
            text: text.into(),
        }
    }

    #[test]
    fn marked_values_are_found() {
        let text = format!(
            "a{}{}b",
            marked(1, Kind::Text, "x;"),
            marked(22, Kind::Document, "[1]")
        );
        let wanted = vec![
            Piece::Own("a"),
            value(1, Kind::Text, "x;"),
            value(22, Kind::Document, "[1]"),
            Piece::Own("b"),
        ];
        assert_eq!(pieces(&text), Ok(wanted));
        assert_eq!(unmarked(&text), "ax;[1]b");
        assert_eq!(pieces("plain"), Ok(vec![Piece::Own("plain")]));
        assert_eq!(pieces(""), Ok(vec![]));
    }

    #[test]
    fn marks_do_not_nest_and_cannot_be_forged() {
        let forged = format!("{CLOSE};evil{OPEN}7{MIDDLE}");
        assert_eq!(
            pieces(&marked(1, Kind::Text, &forged)),
            Ok(vec![value(1, Kind::Text, ";evil")])
        );
        let nested = format!("{OPEN}1{MIDDLE}a{}b{CLOSE}", marked(2, Kind::Text, "x"));
        assert_eq!(pieces(&nested), Ok(vec![value(1, Kind::Text, "axb")]));
    }

    #[test]
    fn a_cut_mark_is_detected() {
        let whole = marked(1, Kind::Text, "a;b");
        let inside: Vec<_> = whole.char_indices().map(|(at, _)| at).skip(1).collect();
        assert!(inside.len() > 3);
        for at in inside {
            assert_eq!(pieces(&whole[..at]), Err(Cut), "{at}");
            assert_eq!(pieces(&whole[at..]), Err(Cut), "{at}");
        }
    }

    #[test]
    fn the_number_of_a_cut_mark_is_not_part_of_the_value() {
        let whole = marked(12, Kind::Text, "a;b");
        let cuts: Vec<_> = whole
            .char_indices()
            .map(|(at, _)| unmarked(&whole[at..]).into_owned())
            .collect();
        assert_eq!(cuts, ["a;b", "a;b", "a;b", "a;b", "a;b", ";b", "b", ""]);
    }
}
