#![doc = include_str!("../README.md")]

// Each module imports only modules above it; blank lines keep rustfmt from sorting the list.

mod library;

mod mark;

mod name;

mod types;

mod expression;

mod piece;

mod layout;

mod variables;

mod order;

mod scopes;

mod known;

mod writer;

mod calls;

mod values;

mod statements;

mod loops;

mod conversion;

mod proof;

pub mod configuration;

pub mod differences;

pub use conversion::{Conversion, Options, convert};
pub use gotemplate::{Delimiters, Error};
pub use library::{Function, Library};
pub use mark::Mark;
pub use proof::{Go, Jinja, Proof, Rendered};
