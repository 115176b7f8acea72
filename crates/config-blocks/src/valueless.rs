//! Fields whose values are checked, and not kept.

use std::marker::PhantomData;

use crate::entries::{Entries, FromNode};
use crate::error::Error;
use crate::field::Field;
use crate::inputs::Inputs;
use crate::key::{Key, Shape};
use crate::page::Page;

/// The value of a key that is checked and not used.
#[derive(Clone, Copy, Debug)]
pub struct Checked<T>(PhantomData<T>);

/// The value of a key that is accepted and has no effect: it is checked, and [`Block::from_source`] lists the key.
///
/// [`Block::from_source`]: crate::Block::from_source
#[derive(Clone, Copy, Debug)]
pub struct Unsupported<T>(PhantomData<T>);

macro_rules! valueless {
    ($type:ident, $read:expr) => {
        impl<T> Default for $type<T> {
            fn default() -> Self {
                Self(PhantomData)
            }
        }

        impl<T: FromNode> Field for $type<T> {
            type Item = ();

            fn shape() -> Shape {
                T::shape()
            }

            fn read(entries: &Entries<'_>, key: &Key) -> Result<Self, Error> {
                let read: fn(&Entries<'_>, &str) -> Result<(), Error> = $read;
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

            fn apply(&mut self, _: &dyn Inputs, _: &Key) -> Result<(), Error> {
                Ok(())
            }
        }
    };
}

valueless!(Checked, |entries, name| entries.value::<T>(name).map(drop));
valueless!(Unsupported, |entries, name| entries.unsupported::<T>(name));
