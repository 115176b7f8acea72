//! Built-in checks by name: the command that checks a configuration of nginx, HAProxy or Apache.
//!
//! Input: the name, the staged files, and a tree. Output: the shadow of the tree, and the command as
//! a program with its arguments.
//!
//! Files below the program's own configuration directory, or below a configured tree, are fragments:
//! the main file of the tree is checked, with the staged files in place. Other files must be whole
//! configurations, and are checked by themselves.

mod arguments;
mod defaults;
mod error;
mod prepare;
mod program;

pub use error::CheckError;
pub use prepare::{BuiltinCheck, PreparedCheck};
pub use program::CheckProgram;

#[cfg(test)]
mod tests;
