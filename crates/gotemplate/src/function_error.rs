//! The error of a function that a template calls.

use crate::budget::Exhausted;

/// The reason why a function failed. The text names no value of the data, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FunctionError(pub String);

impl FunctionError {
    /// Creates an error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<Exhausted> for FunctionError {
    fn from(exhausted: Exhausted) -> Self {
        Self(exhausted.to_string())
    }
}
