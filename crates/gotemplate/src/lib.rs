#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

pub mod budget;

pub mod redact;

mod function_error;

mod builtin_error;

pub mod record;

pub mod any_map;

pub mod scalar_object;

pub mod dict;

pub mod scratch;

pub mod args;

pub mod time;

pub mod json;

mod unicode;

mod complex;

mod quote;

pub mod number;

mod go_value;

mod printf;

mod compare;

mod elements;

mod escape;

mod builtins;

pub mod go_fmt;

pub mod pattern;

pub mod yaml;

pub mod toml;

mod options;

mod context;

mod error;

pub mod ast;

mod token;

mod lexer;

mod parser;

mod stack;

mod program;

mod evaluate;

mod template;

pub mod go_functions;

#[cfg(test)]
mod tests;

pub use budget::{Budget, Exhausted};
pub use builtins::language_functions;
pub use context::{Context, FunctionId};
pub use error::{Enclosing, Error, ErrorSubject, NameKind, Phase, UnknownName};
pub use function_error::FunctionError;
pub use options::{Delimiters, Limits, MissingKey, Options};
pub use stack::with_large_stack;
pub use template::{Template, parse_tree};
