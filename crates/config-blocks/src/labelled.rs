//! Blocks with labels: `site "example.com" { … }`.
//!
//! In JSON, YAML and TOML the labels are the keys of a block, as HCL 1 reads them too: `site: {example.com: {…}}`.

use crate::block::Block;
use crate::entries::{Entries, FromNode};
use crate::error::Error;
use crate::field::Field;
use crate::inputs::Inputs;
use crate::key::{Key, Shape};
use crate::origin::{Origin, Overridden};
use crate::page::{Page, quoted};

/// A block with its label. A label is unique in a document; labels are case-sensitive.
#[derive(Clone, Debug)]
pub struct Labelled<B> {
    /// The label.
    pub label: String,
    /// Where the block begins, in the highest layer that has it.
    pub origin: Origin,
    /// The block.
    pub block: B,
}

/// Blocks with labels. Those of the same label are laid over one another; those of other labels add up.
impl<B: Block> Field for Vec<Labelled<B>> {
    type Item = ();

    fn shape() -> Shape {
        Shape {
            labelled: true,
            ..<B as FromNode>::shape()
        }
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error> {
        let labelled = |(label, origin, block): (&str, _, _)| Labelled {
            label: label.to_owned(),
            origin,
            block,
        };
        Ok(entries.labelled(key)?.into_iter().map(labelled).collect())
    }

    fn over(self, mut lower: Self) -> Self {
        for upper in self {
            match lower.iter_mut().find(|lower| lower.label == upper.label) {
                Some(lower) => {
                    lower.block = upper.block.over(std::mem::take(&mut lower.block));
                    lower.origin = upper.origin;
                }
                None => lower.push(upper),
            }
        }
        lower
    }

    fn is_set(&self) -> bool {
        !self.is_empty()
    }

    fn overridden(&self, lower: &Self, found: &mut Vec<Overridden>) {
        for lower in lower {
            if let Some(own) = self.iter().find(|own| own.label == lower.label) {
                Block::overridden(&own.block, &lower.block, found);
            }
        }
    }

    fn show(&self, page: &mut Page, key: &Key, _shown: impl Fn(&()) -> Option<String>) {
        for Labelled { label, block, .. } in self {
            // Its values may be of several layers, so that each shows its own origin.
            let name = format!("{} {}", key.name, quoted(label));
            page.block(&name, None, |page| block.show(page));
        }
    }

    fn apply(&mut self, _inputs: &dyn Inputs, _key: &Key) -> Result<(), Error> {
        Ok(())
    }
}
