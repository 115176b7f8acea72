//! The error of a function that a template calls.

use minijinja::Value;

use crate::budget::Exhausted;
use crate::redact;

/// The reason why a function failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    text: String,
    /// `true` if the text may be logged although it contains an argument.
    is_public: bool,
}

impl FunctionError {
    /// Creates an error with this text. The arguments of the function in it may be secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_public: false,
        }
    }

    /// Creates an error with a text that may be logged although it contains an argument, for example the name of a query.
    pub fn public(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_public: true,
        }
    }

    /// The text, which may contain the arguments of the function.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// The text for the log: without the texts of the arguments that do not occur in the source, unless it is public.
    #[must_use]
    pub fn redacted(&self, source: &str, arguments: &[Value]) -> String {
        if self.is_public {
            self.text.clone()
        } else {
            redact::arguments(&self.text, source, arguments)
        }
    }
}

impl From<Exhausted> for FunctionError {
    fn from(exhausted: Exhausted) -> Self {
        Self::new(exhausted.to_string())
    }
}
