//! Writes a configuration in YAML.

use super::page::{Page, is_plain, quoted};
use super::section::{Item, Piece, Section};

/// Words that need quotes to be strings in some version of YAML.
const WORDS: [&str; 10] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "none",
];

pub(super) fn write(section: &Section) -> String {
    let mut page = Page::default();
    block(&mut page, section, "", "");
    page.0
}

/// Writes the keys of a block; the first one follows `lead`.
fn block(page: &mut Page, section: &Section, lead: &str, indent: &str) {
    let mut after_block = false;
    for (at, item) in section.items.iter().enumerate() {
        if indent.is_empty() && (after_block || item.value.is_block()) {
            page.gap();
        }
        after_block = item.value.is_block();
        let lead = if at == 0 { lead } else { indent };
        page.comments(lead.trim_end_matches("- "), &item.above);
        entry(page, item, lead, indent);
    }
    page.comments(indent, &section.rest);
}

fn entry(page: &mut Page, Item { key, value, .. }: &Item, lead: &str, indent: &str) {
    let key = scalar(key);
    let deeper = format!("{indent}  ");
    match value {
        Piece::Block(section) => {
            page.line(
                lead,
                &format!(
                    "{key}:{}",
                    if section.items.is_empty() { " {}" } else { "" }
                ),
            );
            block(page, section, &deeper, &deeper);
        }
        Piece::Blocks(sections) => {
            page.line(lead, &format!("{key}:"));
            for (at, section) in sections.iter().enumerate() {
                if at > 0 {
                    page.gap();
                }
                page.comments(&deeper, &section.above);
                if section.items.is_empty() {
                    page.line(&deeper, "- {}");
                }
                block(
                    page,
                    section,
                    &format!("{deeper}- "),
                    &format!("{deeper}  "),
                );
            }
        }
        Piece::Text(lines) if is_literal(lines) => {
            page.line(
                lead,
                &format!("{key}: {}", if lines.ends_with('\n') { "|" } else { "|-" }),
            );
            for line in lines.lines() {
                page.line(if line.is_empty() { "" } else { &deeper }, line);
            }
        }
        value => page.line(lead, &format!("{key}: {}", single(value))),
    }
}

/// Returns `true` if the text can be a literal block scalar. It has no escapes, and blanks at its
/// edges have a meaning.
fn is_literal(text: &str) -> bool {
    let odd = |letter: char| letter != '\n' && letter != '\t' && !is_plain(letter);
    let first = text.lines().next().unwrap_or_default();
    text.contains('\n')
        && !text.contains(odd)
        && !text.ends_with("\n\n")
        && !first.is_empty()
        && !first.starts_with([' ', '\t'])
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
}

fn single(value: &Piece) -> String {
    match value {
        Piece::Bool(value) => value.to_string(),
        Piece::Number(number) => number.clone(),
        Piece::Text(text) => scalar(text),
        Piece::List(items) => {
            let item = |item: &Piece| match item {
                Piece::Text(text) => quoted(text),
                item => single(item),
            };
            format!(
                "[{}]",
                items.iter().map(item).collect::<Vec<_>>().join(", ")
            )
        }
        Piece::Block(_) | Piece::Blocks(_) => "{}".to_owned(),
    }
}

/// Returns the text, without quotes if it is unambiguous.
fn scalar(text: &str) -> String {
    let usual = |letter: char| letter.is_ascii_alphanumeric() || " /._-:=+@%".contains(letter);
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(usual)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}
