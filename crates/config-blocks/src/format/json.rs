//! Parses JSON.
//!
//! Input: a text. Output: a [`Node`], or the first line that is not JSON.
//!
//! Each value is first taken as a piece of the text, which gives its line, and the spelling of a number.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::tree::{DEEPEST, Entry, Lines, Malformed, Node, Tree};

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    let text = &without_last_commas(text.strip_prefix('\u{feff}').unwrap_or(text));
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| malformed(0, &error))?;
    node(
        &Whole {
            text,
            lines: Lines::of(text.as_bytes()),
        },
        raw.get(),
        0,
    )
}

/// As consul-template, accepts a comma after the last item of a list or an object: it becomes a blank, so that
/// positions stay the same.
fn without_last_commas(text: &str) -> Cow<'_, str> {
    let (mut in_text, mut escaped, mut commas) = (false, false, Vec::new());
    // The previous byte that is not blank, with its position; and the one before that.
    let (mut last, mut before) = ((0, b'{'), b'{');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b']' | b'}' if !in_text && last.1 == b',' && !b"[{,".contains(&before) => {
                commas.push(last.0);
            }
            _ => {}
        }
        if in_text || !byte.is_ascii_whitespace() {
            (before, last) = (last.1, (at, byte));
        }
    }
    if commas.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut text = text.to_owned();
    for at in commas {
        text.replace_range(at..=at, " ");
    }
    Cow::Owned(text)
}

/// The text of which all values are pieces.
struct Whole<'a> {
    text: &'a str,
    lines: Lines,
}

impl Whole<'_> {
    /// The line on which a piece begins.
    fn line_of(&self, piece: &str) -> usize {
        self.lines
            .line((piece.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize))
    }
}

fn node(whole: &Whole<'_>, piece: &str, depth: usize) -> Result<Node, Malformed> {
    let line = whole.line_of(piece);
    if depth > DEEPEST {
        return Err(Malformed::too_deep(line));
    }
    let refuse = |error: serde_json::Error| malformed(line - 1, &error);
    let value = match piece.as_bytes().first() {
        Some(b'{') => {
            let Pairs(pairs) = serde_json::from_str(piece).map_err(refuse)?;
            let entry = |(key, raw): (String, &RawValue)| {
                let node = node(whole, raw.get(), depth + 1)?;
                Ok(Entry {
                    key,
                    line: node.line,
                    node,
                })
            };
            Tree::Block(pairs.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(piece).map_err(refuse)?;
            Tree::List(
                items
                    .into_iter()
                    .map(|raw| node(whole, raw.get(), depth + 1))
                    .collect::<Result<_, _>>()?,
            )
        }
        Some(b'"') => Tree::Text(serde_json::from_str(piece).map_err(refuse)?),
        Some(b't') => Tree::Bool(true),
        Some(b'f') => Tree::Bool(false),
        Some(b'n') => Tree::Null,
        _ => Tree::Number(piece.to_owned()),
    };
    Ok(Node { line, value })
}

/// The lines of an error count from that of the piece.
fn malformed(lines_before: usize, error: &serde_json::Error) -> Malformed {
    let message = error.to_string();
    let reason = message
        .rfind(" at line ")
        .map_or(message.as_str(), |at| &message[..at]);
    let remedy = REMEDIES.iter().find(|(words, _)| reason.contains(words));
    let remedy = remedy.map_or("", |(_, remedy)| remedy);
    Malformed::new(lines_before + error.line(), format!("{reason}{remedy}"))
}

/// Words of the parser's messages, and what to add for the author of a configuration.
const REMEDIES: [(&str, &str); 6] = [
    (
        "control character",
        "; a line break in a text is written \\n",
    ),
    ("invalid escape", "; a backslash is written \\\\"),
    (
        "key must be a string",
        "; keys are in double quotes, and JSON has no comments",
    ),
    (
        "trailing characters",
        "; nothing can follow the closing bracket, not even a comment",
    ),
    (
        "EOF while parsing a string",
        "; the text has no closing quote",
    ),
    ("EOF while parsing", "; a closing bracket is missing"),
];

/// The keys and values of an object, in order, with repeated ones.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_spellings_and_repeated_keys_are_kept() {
        let node = parse("{\n \"a\": 0.50,\n \"a\":\n [true, null,\n \"\\u00e9\"]}").expect("JSON");
        let Tree::Block(entries) = node.value else {
            panic!("a block")
        };
        let number = Node {
            line: 2,
            value: Tree::Number("0.50".to_owned()),
        };
        assert_eq!(
            entries[0],
            Entry {
                key: "a".to_owned(),
                line: 2,
                node: number
            }
        );
        let Tree::List(items) = &entries[1].node.value else {
            panic!("a list")
        };
        assert_eq!((entries[1].line, items[0].line, items[2].line), (4, 4, 5));
        assert_eq!(items[1].value, Tree::Null);
        assert_eq!(items[2].value, Tree::Text("é".to_owned()));
    }

    #[test]
    fn a_comma_after_the_last_item_is_accepted() {
        let texts = [
            "{\"a\": [1, \"x,]\", {}],\n \"b\\\",}\": true}",
            "{\"a\": [1, \"x,]\", { } , ],\n \"b\\\",}\": true,\n}",
        ];
        let [plain, lax] = texts.map(|text| parse(text).expect(text));
        assert_eq!(plain, lax);
        for text in ["[,]", "[1,,]", "{,}", "[1,] ,", ",", "{\"a\": 1,,}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn invalid_json_is_an_error_with_its_line() {
        let deep = "[".repeat(100_000);
        let closed = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let cases = [
            ("", 1, "EOF while parsing a value"),
            (
                "{ // c\n}",
                1,
                "string; keys are in double quotes, and JSON has no comments",
            ),
            ("{\"a\": 1", 1, "object; a closing bracket is missing"),
            ("{\"a\": \"x", 1, "string; the text has no closing quote"),
            ("{\"a\": \"\\q\"}", 1, "escape; a backslash is written \\\\"),
            (
                "{\"a\": \"\n\"}",
                2,
                "string; a line break in a text is written \\n",
            ),
            ("{\n \"a\": \n}", 3, "expected value"),
            ("{\n \"a\": [1,\n {\"b\": 01}]}", 3, "invalid number"),
            ("{\"a\": 1} x", 1, "trailing characters"),
            ("{\n\"a\": \"\n\"}", 2, "control character"),
            ("{\n\n\"\\ud800\": 1}", 3, "unexpected end of hex escape"),
            (&deep, 1, "EOF"),
            (&closed, 1, "more than 32 deep"),
        ];
        for (text, line, reason) in cases {
            let error = parse(text).expect_err(reason);
            assert!(error.reason.contains(reason), "{error:?}");
            assert!(error.line.abs_diff(line) <= 1, "{line} {error:?}");
        }
    }
}
