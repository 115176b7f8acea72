//! What the operator wants, resolved: nothing is left to parse, and no `Option` means "default".

pub mod resolved;
