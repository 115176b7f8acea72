//! Enums of which a key takes one variant, by its name.

use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason};
use crate::inputs::Input;
use crate::key::{Shape, Spelling};
use crate::page::quoted;
use crate::tree::Node;
use crate::value::Value;

/// An enum of which a key takes one variant, by its name. Derive it: see [the macro](macro@crate::Choice).
pub trait Choice: Copy + PartialEq + 'static {
    /// What the enum is, in words: `write mode`.
    const KIND: &'static str;

    /// The name of the enum in the schema: `write_mode`.
    const SPELLING: &'static str;

    /// The values that a file may have, in words.
    const EXPECTED: &'static str;

    /// What to write, in an error; empty: one of the names.
    const ADVICE: &'static str;

    /// All variants with their names.
    const ALL: &'static [(&'static str, Self)];

    /// The name of the variant.
    fn name(self) -> &'static str {
        let own = |(_, variant): &&(&str, Self)| *variant == self;
        Self::ALL.iter().find(own).map_or("", |(name, _)| name)
    }

    /// The variant of this name, in any case.
    ///
    /// # Errors
    /// [`ChoiceError`] with the names that there are.
    fn of_name(written: &str) -> Result<Self, ChoiceError> {
        let named = |(name, _): &&(&str, Self)| name.eq_ignore_ascii_case(written);
        let found = Self::ALL.iter().find(named).map(|(_, variant)| *variant);
        found.ok_or_else(|| ChoiceError {
            kind: Self::KIND,
            written: written.to_owned(),
            advice: match Self::ADVICE {
                "" => write_one_of(&Self::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
                advice => advice.to_owned(),
            },
        })
    }
}

/// A text that is none of the names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} {written:?}; {advice}")]
pub struct ChoiceError {
    kind: &'static str,
    written: String,
    advice: String,
}

/// `write a, b or c`
fn write_one_of(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("write {} or {last}", first.join(", ")),
        names => format!("write {}", names.concat()),
    }
}

impl<T: Choice> FromNode for T {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let text = position.text(node, T::EXPECTED)?;
        T::of_name(text).map_err(|error| position.refuse(error))
    }

    fn shape() -> Shape {
        let names = T::ALL.iter().map(|(name, _)| *name).collect();
        Shape::spelled(Spelling::of_names(T::SPELLING, names))
    }
}

impl<T: Choice> Value for T {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        Ok(T::of_name(input.last()?)?)
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(self.name()))
    }
}
