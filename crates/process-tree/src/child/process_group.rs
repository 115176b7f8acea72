//! The process group of a child.

use std::io::{self, IsTerminal as _};

use crate::command_line::CommandLine;

/// The process group of a child and its reaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProcessGroup {
    /// A group of its own, so that the whole group can be signalled.
    Own,
    /// That of the supervisor. Only a process of the foreground group can read the terminal.
    Inherited,
}

impl ProcessGroup {
    /// The group for a command line. A shell has a group of its own: its programs are signalled
    /// through it.
    pub(super) fn of(line: &CommandLine) -> Self {
        match line {
            CommandLine::Direct(_) if io::stdin().is_terminal() => Self::Inherited,
            CommandLine::Direct(_) | CommandLine::Shell(_) => Self::Own,
        }
    }

    /// The name in the arguments of a reaper.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Inherited => "inherited",
        }
    }

    /// Parses the name.
    pub(super) fn from_text(text: &str) -> Self {
        match text {
            "inherited" => Self::Inherited,
            _ => Self::Own,
        }
    }
}
