//! How a command is shown in messages.

use std::fmt;

use crate::config::resolved::CommandLine;

/// A command is cut after this many characters.
const MAX_CHARS: usize = 200;

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
