//! The command line of a program, and its form in messages.

use std::fmt;

/// The maximum number of characters that are shown.
const MAX_CHARS: usize = 200;

/// The command line to execute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandLine {
    /// A line for `sh -c`.
    Shell(String),
    /// A program and its arguments, executed directly.
    Direct(Vec<String>),
}

impl fmt::Display for CommandLine {
    /// Writes the command as configured, on one line, truncated if it is long.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Shell(line) => line.clone(),
            Self::Direct(words) => words.join(" "),
        };
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match one_line.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => write!(out, "{}…", &one_line[..end]),
            None => write!(out, "{one_line}"),
        }
    }
}
