//! Writes a configuration in TOML, in which single values come before tables.

use super::page::{Page, is_plain, quoted};
use super::section::{Item, Piece, Section};

pub(super) fn write(section: &Section) -> String {
    let mut page = Page::default();
    table(&mut page, section, "");
    page.0
}

/// Writes the content of a table, after its head.
fn table(page: &mut Page, section: &Section, path: &str) {
    let (tables, values): (Vec<_>, Vec<_>) =
        section.items.iter().partition(|item| item.value.is_block());
    for Item {
        above, key, value, ..
    } in values
    {
        page.comments("", above);
        page.line("", &format!("{} = {}", name(key), single(value)));
    }
    page.comments("", &section.rest);
    for Item {
        above, key, value, ..
    } in tables
    {
        let path = if path.is_empty() {
            name(key)
        } else {
            format!("{path}.{}", name(key))
        };
        let blocks = match value {
            Piece::Block(section) => std::slice::from_ref(section),
            Piece::Blocks(sections) => sections,
            _ => &[],
        };
        let head = if matches!(value, Piece::Block(_)) {
            format!("[{path}]")
        } else {
            format!("[[{path}]]")
        };
        for (at, section) in blocks.iter().enumerate() {
            page.gap();
            page.comments("", if at == 0 { above } else { &[] });
            page.comments("", &section.above);
            page.line("", &head);
            table(page, section, &path);
        }
    }
}

fn name(key: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

fn single(value: &Piece) -> String {
    match value {
        Piece::Bool(value) => value.to_string(),
        Piece::Number(number) => number.clone(),
        Piece::Text(text)
            if text.contains('\n')
                && text
                    .chars()
                    .all(|letter| letter == '\n' || is_plain(letter)) =>
        {
            // Two quotes do not end the text, unless they are at its end.
            let (body, last) = text
                .strip_suffix('"')
                .map_or((text.as_str(), ""), |body| (body, "\\\""));
            let body = body.replace('\\', "\\\\").replace("\"\"\"", "\"\"\\\"");
            format!("\"\"\"\n{body}{last}\"\"\"")
        }
        Piece::Text(text) => quoted(text),
        Piece::List(items) => format!(
            "[{}]",
            items.iter().map(single).collect::<Vec<_>>().join(", ")
        ),
        Piece::Block(_) | Piece::Blocks(_) => "{}".to_owned(),
    }
}
