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

/// The result of a step; the error is boxed, for it is far larger than what the steps yield.
pub(super) type Outcome<T> = Result<T, Box<GoError>>;

/// Line and column of a byte offset, both from 1 on.
pub(super) fn line_and_column(source: &str, offset: usize) -> (usize, usize) {
    let before = source.as_bytes().get(..offset).unwrap_or(source.as_bytes());
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line, column)
}
