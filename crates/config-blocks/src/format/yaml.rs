//! Parses YAML.
//!
//! Input: a text of one document. Output: a [`Node`], or the first line that is not YAML. The crate limits nesting, and
//! the expansion of aliases.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::tree::{DEEPEST, Entry, Malformed, Node, Tree};

/// Reads a text; an empty one is an empty block.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    if text
        .lines()
        .all(|line| matches!(line.trim(), "" | "---") || line.trim_start().starts_with('#'))
    {
        return Ok(Node {
            line: 1,
            value: Tree::Block(Vec::new()),
        });
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEEPEST + 2 }
    };
    let any: Spanned<Any> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let error = error.without_snippet();
            let line = error
                .location()
                .map_or(0, |place| usize::try_from(place.line()).unwrap_or(0));
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default();
            if message.contains("Depth {") {
                return Malformed::too_deep(line);
            }
            let reason = in_plain_words(message).map_or_else(
                || {
                    let end = message.rfind(" at line ").unwrap_or(message.len());
                    without_values(&message[..end])
                },
                str::to_owned,
            );
            Malformed::new(line, reason)
        })?;
    node(text, any, 0)
}

/// Words of the parser's messages, and what to tell the author of a configuration instead.
const PLAIN_WORDS: [(&str, &str); 17] = [
    (
        "mapping values are not allowed",
        "no key can begin here: check the indentation of this line and of the one above, and quote a text that has `: `",
    ),
    (
        "did not find expected key",
        "the indentation of this line fits no key above it: the keys of one block begin in the same column",
    ),
    (
        "did not find expected '-'",
        "the indentation of this line fits no item above it: the items of one list begin in the same column",
    ),
    (
        "tabs disallowed",
        "a tab indents this line: indent with spaces",
    ),
    ("unclosed quote", "a quote is not closed"),
    (
        "unclosed bracket",
        "a bracket is not closed: add the closing one, or quote the text",
    ),
    (
        "misplaced bracket",
        "a bracket closes nothing: remove it, or quote the text",
    ),
    (
        "illegal placement of ':'",
        "no `:` can be here: a bracket above may not be closed",
    ),
    (
        "unknown anchor",
        "this alias has no anchor: define it above with `&NAME`, or quote a text that begins with `*`",
    ),
    (
        "recursive references",
        "an anchor contains an alias of itself: remove the alias",
    ),
    (
        "unexpected character",
        "a value cannot begin with this character: quote the text",
    ),
    (
        "unknown escape character",
        "this backslash begins no known escape: double it, or use single quotes",
    ),
    (
        "simple key expected ':'",
        "a `:` is missing after a key, or the indentation of a text is too small",
    ),
    (
        "invalid trailing content after",
        "something follows the closing quote: quote the whole text, and double the quotes inside it",
    ),
    (
        "multiple YAML documents",
        "a second document begins here: a configuration file has only one",
    ),
    (
        "unsupported YAML",
        "this version of YAML is not supported: leave `%YAML` out",
    ),
    (
        "duplicate mapping key",
        "a key is set twice in one block: set it once",
    ),
];

/// The message of the parser in the words of users; `None` if there are none for it.
fn in_plain_words(message: &str) -> Option<&'static str> {
    let known = PLAIN_WORDS
        .iter()
        .find(|(words, _)| message.contains(words));
    known.map(|(_, plain)| *plain)
}

/// An error without its quotes of the text, which may be secret or long.
fn without_values(message: &str) -> String {
    message
        .split('`')
        .step_by(2)
        .collect::<Vec<_>>()
        .join("`…`")
}

/// A value whose numbers are not yet spelled as in the text.
enum Any {
    Plain(Tree),
    Number,
    List(Vec<Spanned<Any>>),
    Block(Vec<(Spanned<String>, Spanned<Any>)>),
}

fn node(text: &str, any: Spanned<Any>, depth: usize) -> Result<Node, Malformed> {
    let place = any.defined;
    let line = usize::try_from(place.line()).unwrap_or(0);
    if depth > DEEPEST {
        return Err(Malformed::too_deep(line));
    }
    let value = match any.value {
        Any::Plain(value) => value,
        Any::Number => {
            let start = place
                .span()
                .byte_offset()
                .and_then(|start| usize::try_from(start).ok());
            let spelling = start.and_then(|start| text.get(start..)).map(spelling);
            Tree::Number(
                spelling
                    .ok_or_else(|| Malformed::new(line, "a number has no place"))?
                    .to_owned(),
            )
        }
        Any::List(items) => Tree::List(
            items
                .into_iter()
                .map(|item| node(text, item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Any::Block(pairs) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Any>)| {
                let line = usize::try_from(key.defined.line()).unwrap_or(0);
                Ok(Entry {
                    key: key.value,
                    line,
                    node: node(text, value, depth + 1)?,
                })
            };
            Tree::Block(pairs.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { line, value })
}

/// The number at the front of a text.
fn spelling(rest: &str) -> &str {
    let goes_on =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.' | '_');
    &rest[..rest.find(|letter| !goes_on(letter)).unwrap_or(rest.len())]
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Plain(Tree::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(Any::Plain(Tree::Bool(value)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Any, E> {
        Ok(Any::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Any, E> {
        Ok(Any::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Any, E> {
        Ok(Any::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Any, E> {
        Ok(Any::Plain(Tree::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Any, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Any::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Any::Block(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_spellings_and_aliases_are_kept() {
        let text = "a: 0640\nb:\n  - &x {c: 0o17}\n  - *x\n  - \"7\"\nd: |\n  one\n  two\ne: ~\nf: 1.50 # c\ng: yes\n";
        let Tree::Block(entries) = parse(text).expect("YAML").value else {
            panic!("a block")
        };
        let lines: Vec<_> = entries
            .iter()
            .map(|entry| (entry.key.as_str(), entry.line))
            .collect();
        assert_eq!(
            lines,
            [("a", 1), ("b", 2), ("d", 6), ("e", 9), ("f", 10), ("g", 11)]
        );
        let number = |spelling: &str| Tree::Number(spelling.to_owned());
        assert_eq!(entries[0].node.value, number("0640"));
        assert_eq!(entries[4].node.value, number("1.50"));
        let Tree::List(items) = &entries[1].node.value else {
            panic!("a list")
        };
        for item in &items[..2] {
            let Tree::Block(inner) = &item.value else {
                panic!("a block")
            };
            assert_eq!(inner[0].node.value, number("0o17"));
        }
        assert_eq!(items[2].value, Tree::Text("7".to_owned()));
        assert_eq!(entries[2].node.value, Tree::Text("one\ntwo\n".to_owned()));
        assert_eq!(entries[3].node.value, Tree::Null);
    }

    #[test]
    fn a_typing_error_is_explained_in_the_words_of_users() {
        for (text, line, words) in [
            ("a:\n  b: 1\n c: 2\n", 3, "the same column"),
            ("a:\n\tb: 1\n", 2, "indent with spaces"),
            ("a: b: c\n", 1, "check the indentation"),
            ("a: b\n  c: d\n", 2, "check the indentation"),
            ("a: \"b\nc: d\n", 1, "a quote is not closed"),
            ("a: {b: 1\n", 1, "a bracket is not closed"),
            ("a: ]\n", 1, "a bracket closes nothing"),
            ("a: [b, c\nd: 5\n", 2, "may not be closed"),
            ("a: *b\n", 1, "has no anchor"),
            ("a: &b [*b]\n", 1, "an alias of itself"),
            ("a: @b\n", 1, "quote the text"),
            ("a: \"\\q\"\n", 1, "double it"),
            ("a: |\nb\n", 2, "a `:` is missing"),
            ("a: \"b\" c\n", 1, "follows the closing quote"),
            ("a: 1\n---\nb: 2\n", 3, "has only one"),
            ("%YAML 9.9\n---\na: 1\n", 1, "leave `%YAML` out"),
            ("a: 1\na: 2\n", 2, "set it once"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.line, line, "{text:?}: {error:?}");
            assert!(error.reason.contains(words), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn invalid_yaml_is_an_error_with_its_line() {
        let deep = "[".repeat(100_000);
        let closed = format!("a: {}{}", "[".repeat(50), "]".repeat(50));
        let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
            let below = n - 1;
            format!("{text}a{n}: &a{n} [*a{below}, *a{below}, *a{below}]\n")
        });
        let cases = [
            ("a: 1\na: 2\n", 2),
            ("a: [1\nb: 2\n", 0),
            ("a: b: c\n", 1),
            (&deep, 0),
            (&closed, 1),
            (&laughs, 0),
        ];
        for (text, line) in cases {
            let error = parse(text).expect_err("no YAML");
            assert!(line == 0 || error.line == line, "{error:?}");
        }
        assert_eq!(
            parse("# nothing\n---\n\n").expect("empty").value,
            Tree::Block(Vec::new())
        );
    }
}
