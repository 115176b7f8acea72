//! Replaces files of a tree for this process only, in a mount namespace of its own.
//!
//! Input: a tree and staged files. Output: a process that sees the staged files at their
//! destinations, by any path. Other processes see the tree unchanged.
//!
//! An overlay also keeps what the check writes into the tree, such as a PID file, out of the real
//! tree. Where the kernel refuses an overlay, single files and directories are covered by bind
//! mounts.

mod binds;
mod enter;
mod error;
mod isolate;
mod mount_points;
mod new_file;
mod overlay;
mod scratch;

pub(crate) use enter::attempt;
pub use enter::{Mounts, enter};
pub use error::NamespaceError;
