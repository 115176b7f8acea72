#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

/// Defines a function that creates the table rows of a group.
macro_rules! row_constructor {
    ($visibility:vis $name:ident, $group:expr) => {
        $visibility const fn $name(
            names: [&'static str; 2],
            signature: &'static str,
            summary: &'static str,
            code: fn(
                &$crate::Call<'_>,
            ) -> $crate::args::FunctionResult,
        ) -> $crate::Function {
            $crate::row($group, names, signature, summary, code)
        }
    };
}

#[cfg(feature = "crypto")]
pub mod memo;

mod context;

mod function;

mod library;

pub mod reference;

pub mod unsupported;

pub mod args;

mod environment;

mod title;

mod numbers;

mod text;

mod hash;

mod lists;

mod documents;

mod merge;

mod group_by;

mod math;

mod sockaddr;

mod spew;

mod sprig;

mod tables;

#[cfg(test)]
mod testing;

pub use context::Context;
pub use function::{Call, Function, FunctionError, Group, named, row};
pub use library::{Example, Library};
pub use tables::TABLES;
