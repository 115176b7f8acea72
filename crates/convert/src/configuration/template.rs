//! Rewrites combinations of several keys of a template.

use std::path::Path;

use super::notes::Notes;
use super::section::{Item, Piece, Section};

/// Moves the keys of `exec` into the template, if they are only the command and its timeout.
pub(super) fn inline_exec(section: &mut Section, path: &str, notes: &mut Notes) {
    let is_simple = |item: &Item| match &item.value {
        Piece::Block(exec) => exec
            .items
            .iter()
            .all(|item| ["command", "timeout"].contains(&item.key.as_str())),
        _ => false,
    };
    if !section.item("exec").is_some_and(is_simple) {
        return;
    }
    let Some((
        mut at,
        Item {
            mut above,
            value: Piece::Block(exec),
            ..
        },
    )) = section.take("exec")
    else {
        return;
    };
    for mut item in exec.items {
        if item.key == "timeout" {
            "command_timeout".clone_into(&mut item.key);
        }
        above.append(&mut item.above);
        if let Some((place, old)) = section.take(&item.key) {
            at -= usize::from(place < at);
            above.splice(0..0, old.above);
            notes.note(
                old.line,
                &format!("{path}.{}", old.key),
                "that of exec overrides it, and is here now",
                &mut above,
            );
        }
        item.above = std::mem::take(&mut above);
        section.items.insert(at, item);
        at += 1;
    }
    above.extend(exec.rest);
    let next = section
        .items
        .get_mut(at)
        .map_or(&mut section.rest, |next| &mut next.above);
    next.splice(0..0, above);
}

/// Adds the key `language`, if ctmpl would choose another language by the name of the source.
pub(super) fn keep_language(
    section: &mut Section,
    path: &str,
    is_jinja: fn(&Path) -> bool,
    notes: &mut Notes,
) {
    let names_jinja = |item: &Item| match &item.value {
        Piece::Text(source) => item.key == "source" && is_jinja(Path::new(source)),
        _ => false,
    };
    let Some(at) = section
        .items
        .iter()
        .position(names_jinja)
        .filter(|_| section.item("language").is_none())
    else {
        return;
    };
    let (line, mut above) = (section.items[at].line, Vec::new());
    let what =
        "a source of this name is a Jinja template in ctmpl, and a Go template in consul-template";
    notes.note(line, &format!("{path}.source"), what, &mut above);
    let value = Piece::Text("go".to_owned());
    section.items.insert(
        at + 1,
        Item {
            line,
            above,
            key: "language".to_owned(),
            value,
        },
    );
}
