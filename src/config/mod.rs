//! What the operator wants, resolved: nothing is left to parse, and no `Option` means "default".

pub mod duration;
pub mod log_level;
pub mod resolved;
pub mod signal;
pub mod template_argument;
pub mod wait;
