//! Rewrites the values of a file.
//!
//! Input: the tree of the file, its comments, and the declarations of the keys. Output: a [`Section`], and notes about
//! the changes.

use std::path::Path;
use std::sync::Arc;

use super::comments::{Spread, over_blocks, spread};
use super::rules::{self, Verdict};
use super::section::{Item, Piece, Section};
use crate::config::format::language_of;
use crate::config::resolved::Language;
use config_blocks::Comment;
use config_blocks::reference::without_numbers;
use config_blocks::{Document, Key, Origin, Span};
use config_blocks::{Entry, Node, Tree};

/// The prefix of comments of ctmpl.
const MARK: &str = "ctmpl migrate: ";

const AGAIN: &str = "it is set more than once; the last one counts";

const ENVIRONMENT: &str = "environment variables (CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN and others) override this \
                           block; in consul-template it overrides them";

/// Rewrites, and collects notes.
pub(super) struct Rewriter {
    document: Document,
    notes: Vec<String>,
    complete: bool,
}

/// A block to rewrite.
struct Block<'a> {
    entries: &'a [Entry],
    keys: &'static [Key],
    /// The keys around it, the number of a template among them.
    path: &'a str,
    /// The number of blocks around it.
    depth: usize,
}

impl Rewriter {
    pub(super) fn new(document: Document) -> Self {
        Self {
            document,
            notes: Vec::new(),
            complete: true,
        }
    }

    /// The notes, and whether nothing was left out.
    pub(super) fn done(self) -> (Vec<String>, bool) {
        (self.notes, self.complete)
    }

    /// The whole file; `None` if it is no block.
    pub(super) fn whole(
        &mut self,
        node: &Node,
        keys: &'static [Key],
        comments: Vec<Comment>,
    ) -> Option<Section> {
        let [(line, entries)] = blocks_of(node)?.try_into().ok()?;
        Some(self.section(
            &Block {
                entries,
                keys,
                path: "",
                depth: 0,
            },
            line,
            comments,
        ))
    }

    fn section(&mut self, block: &Block<'_>, line: usize, comments: Vec<Comment>) -> Section {
        let lines: Vec<_> = block.entries.iter().map(|entry| entry.line).collect();
        let Spread {
            above,
            within,
            rest,
        } = spread(&lines, block.depth, comments);
        // Comments are kept in the rest until the next key, so those of keys that are left out are not lost.
        let mut section = Section {
            line,
            ..Section::default()
        };
        for (at, ((entry, above), within)) in
            block.entries.iter().zip(above).zip(within).enumerate()
        {
            section.rest.extend(above);
            let typed = entry.key.to_ascii_lowercase();
            let has = |name: &str| {
                block
                    .entries
                    .iter()
                    .any(|entry| entry.key.eq_ignore_ascii_case(name))
            };
            let newer = block
                .key(&typed)
                .map(|key| key.newer)
                .filter(|newer| !newer.is_empty());
            let name = match newer {
                Some("user" | "group") if has(if typed == "uid" { "user" } else { "group" }) => {
                    continue;
                }
                Some(newer) if !has(newer) => newer,
                _ => typed.as_str(),
            };
            let Some(key) = block.key(name) else {
                // An unknown key: reading the result reports it, whatever follows.
                section.push(entry.line, &entry.key, rules::plain(&entry.node));
                break;
            };
            if entry.node.value == Tree::Null {
                continue;
            }
            let again = block.entries[at + 1..]
                .iter()
                .any(|later| later.key.eq_ignore_ascii_case(&entry.key));
            if again && !(key.shape)().repeats {
                self.note(entry.line, &block.below(name), AGAIN, &mut section.rest);
                continue;
            }
            self.entry(block, entry, key, within, &mut section);
        }
        section.rest.extend(rest);
        match block.path_without_numbers().as_str() {
            "template" => {
                self.inline_exec(&mut section, block.path);
                self.keep_language(&mut section, block.path);
            }
            "" => self.environment(&mut section),
            _ => {}
        }
        section
    }

    /// Rewrites one key.
    fn entry(
        &mut self,
        block: &Block<'_>,
        entry: &Entry,
        key: &Key,
        within: Vec<Comment>,
        section: &mut Section,
    ) {
        let path = block.below(key.name);
        let kind = without_numbers(&path);
        if !key.is_supported() {
            self.leave_out(entry.line, &path, key.unsupported, &mut section.rest);
            return;
        }
        let shape = (key.shape)();
        if shape.repeats {
            self.blocks(block, entry, key, within, section);
            return;
        }
        let blocks = blocks_of(&entry.node).unwrap_or_default();
        let value = match blocks.as_slice() {
            [before @ .., (line, entries)] if shape.keys.is_some() => {
                if !before.is_empty() {
                    self.note(entry.line, &path, AGAIN, &mut section.rest);
                }
                let inner = Block {
                    entries,
                    keys: shape.keys(),
                    path: &path,
                    depth: block.depth + 1,
                };
                Piece::Block(self.section(&inner, *line, within))
            }
            _ if kind == "consul" && matches!(entry.node.value, Tree::Text(_)) => {
                // The old spelling.
                let mut consul = Section {
                    line: entry.line,
                    ..Section::default()
                };
                consul.push(entry.line, "address", rules::plain(&entry.node));
                Piece::Block(consul)
            }
            _ => match rules::value(&kind, &shape, &entry.node) {
                Verdict::Same(value) => value,
                Verdict::Noted(value, what) => {
                    self.note(entry.line, &path, what, &mut section.rest);
                    value
                }
                Verdict::LeftOut(what) => {
                    return self.leave_out(entry.line, &path, what, &mut section.rest);
                }
            },
        };
        section.push(entry.line, key.name, value);
    }

    /// Rewrites blocks that may repeat: all of them come where the first is.
    fn blocks(
        &mut self,
        block: &Block<'_>,
        entry: &Entry,
        key: &Key,
        within: Vec<Comment>,
        section: &mut Section,
    ) {
        let Some(nodes) = blocks_of(&entry.node) else {
            section.push(entry.line, key.name, rules::plain(&entry.node));
            return;
        };
        let lines: Vec<_> = nodes.iter().map(|(line, _)| *line).collect();
        for ((line, entries), within) in nodes.iter().zip(over_blocks(&lines, within)) {
            let count = section.item(key.name).map_or(0, |item| match &item.value {
                Piece::Blocks(sections) => sections.len(),
                _ => 0,
            });
            let path = block.below(&format!("{}[{}]", key.name, count + 1));
            let inner = Block {
                entries,
                keys: (key.shape)().keys(),
                path: &path,
                depth: block.depth + 1,
            };
            let made = Section {
                above: std::mem::take(&mut section.rest),
                ..self.section(&inner, *line, within)
            };
            match section.items.iter_mut().find(|item| item.key == key.name) {
                Some(Item {
                    value: Piece::Blocks(sections),
                    ..
                }) => sections.push(made),
                _ => section.push(entry.line, key.name, Piece::Blocks(vec![made])),
            }
        }
    }

    /// Moves the keys of `exec` into the template, if they are only the command and its timeout.
    fn inline_exec(&mut self, section: &mut Section, path: &str) {
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
                self.note(
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

    /// Adds the language, if ctmpl would choose another one by the name of the source.
    fn keep_language(&mut self, section: &mut Section, path: &str) {
        let is_jinja = |item: &Item| match &item.value {
            Piece::Text(source) => {
                item.key == "source" && language_of(Path::new(source)) == Language::Jinja
            }
            _ => false,
        };
        let Some(at) = section
            .items
            .iter()
            .position(is_jinja)
            .filter(|_| section.item("language").is_none())
        else {
            return;
        };
        let (line, mut above) = (section.items[at].line, Vec::new());
        let what = "a source of this name is a Jinja template in ctmpl, and a Go template in consul-template";
        self.note(line, &format!("{path}.source"), what, &mut above);
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

    fn environment(&mut self, section: &mut Section) {
        if let Some(item) = section.items.iter_mut().find(|item| item.key == "consul") {
            let mut above = std::mem::take(&mut item.above);
            self.note(item.line, "consul", ENVIRONMENT, &mut above);
            item.above = above;
        }
    }

    fn note(&mut self, line: usize, path: &str, what: &str, comments: &mut Vec<String>) {
        let span = Span {
            document: self.document.clone(),
            line,
            key: path.to_owned(),
        };
        self.notes
            .push(format!("{}: {what}", Origin::File(Arc::new(span))));
        let name = path.rsplit('.').next().unwrap_or_default();
        comments.push(format!("{MARK}{name}: {what}"));
    }

    fn leave_out(&mut self, line: usize, path: &str, what: &str, comments: &mut Vec<String>) {
        self.complete = false;
        self.note(line, path, &format!("left out: {what}"), comments);
    }
}

impl Block<'_> {
    /// The key of this name.
    fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys
            .iter()
            .find(|key| key.name == name && !key.flag_only)
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    fn path_without_numbers(&self) -> String {
        without_numbers(self.path)
    }
}

/// The blocks of a value, each with its line; `None` if it is something else.
fn blocks_of(node: &Node) -> Option<Vec<(usize, &[Entry])>> {
    match &node.value {
        Tree::Block(entries) => Some(vec![(node.line, entries)]),
        Tree::List(items) => {
            let blocks = items.iter().map(blocks_of).collect::<Option<Vec<_>>>()?;
            (!blocks.is_empty()).then(|| blocks.concat())
        }
        _ => None,
    }
}
