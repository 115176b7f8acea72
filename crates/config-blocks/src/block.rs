//! Blocks: structs whose fields are keys.

use std::sync::Arc;

use crate::entries::{Entries, FromNode, Position, Reading};
use crate::error::Error;
use crate::format::Format;
use crate::inputs::Inputs;
use crate::key::{Key, Shape, Spelling};
use crate::origin::{Document, Origin, Overridden, Span};
use crate::page::Page;
use crate::source::Source;
use crate::tree::{Node, Tree};

/// A block of keys. Derive it: see [the macro](macro@crate::Block).
pub trait Block: FromNode + Default {
    /// Its keys, in the order of the declaration.
    const KEYS: &'static [Key];

    /// A single text may stand for it.
    const TAKES_TEXT: bool = false;

    /// Reads it from a single text, if `TAKES_TEXT`.
    ///
    /// # Errors
    /// If the text is not valid.
    fn from_text(_text: &str, _position: Position<'_>) -> Result<Self, Error> {
        Ok(Self::default())
    }

    /// The form of that text; `None`: any.
    fn spelling() -> Option<Spelling> {
        None
    }

    /// A list of texts may stand for it.
    const TAKES_LIST: bool = false;

    /// Reads it from a list of texts, if `TAKES_LIST`.
    ///
    /// # Errors
    /// If a text is not valid.
    fn from_list(_texts: Vec<String>, _position: Position<'_>) -> Result<Self, Error> {
        Ok(Self::default())
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

    /// Unsets the keys that an empty value unsets. Call it when all layers are laid over one another in which an empty
    /// value takes away that of a lower one.
    fn drop_empty(&mut self);

    /// Adds the values of a lower layer that are not in force in this block, which has them and those of higher layers.
    fn overridden(&self, lower: &Self, found: &mut Vec<Overridden>);

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

    /// The layer of a text, and the keys in it that have no effect.
    ///
    /// # Errors
    /// For a text that is not of its format, and for the first key that is unknown, repeated or not valid.
    fn from_source(source: &Source) -> Result<(Self, Vec<Arc<Span>>), Error> {
        let reading = Reading {
            is_json: source.format == Format::Json,
            ..Reading::default()
        };
        read_document(&source.tree()?, source.document.clone(), reading)
    }

    /// The layer of a document that is parsed already, and the keys in it that have no effect.
    ///
    /// # Errors
    /// For the first key that is unknown, repeated or not valid.
    fn from_document(node: &Node, document: Document) -> Result<(Self, Vec<Arc<Span>>), Error> {
        read_document(node, document, Reading::default())
    }
}

/// The origins of the keys of a block that are set, in the order of the declaration.
pub fn origins(block: &impl Block) -> Vec<Origin> {
    fn of<B: Block>(block: &B) -> Vec<Overridden> {
        let mut found = Vec::new();
        // In an empty block, no key of another one is in force.
        B::default().overridden(block, &mut found);
        found
    }
    of(block).into_iter().map(|found| found.origin).collect()
}

/// The origin of the first key that is set, else of the block; `None`: there is no block.
pub fn first_origin(block: &impl Block) -> Option<Origin> {
    let written = block.origin().filter(|origin| **origin != Origin::Default);
    origins(block).into_iter().next().or(written.cloned())
}

/// The keys of a block that are set, as a value on one line; `None`: none is set.
pub fn one_line(block: &impl Block) -> Option<String> {
    let mut page = Page::of_values();
    block.show(&mut page);
    let lines: Vec<_> = page.text.lines().collect();
    (!lines.is_empty()).then(|| format!("{{ {} }}", lines.join(", ")))
}

fn read_document<B: Block>(
    node: &Node,
    document: Document,
    reading: Reading,
) -> Result<(B, Vec<Arc<Span>>), Error> {
    let block = B::from_node(node, Position::new(&Span::whole(document), &reading))?;
    Ok((block, reading.unsupported.into_inner()))
}

/// Reads a block from a node; for the derived code.
#[doc(hidden)]
pub fn read_block<B: Block>(node: &Node, position: Position<'_>) -> Result<B, Error> {
    if let Tree::Text(text) = &node.value
        && B::TAKES_TEXT
    {
        return B::from_text(text, position);
    }
    if let Tree::List(items) = &node.value
        && B::TAKES_LIST
        && !items
            .iter()
            .any(|item| matches!(item.value, Tree::Block(_)))
    {
        return B::from_list(Vec::from_node(node, position)?, position);
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
        list: B::TAKES_LIST,
        spelling: B::spelling(),
        keys: Some(B::KEYS),
        ..Shape::default()
    }
}
