//! Renders templates, and records what they asked for.

pub mod function;
pub mod go;
pub mod pass;
pub mod record;
pub mod scratch;
