#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

mod tree;

mod format;

mod origin;

mod error;

mod find;

mod source;

mod key;

mod page;

mod inputs;

mod entries;

mod value;

mod file_mode;

mod glob;

mod choice;

mod block;

mod field;

mod labelled;

mod valueless;

mod switched;

pub mod reference;

mod schema;

#[doc(hidden)]
pub use block::{read_block, shape_of_block};
#[doc(hidden)]
pub use field::resolved;

pub use block::{Block, first_origin, one_line, origins};
pub use choice::{Choice, ChoiceError};
pub use config_blocks_derive::{Block, Choice};
pub use entries::{Entries, FromNode, Position};
pub use error::{Error, Reason, ValueError};
pub use field::{Field, Setting, filled, is_on, origin_of, value};
pub use file_mode::{FileMode, FileModeError};
pub use find::{Found, find};
pub use format::{Comment, Format, FormatError};
pub use glob::{Glob, GlobError};
pub use inputs::{Environment, Flags, Input, Inputs, go_bool};
pub use key::{Key, Number, Pattern, Shape, Spelling, in_any_case};
pub use labelled::Labelled;
pub use origin::{Document, Located, Origin, Overridden, Span};
pub use page::{Page, quoted, quoted_list};
pub use schema::schema;
pub use source::Source;
pub use switched::Switched;
pub use tree::{Entry, Malformed, Node, Tree, float, integer};
pub use value::{DURATION, Value};
pub use valueless::{Checked, Unsupported};

// The derived code names this crate, in its own tests too.
#[cfg(test)]
extern crate self as config_blocks;

#[cfg(test)]
mod tests;
