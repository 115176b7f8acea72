#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

mod format;

mod check;

pub mod escape;

pub use check::check;
pub use format::{Format, OutputFormat, UnknownFormat};
