//! Tests that every format parses back to the written configuration.

use config_blocks::Document;
use proptest::prelude::*;

use super::section::{Item, Piece};
use super::*;

/// Returns the values without line numbers, which differ in the rewritten file.
fn values(node: &Node) -> String {
    let shown = format!("{node:?}");
    let mut parts = shown.split("line: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.trim_start_matches(|letter: char| letter.is_ascii_digit())
    })
}

/// Parses a text in a format, and returns its values.
fn read_back(text: &str, format: Format) -> Result<String, String> {
    let source = Source {
        document: Document::Variable("TEST"),
        format,
        text: text.to_owned(),
    };
    source
        .tree()
        .map(|node| values(&node))
        .map_err(|error| format!("{error}"))
}

fn a_text() -> impl Strategy<Value = String> {
    let odd = "[ \\t\\n\\r\"'\\\\${}:#|>&*!%@`~?,\\[\\]a0=EOF\\-]{0,12}";
    prop_oneof![
        Just("yes".to_owned()),
        Just("1e3".to_owned()),
        Just("0x1".to_owned()),
        odd,
        "\\PC{0,8}",
        "([a-z \"]{0,6}\n){1,3}"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_parses_back_to_the_same_values(
        texts in proptest::collection::vec(a_text(), 1..4),
        note in "[ -~]{0,20}",
        number in -1000_i32..1000,
    ) {
        let above = vec![note];
        let text = |at: usize| Piece::Text(texts[at % texts.len()].clone());
        let item = |key: &str, value| Item { line: 0, above: above.clone(), key: key.to_owned(), value };
        let inner = || Section {
            items: vec![item("a", text(0)), item("b", Piece::List(vec![text(1), text(2)])), item("c", Piece::Number(number.to_string()))],
            rest: above.clone(),
            above: above.clone(),
            line: 0,
        };
        let deep = Section { items: vec![item("x", Piece::Bool(true)), item("deep", Piece::Block(inner()))], ..inner() };
        let section = Section {
            items: vec![
                item("$schema", text(1)),
                item("one", Piece::Block(deep.clone())),
                item("many", Piece::Blocks(vec![inner(), deep, Section::default()])),
            ],
            rest: above.clone(),
            ..Section::default()
        };
        for format in [Format::Yaml, Format::Toml, Format::Json] {
            let written = write(&section, format);
            let expected = values(&section.node());
            prop_assert_eq!(read_back(&written, format), Ok(expected), "{}", written);
        }
        // Repeated blocks are a list in the other formats.
        let alone = Section { items: vec![item("one", Piece::Block(inner()))], ..Section::default() };
        let written = write(&alone, Format::Hcl);
        prop_assert_eq!(read_back(&written, Format::Hcl), Ok(values(&alone.node())), "{}", written);
    }
}
