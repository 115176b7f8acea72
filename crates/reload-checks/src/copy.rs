//! A copy of a tree in which staged files are at their destinations, and paths of the tree lead to
//! the copy.
//!
//! Input: a tree and staged files. Output: [`TreeCopy`], a private directory.
//!
//! Directories are real. Files are links to the originals, so that no private key is copied. Only
//! files that contain the path of the tree are copied, with the path of the copy in its place.

mod entries;
mod error;
mod leftovers;
mod links;
mod rewrite;
mod tree_copy;

pub use error::{CopyError, Limits};
pub use leftovers::remove_leftovers;
pub(crate) use tree_copy::TreeCopy;

#[cfg(test)]
mod tests;
