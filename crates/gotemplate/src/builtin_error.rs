//! The error of a predefined function, or of printing a value.

/// Why a predefined function failed, or a value could not be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BuiltinError {
    /// Go's message.
    Message(String),
    /// The text would be longer than allowed.
    TooLarge,
    /// A value is nested deeper than can be printed.
    TooDeep,
}

impl BuiltinError {
    /// Creates an error with Go's message.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}
