//! How the blocks and keys of the configuration are declared.
//!
//! A block is a struct with `#[derive(Block)]`, and each of its fields is a key. From this one declaration follow the
//! reading of files with positions, the layering, `ctmpl config`, flags, environment variables, the JSON Schema and the
//! reference page.

mod domain_values;
mod entries;
mod key;
mod page;
mod values;

use std::ffi::OsString;

pub(crate) use config_derive::Block;

use super::error::{ConfigError, Located, Origin};
pub(crate) use super::tree::{Node, Value as Tree};
pub(crate) use domain_values::DURATION;
pub(crate) use entries::{Entries, FromNode, Position};
pub(crate) use key::{Key, Number, Pattern, Shape, Spelling};
pub(crate) use page::{Page, quoted};
pub(crate) use values::{Value, go_bool, last};

/// A single value with its origin, if it is set.
pub(crate) type Setting<T> = Option<Located<T>>;

/// The value of a setting, without its origin.
pub(crate) fn value<T>(setting: Setting<T>) -> Option<T> {
    setting.map(|set| set.value)
}

/// A text, unless it is empty: an empty text sets nothing, as in consul-template.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A block: implemented by `#[derive(Block)]`.
pub(crate) trait Block: Default {
    /// Its keys, in the order of the declaration.
    const KEYS: &'static [Key];

    /// Whether it may be a single text instead.
    const TAKES_TEXT: bool = false;

    /// Reads it from a single text, if `TAKES_TEXT`.
    fn from_text(_text: &str, _position: Position<'_>) -> Self {
        Self::default()
    }

    /// Reads it from its entries.
    fn read(entries: &Entries<'_>) -> Result<Self, ConfigError>;

    /// Where it begins, if it may repeat.
    fn origin(&self) -> Option<&Origin> {
        None
    }

    /// Layers it over that of a lower layer.
    #[must_use]
    fn over(self, lower: Self) -> Self;

    /// Returns `true` if any of its keys is set.
    fn is_set(&self) -> bool;

    /// Shows its keys in `ctmpl config`.
    fn show(&self, page: &mut Page);

    /// Sets the keys that flags or variables set.
    fn apply(&mut self, inputs: &dyn Inputs) -> Result<(), ConfigError>;
}

/// Flags, or the environment.
pub(crate) trait Inputs {
    /// The texts for a key, if there are any.
    fn get(&self, key: &Key) -> Result<Option<Input>, ConfigError>;
}

/// The texts of a flag or a variable; at least one.
#[derive(Clone)]
pub(crate) struct Input {
    /// The texts; a flag that is repeated has several.
    pub(crate) texts: Vec<OsString>,
    /// The flag or the variable.
    pub(crate) origin: Origin,
}

/// The type of a field of a block.
pub(crate) trait Field: Sized {
    /// A single value of it.
    type Item;

    /// The values that its key takes.
    fn shape() -> Shape;

    /// Reads it from the entries of the block.
    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, ConfigError>;

    /// Layers it over that of a lower layer.
    #[must_use]
    fn over(self, lower: Self) -> Self;

    /// Returns `true` if it is set.
    fn is_set(&self) -> bool;

    /// A value in `ctmpl config`; `None`: as good as unset.
    fn shown(_item: &Self::Item) -> Option<String> {
        None
    }

    /// Shows it in `ctmpl config`.
    fn show(&self, page: &mut Page, key: &Key, shown: impl Fn(&Self::Item) -> Option<String>);

    /// Sets it as flags or variables say.
    fn apply(&mut self, inputs: &dyn Inputs, key: &Key) -> Result<(), ConfigError>;
}

/// Reads a block from a node.
pub(crate) fn read_block<B: Block>(node: &Node, position: Position<'_>) -> Result<B, ConfigError> {
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

/// The values that stand for a block.
pub(crate) fn shape_of_block<B: Block>() -> Shape {
    Shape {
        text: B::TAKES_TEXT,
        keys: Some(B::KEYS),
        ..Shape::default()
    }
}

impl<T: Value> Field for Setting<T> {
    type Item = T;

    fn shape() -> Shape {
        T::shape()
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, ConfigError> {
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

    fn shown(item: &T) -> Option<String> {
        item.shown()
    }

    fn show(&self, page: &mut Page, key: &Key, shown: impl Fn(&T) -> Option<String>) {
        let set = self
            .as_ref()
            .and_then(|set| Some((shown(&set.value)?, &set.origin)));
        page.setting(key, set);
    }

    fn apply(&mut self, inputs: &dyn Inputs, key: &Key) -> Result<(), ConfigError> {
        let Some(Input { texts, origin }) = inputs.get(key)? else {
            return Ok(());
        };
        let value = T::from_texts(&texts).map_err(|source| ConfigError::Value {
            origin: origin.clone(),
            source,
        })?;
        if !(value.is_blank() && (key.skip_empty || key.skip_empty_flag)) {
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

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, ConfigError> {
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

    fn apply(&mut self, inputs: &dyn Inputs, key: &Key) -> Result<(), ConfigError> {
        let Some(Input { texts, origin }) = inputs.get(key)? else {
            return Ok(());
        };
        for text in &texts {
            let value = T::from_texts(std::slice::from_ref(text));
            let value = value.map_err(|source| ConfigError::Value {
                origin: origin.clone(),
                source,
            })?;
            let origin = origin.clone();
            self.push(Located { value, origin });
        }
        Ok(())
    }
}

impl<B: Block + FromNode> Field for B {
    type Item = ();

    fn shape() -> Shape {
        <B as FromNode>::shape()
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, ConfigError> {
        Ok(entries.value(key.name)?.unwrap_or_default())
    }

    fn over(self, lower: Self) -> Self {
        Block::over(self, lower)
    }

    fn is_set(&self) -> bool {
        Block::is_set(self)
    }

    fn show(&self, page: &mut Page, key: &Key, _shown: impl Fn(&()) -> Option<String>) {
        if key.always_shown || Block::is_set(self) {
            page.block(key.name, None, |page| Block::show(self, page));
        }
    }

    fn apply(&mut self, inputs: &dyn Inputs, _key: &Key) -> Result<(), ConfigError> {
        Block::apply(self, inputs)
    }
}

/// A block that may repeat; those of all layers add up.
impl<B: Block + FromNode> Field for Vec<B> {
    type Item = ();

    fn shape() -> Shape {
        Shape {
            repeats: true,
            ..<B as FromNode>::shape()
        }
    }

    fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, ConfigError> {
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

    fn apply(&mut self, _inputs: &dyn Inputs, _key: &Key) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// The value of a key that is checked and not used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked<T>(std::marker::PhantomData<T>);

/// The value of a key of consul-template that has no effect: it is checked, and a warning names the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsupported<T>(std::marker::PhantomData<T>);

macro_rules! valueless {
    ($type:ident, $read:expr) => {
        impl<T> Default for $type<T> {
            fn default() -> Self {
                Self(std::marker::PhantomData)
            }
        }

        impl<T: FromNode> Field for $type<T> {
            type Item = ();

            fn shape() -> Shape {
                T::shape()
            }

            fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, ConfigError> {
                let read: fn(&Entries<'_>, &str) -> Result<(), ConfigError> = $read;
                read(entries, key.name)?;
                Ok(Self::default())
            }

            fn over(self, _lower: Self) -> Self {
                self
            }

            fn is_set(&self) -> bool {
                false
            }

            fn show(&self, _: &mut Page, _: &Key, _: impl Fn(&()) -> Option<String>) {}

            fn apply(&mut self, _: &dyn Inputs, _: &Key) -> Result<(), ConfigError> {
                Ok(())
            }
        }
    };
}

valueless!(Checked, |entries, name| entries.value::<T>(name).map(drop));
valueless!(Unsupported, |entries, name| entries.unsupported::<T>(name));
