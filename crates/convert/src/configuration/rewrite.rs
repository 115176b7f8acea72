//! Rewrites the values of a file.
//!
//! Input: the tree of the file, its comments, and the declarations of the keys. Output: a
//! [`Section`], and notes about the changes.

use std::path::Path;

use config_blocks::reference::without_numbers;
use config_blocks::{Comment, Document, Entry, Key, Node, Tree};

use super::comments::{Spread, over_blocks, spread};
use super::notes::Notes;
use super::rules::{self, Verdict};
use super::section::{Item, Piece, Section};
use super::template::{inline_exec, keep_language};

const AGAIN: &str = "it is set more than once; the last one counts";

/// Rewrites values, and collects notes.
pub(super) struct Rewriter {
    pub(super) notes: Notes,
    /// Returns `true` if ctmpl reads a template of this name as Jinja.
    is_jinja: fn(&Path) -> bool,
}

/// A block to rewrite.
struct Block<'a> {
    entries: &'a [Entry],
    keys: &'static [Key],
    /// The path of the block, including the number of a template.
    path: &'a str,
    /// The nesting depth of the block.
    depth: usize,
}

impl Rewriter {
    pub(super) fn new(document: Document, is_jinja: fn(&Path) -> bool) -> Self {
        Self {
            notes: Notes::new(document),
            is_jinja,
        }
    }

    /// Rewrites the whole file; `None` if it is not a block, or a block has a label and takes none.
    pub(super) fn whole(
        &mut self,
        node: &Node,
        keys: &'static [Key],
        comments: Vec<Comment>,
    ) -> Option<Section> {
        let [(line, entries)] = blocks_of(node)?.try_into().ok()?;
        if has_misplaced_label(entries, keys) {
            return None;
        }
        let block = Block {
            entries,
            keys,
            path: "",
            depth: 0,
        };
        Some(self.section(&block, line, comments))
    }

    fn section(&mut self, block: &Block<'_>, line: usize, comments: Vec<Comment>) -> Section {
        let lines: Vec<_> = block.entries.iter().map(|entry| entry.line).collect();
        let Spread {
            above,
            within,
            rest,
        } = spread(&lines, block.depth, comments);
        // Comments stay in `rest` until the next key, so comments of omitted keys are not lost.
        let mut section = Section {
            line,
            ..Section::default()
        };
        for (at, (above, within)) in above.into_iter().zip(within).enumerate() {
            section.rest.extend(above);
            if !self.entry(block, at, within, &mut section) {
                break;
            }
        }
        section.rest.extend(rest);
        if without_numbers(block.path) == "template" {
            inline_exec(&mut section, block.path, &mut self.notes);
            keep_language(&mut section, block.path, self.is_jinja, &mut self.notes);
        }
        section
    }

    /// Rewrites an entry. Returns `false` if its key is unknown. The following entries are then
    /// skipped, because reading the result reports the key.
    fn entry(
        &mut self,
        block: &Block<'_>,
        at: usize,
        within: Vec<Comment>,
        section: &mut Section,
    ) -> bool {
        let entry = &block.entries[at];
        let Some(name) = block.name_of(entry) else {
            return true;
        };
        let Some(key) = block.key(&name) else {
            section.push(entry.line, &entry.key, rules::plain(&entry.node));
            return false;
        };
        if entry.node.value == Tree::Null {
            return true;
        }
        let again = block.entries[at + 1..]
            .iter()
            .any(|later| later.key.eq_ignore_ascii_case(&entry.key));
        let path = block.below(&name);
        if (key.shape)().labelled {
            self.labelled(block, entry, key, within, section);
        } else if again && !(key.shape)().repeats {
            self.notes.note(entry.line, &path, AGAIN, &mut section.rest);
        } else if !key.is_supported() {
            self.notes
                .leave_out(entry.line, &path, key.unsupported, &mut section.rest);
        } else if (key.shape)().repeats {
            self.blocks(block, entry, key, within, section);
        } else {
            self.value(block, entry, key, within, section);
        }
        true
    }

    /// Rewrites the value of a key.
    fn value(
        &mut self,
        block: &Block<'_>,
        entry: &Entry,
        key: &Key,
        within: Vec<Comment>,
        section: &mut Section,
    ) {
        let (path, shape) = (block.below(key.name), (key.shape)());
        let kind = without_numbers(&path);
        let blocks = blocks_of(&entry.node).unwrap_or_default();
        let value = match blocks.as_slice() {
            [before @ .., (line, entries)] if shape.keys.is_some() => {
                if !before.is_empty() {
                    self.notes.note(entry.line, &path, AGAIN, &mut section.rest);
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
                // The old form: an address instead of a block.
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
                    self.notes.note(entry.line, &path, what, &mut section.rest);
                    value
                }
                Verdict::LeftOut(what) => {
                    let rest = &mut section.rest;
                    return self.notes.leave_out(entry.line, &path, what, rest);
                }
            },
        };
        section.push(entry.line, key.name, value);
    }

    /// Rewrites the blocks with labels of a key. All of them are placed at the first one.
    fn labelled(
        &mut self,
        block: &Block<'_>,
        entry: &Entry,
        key: &Key,
        within: Vec<Comment>,
        section: &mut Section,
    ) {
        let Some(labels) = labels_of(&entry.node) else {
            section.push(entry.line, key.name, rules::plain(&entry.node));
            return;
        };
        let lines: Vec<_> = labels.iter().map(|label| label.line).collect();
        let comments = over_blocks(&lines, within);
        if section.item(key.name).is_none() {
            section.push(entry.line, key.name, Piece::Block(Section::default()));
        }
        let mut made = Section::default();
        for (label, within) in labels.iter().zip(comments) {
            let path = block.below(&format!("{}[{}]", key.name, label.key));
            let value = match blocks_of(&label.node).as_deref() {
                Some([(line, entries)]) => {
                    let inner = Block {
                        entries,
                        keys: (key.shape)().keys(),
                        path: &path,
                        depth: block.depth + 1,
                    };
                    Piece::Block(self.section(&inner, *line, within))
                }
                _ => rules::plain(&label.node),
            };
            made.push(label.line, &label.key, value);
        }
        let item = section.items.iter_mut().find(|item| item.key == key.name);
        if let Some(Item {
            value: Piece::Block(all),
            ..
        }) = item
        {
            all.items.append(&mut made.items);
        }
    }

    /// Rewrites the blocks of a repeatable key. All of them are placed at the first one.
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
}

impl Block<'_> {
    /// Returns the key with this name.
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

    /// Returns the current name of an entry's key; its own name if the current one is also present.
    /// `None` if the entry has no effect.
    fn name_of(&self, entry: &Entry) -> Option<String> {
        let typed = entry.key.to_ascii_lowercase();
        let newer = self.key(&typed).map_or("", |key| key.newer);
        let has = |name: &str| {
            let mut entries = self.entries.iter();
            entries.any(|entry| entry.key.eq_ignore_ascii_case(name))
        };
        match newer {
            "" => Some(typed),
            "user" | "group" if has(newer) => None,
            newer if has(newer) => Some(typed),
            newer => Some(newer.to_owned()),
        }
    }
}

/// Returns the labels of a value, each with its block; `None` for other values.
fn labels_of(node: &Node) -> Option<Vec<&Entry>> {
    match &node.value {
        Tree::Labelled(label) => Some(vec![label]),
        Tree::Block(labels) => Some(labels.iter().collect()),
        Tree::List(items) => {
            let labels = items.iter().map(labels_of).collect::<Option<Vec<_>>>()?;
            Some(labels.concat())
        }
        _ => None,
    }
}

/// Returns `true` if a block has a label and takes none; reading the file reports it.
fn has_misplaced_label(entries: &[Entry], keys: &[Key]) -> bool {
    entries.iter().any(|entry| {
        let mut keys = keys.iter();
        let key = keys.find(|key| entry.key.eq_ignore_ascii_case(key.name));
        let shape = key.map(|key| (key.shape)()).unwrap_or_default();
        let (node, is_misplaced) = match &entry.node.value {
            Tree::Labelled(label) => (&label.node, !shape.labelled),
            _ => (&entry.node, false),
        };
        let blocks = blocks_of(node).unwrap_or_default();
        let inner = || {
            blocks
                .iter()
                .any(|(_, inner)| has_misplaced_label(inner, shape.keys()))
        };
        is_misplaced || inner()
    })
}

/// Returns the blocks of a value, each with its line; `None` for other values.
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
