#![doc = include_str!("../README.md")]

// Each module imports only modules above it.

// The errors of writing a file.
mod error;

// The options of a file.
mod options;

// Creates missing directories, and flushes changed ones.
mod directory;

// Files and links of other users in directories that all users may write.
mod sticky;

// Resolves the links of a path.
mod resolve;

// The file that a path refers to, and its present content.
mod target;

// The file that a destination led to at a moment.
mod known;

// The names of temporary files, and the removal of old ones.
mod leftover;

// Temporary files beside a target.
mod temporary;

// Mode, owner and group of a file.
mod attributes;

// Writes into an existing file that cannot be replaced.
mod in_place;

// Ensures that only one template writes each file.
mod claims;

// Prepares new content for its swap.
mod prepare;

// Replaces files in two steps.
mod write;

// The content before a replacement, and its restoration.
mod previous;

// Appends to a file.
mod append;

// Files whose path may come from data.
mod additional;

pub use additional::Additional;
pub use append::Append;
pub use error::WriteError;
pub use known::KnownTarget;
pub use options::{FileOptions, Owner, WriteMode};
pub use previous::Previous;
pub use target::target_of;
pub use write::{Stage, Staged, Swapped, Writer, is_current};
