//! The errors of commands.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::Signal;

use crate::command_line::CommandLine;

/// A command that did not succeed. The message shows the command as configured, never its environment or output.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The program could not be started.
    #[error("cannot start {program:?}{}", hint(*.remedy))]
    CannotStart {
        /// The program.
        program: String,
        /// The remedy.
        remedy: Option<&'static str>,
        /// The cause.
        source: io::Error,
    },
    /// The command exited with a code other than 0.
    #[error("command `{command}` failed with exit code {code}{}", hint(remedy_of_code(*.code, *.shell)))]
    Failed {
        /// The command as configured.
        command: String,
        /// The exit code.
        code: i32,
        /// Whether the command ran in a shell.
        shell: bool,
    },
    /// The command was killed by a signal.
    #[error("command `{command}` was killed by {}", signal_name(*.signal))]
    Killed {
        /// The command as configured.
        command: String,
        /// The number of the signal.
        signal: i32,
    },
    /// The command exceeded its timeout and was stopped.
    #[error("command `{command}` did not end within {limit:?} and was stopped")]
    TimedOut {
        /// The command as configured.
        command: String,
        /// The timeout.
        limit: Duration,
    },
    /// The command was stopped on request.
    #[error("command `{command}` was stopped before its end")]
    Stopped {
        /// The command as configured.
        command: String,
    },
    /// The exit status of the command is unknown.
    #[error("cannot wait for command `{command}`")]
    WaitFailed {
        /// The command as configured.
        command: String,
        /// The cause.
        source: io::Error,
    },
}

impl CommandError {
    /// Returns the same error with `shown` as the command line, because arguments may be secret.
    #[must_use]
    pub fn shown_as(mut self, shown: &str) -> Self {
        match &mut self {
            Self::CannotStart { .. } => {}
            Self::Failed { command, .. }
            | Self::Killed { command, .. }
            | Self::TimedOut { command, .. }
            | Self::Stopped { command }
            | Self::WaitFailed { command, .. } => shown.clone_into(command),
        }
        self
    }

    pub(crate) fn cannot_start(line: &CommandLine, source: io::Error) -> Self {
        let program = match line {
            CommandLine::Shell(_) => "sh".to_owned(),
            CommandLine::Direct(words) => words.first().cloned().unwrap_or_default(),
        };
        let remedy = match source.kind() {
            io::ErrorKind::NotFound if program.contains('/') => {
                Some("there is no such file, or the interpreter in its first line is missing")
            }
            io::ErrorKind::NotFound => Some("it is not in PATH; give its full path, or install it"),
            io::ErrorKind::PermissionDenied => {
                Some("the file must be executable by the user that starts it")
            }
            _ if source.raw_os_error() == Some(Errno::ENOEXEC as i32) => {
                Some("a script needs a first line like #!/bin/sh")
            }
            _ => None,
        };
        Self::CannotStart {
            program,
            remedy,
            source,
        }
    }

    pub(crate) fn wait_failed(line: &CommandLine, source: io::Error) -> Self {
        Self::WaitFailed {
            command: line.to_string(),
            source,
        }
    }

    pub(crate) fn timed_out(line: &CommandLine, limit: Duration) -> Self {
        Self::TimedOut {
            command: line.to_string(),
            limit,
        }
    }

    pub(crate) fn stopped(line: &CommandLine) -> Self {
        Self::Stopped {
            command: line.to_string(),
        }
    }

    /// Returns an error unless the exit status is 0.
    pub(crate) fn check(line: &CommandLine, status: ExitStatus) -> Result<(), Self> {
        let command = || line.to_string();
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(Self::Failed {
                command: command(),
                code,
                shell: matches!(line, CommandLine::Shell(_)),
            }),
            (None, signal) => Err(Self::Killed {
                command: command(),
                signal: signal.unwrap_or_default(),
            }),
        }
    }
}

fn hint(remedy: Option<&'static str>) -> String {
    remedy
        .map(|remedy| format!(" ({remedy})"))
        .unwrap_or_default()
}

fn remedy_of_code(code: i32, shell: bool) -> Option<&'static str> {
    match code {
        127 if shell => {
            Some("the shell did not find the program in PATH; give its full path, or install it")
        }
        126 if shell => Some("the shell is not permitted to execute the program"),
        _ => None,
    }
}

fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(
        |_| format!("signal {number}"),
        |signal| signal.as_str().to_owned(),
    )
}
