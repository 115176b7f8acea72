//! Renders templates, and records what they asked for.

pub mod function;
pub mod functions;
pub(crate) mod json;
pub mod pass;
pub mod record;
pub mod records;
pub mod scratch;
