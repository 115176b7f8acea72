//! How a command fails.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::Signal;

use crate::config::resolved::CommandLine;

/// A command that did not succeed. It shows the command as configured, nothing of its environment or its output.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It was never started.
    #[error("cannot start {program:?}{}", hint(*.remedy))]
    CannotStart {
        /// The program that was looked for.
        program: String,
        /// What the operator can do about it.
        remedy: Option<&'static str>,
        /// What the system says.
        source: io::Error,
    },
    /// It ended with another code than 0.
    #[error("command `{command}` failed with exit code {code}{}", hint(remedy_of_code(*.code, *.shell)))]
    Failed {
        /// The command as configured.
        command: String,
        /// Its exit code.
        code: i32,
        /// Whether the code is a shell's.
        shell: bool,
    },
    /// A signal ended it.
    #[error("command `{command}` was ended by {}", signal_name(*.signal))]
    Killed {
        /// The command as configured.
        command: String,
        /// The signal's number.
        signal: i32,
    },
    /// It took too long, and was ended.
    #[error("command `{command}` did not end within {limit:?} and was stopped")]
    Overdue {
        /// The command as configured.
        command: String,
        /// How long it might have taken.
        limit: Duration,
    },
    /// It was no longer wanted, and was ended.
    #[error("command `{command}` was stopped before its end")]
    Stopped {
        /// The command as configured.
        command: String,
    },
    /// How it ended could not be found out.
    #[error("cannot wait for command `{command}`")]
    Lost {
        /// The command as configured.
        command: String,
        /// What the system says.
        source: io::Error,
    },
}

impl CommandError {
    /// The same, but of the command it shows only this much: its arguments may be secret.
    #[must_use]
    pub fn shown_as(mut self, shown: &str) -> Self {
        match &mut self {
            Self::CannotStart { .. } => {}
            Self::Failed { command, .. }
            | Self::Killed { command, .. }
            | Self::Overdue { command, .. }
            | Self::Stopped { command }
            | Self::Lost { command, .. } => shown.clone_into(command),
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
            io::ErrorKind::NotFound => {
                Some("it is in no directory of PATH; give its full path, or install it")
            }
            io::ErrorKind::PermissionDenied => {
                Some("the file must be executable by the user that runs ctmpl")
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

    pub(crate) fn lost(line: &CommandLine, source: io::Error) -> Self {
        Self::Lost {
            command: line.to_string(),
            source,
        }
    }

    pub(super) fn overdue(line: &CommandLine, limit: Duration) -> Self {
        Self::Overdue {
            command: line.to_string(),
            limit,
        }
    }

    pub(super) fn stopped(line: &CommandLine) -> Self {
        Self::Stopped {
            command: line.to_string(),
        }
    }

    /// Whether it succeeded.
    pub(super) fn check(line: &CommandLine, status: ExitStatus) -> Result<(), Self> {
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
            Some("the shell found no such program in PATH; give its full path, or install it")
        }
        126 if shell => Some("the shell found the program but may not execute it"),
        _ => None,
    }
}

fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(
        |_| format!("signal {number}"),
        |signal| signal.as_str().to_owned(),
    )
}
