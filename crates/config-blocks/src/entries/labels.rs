//! Reads blocks with labels.
//!
//! Input: the entries of a key. Output: each block with its label, whether the label is one of HCL, or a key.

use super::{Entries, FromNode};
use crate::error::{Error, ValueError};
use crate::key::{Key, is_label};
use crate::origin::Origin;
use crate::tree::{Entry, Node, Tree};

/// A label, the origin of its block, and the block.
type WithLabel<'a, T> = (&'a str, Origin, T);

impl<'a> Entries<'a> {
    /// Reads blocks with labels: the key repeated with a label, blocks of such blocks, lists of them, or all of these.
    pub(crate) fn labelled<T: FromNode>(&self, key: &Key) -> Result<Vec<WithLabel<'a, T>>, Error> {
        let mut blocks: Vec<WithLabel<'_, T>> = Vec::new();
        let mut lines = Vec::new();
        for label in self.labels(key)? {
            let (name, line) = (label.key.as_str(), label.line);
            if !is_label(name) {
                let span = self.position.below(key.name, line);
                return Err(self.position.at(&span).refuse(ValueError::InvalidLabel));
            }
            let span = self.position.below(&format!("{}[{name}]", key.name), line);
            let position = self.position.at(&span);
            if let Some(first) = blocks.iter().position(|block| block.0 == name) {
                let first = lines[first];
                return Err(position.refuse(ValueError::Repeated { count: 2, first }));
            }
            blocks.push((
                name,
                position.origin(),
                T::from_node(&label.node, position)?,
            ));
            lines.push(line);
        }
        Ok(blocks)
    }

    /// The labels of a key, each with its block.
    fn labels(&self, key: &Key) -> Result<Vec<&'a Entry>, Error> {
        let mut found: Vec<&Entry> = Vec::new();
        for entry in self.matching(key.name) {
            let span = self.position.below(key.name, entry.line);
            let position = self.position.at(&span);
            let nodes = match &entry.node.value {
                Tree::Null => &[],
                Tree::List(items) => items.as_slice(),
                _ => std::slice::from_ref(&entry.node),
            };
            for node in nodes {
                match &node.value {
                    Tree::Labelled(label) => found.push(label),
                    Tree::Block(labels) => found.extend(labels),
                    _ => return Err(position.wrong_kind(node, "a block for each label")),
                }
            }
        }
        found.retain(|label| label.node.value != Tree::Null);
        let keys = (key.shape)().keys();
        let is_key = |label: &Entry| {
            keys.iter()
                .any(|key| label.key.eq_ignore_ascii_case(key.name))
        };
        let is_block = |node: &Node| match &node.value {
            Tree::List(items) => items
                .iter()
                .all(|item| matches!(item.value, Tree::Block(_))),
            value => matches!(value, Tree::Block(_)),
        };
        match found
            .iter()
            .find(|label| is_key(label) && !is_block(&label.node))
        {
            None => Ok(found),
            Some(label) => {
                let span = self.position.below(key.name, label.line);
                Err(self
                    .position
                    .at(&span)
                    .refuse(ValueError::NoLabel { block: key.name }))
            }
        }
    }
}
