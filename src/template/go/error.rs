//! What can be wrong with a template, and where.

use std::fmt;

/// Why a template cannot be parsed or executed, with Go's own words.
///
/// The text names no value that came in as data, save numbers and truth values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoError {
    /// Whether the template could not be parsed, or not be executed.
    pub phase: Phase,
    /// The line, from 1 on.
    pub line: usize,
    /// The column in bytes, from 1 on. (The one in Go's text of an execution error counts from 0.)
    pub column: usize,
    /// The offset into the template in bytes.
    pub offset: usize,
    /// What comes before the message in Go's text: `template: t:1:2: executing "t" at <.x>: `.
    pub prefix: String,
    /// The message without the prefix.
    pub message: String,
    /// The function that is unknown or that has failed.
    pub function: Option<String>,
}

/// Where an error shows up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The template is not well formed.
    Parse,
    /// The template is well formed, but it cannot be executed with this data.
    Execute,
}

impl fmt::Display for GoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.message)
    }
}

impl std::error::Error for GoError {}

/// The result of a step.
pub(super) type Outcome<T> = Result<T, Failure>;

/// An error on its way out, in a box, for it is far larger than what the steps yield.
#[derive(Debug)]
pub(super) struct Failure(Box<GoError>);

impl Failure {
    /// The same error, which is about this function.
    #[must_use]
    pub(super) fn of_function(mut self, name: &str) -> Self {
        self.0.function = Some(name.to_owned());
        self
    }
}

impl From<GoError> for Failure {
    fn from(error: GoError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Failure> for GoError {
    fn from(Failure(error): Failure) -> Self {
        *error
    }
}

/// Line and column of a byte offset, both from 1 on.
pub(super) fn line_and_column(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset).unwrap_or(source);
    let column = before.rfind('\n').map_or(before.len(), |at| before.len() - at - 1) + 1;
    (1 + before.matches('\n').count(), column)
}
