//! Parses TOML.
//!
//! Input: a text. Output: a [`Node`], or the first line that is not TOML.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::tree::{DEEPEST, Entry, Lines, Malformed, Node, Tree};

/// Parses a text. The crate limits the nesting of arrays and inline tables.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    let lines = Lines::of(text.as_bytes());
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(0, |span| lines.line(span.start));
        Malformed::new(line, error.message())
    })?;
    Ok(Node {
        line: 1,
        value: block(&lines, table.into_inner(), 0)?,
    })
}

fn block(lines: &Lines, table: DeTable<'_>, depth: usize) -> Result<Tree, Malformed> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        entries.push(entry(lines, key, value, depth)?);
    }
    entries.sort_by_key(|(start, _)| *start);
    Ok(Tree::Block(
        entries.into_iter().map(|(_, entry)| entry).collect(),
    ))
}

fn entry(
    lines: &Lines,
    key: Spanned<Cow<'_, str>>,
    value: Spanned<DeValue<'_>>,
    depth: usize,
) -> Result<(usize, Entry), Malformed> {
    let start = key.span().start;
    let node = node(lines, value, depth + 1)?;
    let entry = Entry {
        key: key.into_inner().into_owned(),
        line: lines.line(start),
        node,
    };
    Ok((start, entry))
}

fn node(lines: &Lines, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Malformed> {
    let line = lines.line(value.span().start);
    if depth > DEEPEST {
        return Err(Malformed::too_deep(line));
    }
    let value = match value.into_inner() {
        DeValue::String(value) => Tree::Text(value.into_owned()),
        DeValue::Integer(value) => Tree::Number(value.to_string()),
        DeValue::Float(value) => Tree::Number(value.as_str().to_owned()),
        DeValue::Boolean(value) => Tree::Bool(value),
        // No key takes a date: a date without quotes is a text.
        DeValue::Datetime(value) => Tree::Text(value.to_string()),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| node(lines, item, depth + 1));
            Tree::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => block(lines, table, depth)?,
    };
    Ok(Node { line, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_spellings_are_kept_in_the_order_of_the_file() {
        let node =
            parse("b = 0o640\na = 1_000\n[[t]]\nx = \"\"\"\none\n\"\"\"\n[[t]]\n").expect("TOML");
        let Tree::Block(entries) = node.value else {
            panic!("a block")
        };
        let keys: Vec<_> = entries
            .iter()
            .map(|entry| (entry.key.as_str(), entry.line))
            .collect();
        assert_eq!(keys, [("b", 1), ("a", 2), ("t", 3)]);
        assert_eq!(entries[0].node.value, Tree::Number("0o640".to_owned()));
        let Tree::List(items) = &entries[2].node.value else {
            panic!("a list")
        };
        let Tree::Block(first) = &items[0].value else {
            panic!("a block")
        };
        assert_eq!(
            first[0].node,
            Node {
                line: 4,
                value: Tree::Text("one\n".to_owned())
            }
        );
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn a_number_keeps_its_base() {
        for spelling in ["0o640", "0x1f", "0b11", "7", "-7"] {
            let node = parse(&format!("a = {spelling}")).expect("TOML");
            let Tree::Block(entries) = node.value else {
                panic!("a block")
            };
            assert_eq!(entries[0].node.value, Tree::Number(spelling.to_owned()));
        }
    }

    #[test]
    fn invalid_toml_is_an_error_with_its_line() {
        let deep = "a = ".to_owned() + &"[".repeat(100_000);
        let cases = [
            ("a = 1\nb = \n", 2),
            ("a = 1\na = 2", 2),
            ("[a]\n[a]", 2),
            ("x", 1),
            (&deep, 1),
        ];
        for (text, line) in cases {
            let error = parse(text).expect_err("no TOML");
            assert_eq!(error.line, line, "{error:?}");
            assert_eq!(error.reason.lines().count(), 1, "{error:?}");
        }
    }
}
