//! Blocks: structs whose fields are keys.

use std::cell::RefCell;
use std::sync::Arc;

use crate::entries::{Entries, FromNode, Position};
use crate::error::Error;
use crate::inputs::Inputs;
use crate::key::{Key, Shape};
use crate::origin::{Document, Origin, Span};
use crate::page::Page;
use crate::tree::{Node, Tree};

/// A block of keys. Derive it: see [the macro](macro@crate::Block).
pub trait Block: FromNode + Default {
    /// Its keys, in the order of the declaration.
    const KEYS: &'static [Key];

    /// A single text may stand for it.
    const TAKES_TEXT: bool = false;

    /// Reads it from a single text, if `TAKES_TEXT`.
    fn from_text(_text: &str, _position: Position<'_>) -> Self {
        Self::default()
    }

    /// Reads it from its entries.
    ///
    /// # Errors
    /// For the first key that is not valid.
    fn read(entries: &Entries<'_>) -> Result<Self, Error>;

    /// Where it begins, if it may repeat.
    fn origin(&self) -> Option<&Origin> {
        None
    }

    /// Layers it over that of a lower layer.
    #[must_use]
    fn over(self, lower: Self) -> Self;

    /// Returns `true` if any of its keys is set.
    fn is_set(&self) -> bool;

    /// Writes its keys to a page.
    fn show(&self, page: &mut Page);

    /// Sets the keys that flags or variables set.
    ///
    /// # Errors
    /// For the first one that is not valid.
    fn apply(&mut self, inputs: &dyn Inputs) -> Result<(), Error>;

    /// The layer of flags or variables.
    ///
    /// # Errors
    /// For the first one that is not valid.
    fn from_inputs(inputs: &dyn Inputs) -> Result<Self, Error> {
        let mut block = Self::default();
        block.apply(inputs)?;
        Ok(block)
    }

    /// The layer of a document, and the keys in it that have no effect.
    ///
    /// # Errors
    /// For the first key that is unknown, repeated or not valid.
    fn from_document(node: &Node, document: Document) -> Result<(Self, Vec<Arc<Span>>), Error> {
        let (span, unsupported) = (Span::whole(document), RefCell::default());
        let block = Self::from_node(node, Position::new(&span, &unsupported))?;
        Ok((block, unsupported.into_inner()))
    }
}

/// Reads a block from a node; for the derived code.
#[doc(hidden)]
pub fn read_block<B: Block>(node: &Node, position: Position<'_>) -> Result<B, Error> {
    if let Tree::Text(text) = &node.value
        && B::TAKES_TEXT
    {
        return Ok(B::from_text(text, position));
    }
    let entries = Entries::of(node, position, B::KEYS)?;
    let block = B::read(&entries)?;
    entries.refuse_unknown()?;
    Ok(block)
}

/// The values that stand for a block; for the derived code.
#[doc(hidden)]
pub fn shape_of_block<B: Block>() -> Shape {
    Shape {
        text: B::TAKES_TEXT,
        keys: Some(B::KEYS),
        ..Shape::default()
    }
}
