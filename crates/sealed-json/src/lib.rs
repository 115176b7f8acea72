#![doc = include_str!("../README.md")]

// Writes and reads the content of a file.
mod seal;

pub use seal::{Damaged, seal, unseal};
