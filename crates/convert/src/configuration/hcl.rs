//! Writes a configuration in HCL.

use config_blocks::quoted;

use super::page::Page;
use super::section::{Item, Piece, Section};

/// The end marker of heredocs.
const MARK: &str = "EOF";

pub(super) fn write(section: &Section) -> String {
    let mut page = Page::default();
    block(&mut page, section, "");
    page.0
}

fn block(page: &mut Page, section: &Section, indent: &str) {
    let mut after_block = false;
    for item in &section.items {
        if indent.is_empty() && (after_block || item.value.is_block()) {
            page.gap();
        }
        after_block = item.value.is_block();
        page.comments(indent, &item.above);
        entry(page, item, indent);
    }
    page.comments(indent, &section.rest);
}

fn entry(page: &mut Page, Item { key, value, .. }: &Item, indent: &str) {
    let bare = key.starts_with(|first: char| first.is_ascii_alphabetic());
    let key = if bare { key.clone() } else { quoted(key) };
    let inner = |page: &mut Page, section: &Section| {
        page.line(indent, &format!("{key} {{"));
        block(page, section, &format!("{indent}  "));
        page.line(indent, "}");
    };
    match value {
        Piece::Block(section) => inner(page, section),
        Piece::Blocks(sections) => {
            for (at, section) in sections.iter().enumerate() {
                if at > 0 {
                    page.gap();
                }
                page.comments(indent, &section.above);
                inner(page, section);
            }
        }
        Piece::Text(lines) if is_heredoc(lines) => {
            page.line(indent, &format!("{key} = <<{MARK}\n{lines}{MARK}"));
        }
        value => page.line(indent, &format!("{key} = {}", single(value))),
    }
}

/// Returns `true` if the text can be written as a heredoc, which has no escapes.
fn is_heredoc(text: &str) -> bool {
    text.ends_with('\n')
        && text.len() > 1
        && !text.contains('\r')
        && text.lines().all(|line| line.trim() != MARK)
}

fn single(value: &Piece) -> String {
    match value {
        Piece::Bool(value) => value.to_string(),
        Piece::Number(number) => number.clone(),
        Piece::Text(text) => quoted(text),
        Piece::List(items) => format!(
            "[{}]",
            items.iter().map(single).collect::<Vec<_>>().join(", ")
        ),
        Piece::Block(_) | Piece::Blocks(_) => "{}".to_owned(),
    }
}
