//! Why logging cannot start.

use std::io;

/// An outlet that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot log to {outlet}; {remedy}")]
pub struct LogError {
    pub(super) outlet: String,
    pub(super) remedy: &'static str,
    pub(super) source: io::Error,
}
