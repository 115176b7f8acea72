//! The exit status of a child process.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

/// The exit code of the reaper if the child cannot be started; shells use the same code.
pub const CANNOT_EXECUTE: u8 = 126;

/// The exit status of a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub(super) ExitStatus);

impl Exit {
    /// Returns the exit code, or 128 plus the number of the signal, as a shell reports it.
    pub fn code(self) -> u8 {
        let code = self
            .0
            .code()
            .or_else(|| self.0.signal().map(|signal| 128 + signal));
        code.and_then(|code| u8::try_from(code).ok())
            .unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(code), _) => write!(f, "with exit code {code}"),
            (None, signal) => {
                let number = signal.unwrap_or_default();
                match Signal::try_from(number) {
                    Ok(signal) => write!(f, "by {signal}"),
                    Err(_) => write!(f, "by signal {number}"),
                }
            }
        }
    }
}
