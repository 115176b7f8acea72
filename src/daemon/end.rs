//! The result of a run, and its exit code.

use ctmpl_options::exit_code;

/// The reason for which the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every file is written, and every command has succeeded.
    Done,
    /// A signal requested the end.
    Interrupted,
    /// A template, a command or a query failed, and there is nothing left to wait for.
    Failed,
    /// Data was still missing when the timeout of `-once` expired.
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
