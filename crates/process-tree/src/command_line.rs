//! The command line of a program, and how messages show it.

use std::fmt;

/// A command line is cut after this many characters.
const MAX_CHARS: usize = 200;

/// What is executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandLine {
    /// A line for `sh -c`.
    Shell(String),
    /// A program and its arguments, executed directly.
    Direct(Vec<String>),
}

impl fmt::Display for CommandLine {
    /// The command as written, on one line, cut if it is long.
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
