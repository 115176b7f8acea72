//! The result of a run, and the exit code for it.

use crate::exit_code;

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every file is written, and every command has succeeded.
    Done,
    /// A signal requested it.
    Interrupted,
    /// A template, a command or Consul failed, and there is nothing to wait for.
    Failed,
    /// Data was still missing when the time was up.
    TimedOut,
    /// The child process ended with this code.
    Child(u8),
}

impl End {
    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => exit_code::SUCCESS,
            Self::Interrupted => exit_code::INTERRUPTED,
            Self::Failed => exit_code::FAILURE,
            Self::TimedOut => exit_code::TIMED_OUT,
            Self::Child(code) => code,
        }
    }
}
