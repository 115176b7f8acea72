//! The fields of a block: settings, lists and blocks.

use crate::block::Block;
use crate::entries::{Entries, FromNode, Position, Reading};
use crate::error::Error;
use crate::format::Format;
use crate::inputs::{Input, Inputs};
use crate::key::{Key, Shape};
use crate::origin::{Document, Located, Origin, Overridden, Span};
use crate::page::Page;
use crate::value::Value;

/// A single value with its origin, if it is set.
pub type Setting<T> = Option<Located<T>>;

/// The value of a setting, without its origin.
pub fn value<T>(setting: Setting<T>) -> Option<T> {
    setting.map(|set| set.value)
}

/// The origin of a setting, without its value.
pub fn origin_of<T>(setting: Option<&Located<T>>) -> Option<&Origin> {
    setting.map(|set| &set.origin)
}

/// Returns `true` if a switch that is off by default is turned on.
pub fn is_on(set: Option<&Located<bool>>) -> bool {
    set.is_some_and(|set| set.value)
}

/// A setting, unless its value is empty.
pub fn filled<T: Value>(setting: Setting<T>) -> Setting<T> {
    setting.filter(|set| !set.value.is_blank())
}

/// The value of a setting, or the default of its key; for the derived code.
///
/// # Panics
/// If the declared default is not valid.
#[doc(hidden)]
pub fn resolved<T: Value>(set: Option<&Located<T>>, key: &Key) -> T {
    match set {
        Some(set) => set.value.clone(),
        None => {
            declared(key).unwrap_or_else(|| panic!("{}: invalid default {}", key.name, key.default))
        }
    }
}

/// The declared default of a key.
fn declared<T: FromNode>(key: &Key) -> Option<T> {
    let node = Format::Json.parse(key.default).ok()?;
    let span = Span::whole(Document::Variable(key.name));
    T::from_node(&node, Position::new(&span, &Reading::default())).ok()
}

/// The type of a field of a block.
pub trait Field: Sized {
    /// A single value of it.
    type Item;

    /// The values that its key takes.
    fn shape() -> Shape;

    /// Reads it from the entries of the block.
    ///
    /// # Errors
    /// If its value is not valid, or it is set more than once.
    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error>;

    /// Layers it over that of a lower layer.
    #[must_use]
    fn over(self, lower: Self) -> Self;

    /// Returns `true` if it is set.
    fn is_set(&self) -> bool;

    /// Returns `true` if it is set to a value that is not empty, so that it decides the keys that name it in `decided_by`.
    fn decides(&self) -> bool {
        self.is_set()
    }

    /// Unsets it if it is empty and an empty value unsets its key.
    fn drop_empty(&mut self, _key: &Key) {}

    /// Adds the values of a lower layer that are not in force in this field. Lists add up, so theirs are.
    fn overridden(&self, _lower: &Self, _found: &mut Vec<Overridden>) {}

    /// A value in HCL; `None`: as good as unset.
    fn shown(_item: &Self::Item) -> Option<String> {
        None
    }

    /// Writes it to a page.
    fn show(&self, page: &mut Page, key: &Key, shown: impl Fn(&Self::Item) -> Option<String>);

    /// Sets it as flags or variables say.
    ///
    /// # Errors
    /// If a flag or variable is not valid.
    fn apply(&mut self, inputs: &dyn Inputs, key: &Key) -> Result<(), Error>;
}

impl<T: Value> Field for Setting<T> {
    type Item = T;

    fn shape() -> Shape {
        T::shape()
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error> {
        if key.flag_only {
            return Ok(None);
        }
        let setting: Self = entries.value(key.name)?;
        Ok(setting.filter(|set| !(key.skip_empty && set.value.is_blank())))
    }

    fn over(self, lower: Self) -> Self {
        match (self, lower) {
            (Some(upper), Some(lower)) => Some(Located {
                value: upper.value.over(lower.value),
                origin: upper.origin,
            }),
            (upper, lower) => upper.or(lower),
        }
    }

    fn is_set(&self) -> bool {
        self.is_some()
    }

    fn decides(&self) -> bool {
        self.as_ref().is_some_and(|set| !set.value.is_blank())
    }

    fn drop_empty(&mut self, key: &Key) {
        if key.empty_unsets {
            self.take_if(|set| set.value.is_blank());
        }
    }

    fn overridden(&self, lower: &Self, found: &mut Vec<Overridden>) {
        let Some(lower) = lower else {
            return;
        };
        let is_in_force = self
            .as_ref()
            .is_some_and(|set| set.origin == lower.origin || set.value.is_same(&lower.value));
        if !is_in_force {
            found.push(Overridden {
                origin: lower.origin.clone(),
                by: self.as_ref().map(|set| set.origin.clone()),
            });
        }
    }

    fn shown(item: &T) -> Option<String> {
        item.shown()
    }

    fn show(&self, page: &mut Page, key: &Key, shown: impl Fn(&T) -> Option<String>) {
        let set = self
            .as_ref()
            .and_then(|set| Some((shown(&set.value)?, &set.origin)));
        page.setting(key, set);
    }

    fn apply(&mut self, inputs: &dyn Inputs, key: &Key) -> Result<(), Error> {
        let Some(input) = inputs.get(key)? else {
            return Ok(());
        };
        let origin = input.origin.clone();
        let value = T::from_input(&input).map_err(|reason| origin.refuse(reason))?;
        if !(value.is_blank() && key.skip_empty) {
            *self = Some(Located { value, origin });
        }
        Ok(())
    }
}

/// A list that adds up over the layers.
impl<T: Value> Field for Vec<Located<T>> {
    type Item = T;

    fn shape() -> Shape {
        Shape::list()
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error> {
        Ok(entries.value(key.name)?.unwrap_or_default())
    }

    fn over(self, mut lower: Self) -> Self {
        lower.extend(self);
        lower
    }

    fn is_set(&self) -> bool {
        !self.is_empty()
    }

    fn shown(item: &T) -> Option<String> {
        item.shown()
    }

    fn show(&self, page: &mut Page, key: &Key, shown: impl Fn(&T) -> Option<String>) {
        let values: Vec<_> = self
            .iter()
            .filter_map(|item| Some((shown(&item.value)?, &item.origin)))
            .collect();
        page.list(key.name, &values);
    }

    fn apply(&mut self, inputs: &dyn Inputs, key: &Key) -> Result<(), Error> {
        for input in inputs.get(key)?.iter().flat_map(Input::each) {
            let origin = input.origin.clone();
            let value = T::from_input(&input).map_err(|reason| origin.refuse(reason))?;
            self.push(Located { value, origin });
        }
        Ok(())
    }
}

impl<B: Block> Field for B {
    type Item = ();

    fn shape() -> Shape {
        <B as FromNode>::shape()
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error> {
        Ok(entries.value(key.name)?.unwrap_or_default())
    }

    fn over(self, lower: Self) -> Self {
        Block::over(self, lower)
    }

    fn is_set(&self) -> bool {
        Block::is_set(self)
    }

    fn drop_empty(&mut self, _key: &Key) {
        Block::drop_empty(self);
    }

    fn overridden(&self, lower: &Self, found: &mut Vec<Overridden>) {
        Block::overridden(self, lower, found);
    }

    fn show(&self, page: &mut Page, key: &Key, _shown: impl Fn(&()) -> Option<String>) {
        if key.always_shown || Block::is_set(self) {
            page.block(key.name, None, |page| Block::show(self, page));
        }
    }

    fn apply(&mut self, inputs: &dyn Inputs, _key: &Key) -> Result<(), Error> {
        Block::apply(self, inputs)
    }
}

/// A block that may repeat; those of all layers add up.
impl<B: Block> Field for Vec<B> {
    type Item = ();

    fn shape() -> Shape {
        Shape {
            repeats: true,
            ..<B as FromNode>::shape()
        }
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error> {
        entries.blocks(key.name)
    }

    fn over(self, mut lower: Self) -> Self {
        lower.extend(self);
        lower
    }

    fn is_set(&self) -> bool {
        !self.is_empty()
    }

    fn show(&self, page: &mut Page, key: &Key, _shown: impl Fn(&()) -> Option<String>) {
        for block in self {
            page.block(key.name, block.origin(), |page| block.show(page));
        }
    }

    fn apply(&mut self, _inputs: &dyn Inputs, _key: &Key) -> Result<(), Error> {
        Ok(())
    }
}
