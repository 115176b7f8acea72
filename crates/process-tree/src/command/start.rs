//! Starts the process of a command.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Child;

use crate::command_line::CommandLine;
use crate::environment::Environment;
use crate::locate::{locate, locate_shell};

/// A command that runs to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The command line. A program is searched on the `PATH` of this process.
    pub line: CommandLine,
    /// The timeout; zero disables it.
    pub timeout: Duration,
    /// The complete environment.
    pub environment: Environment,
}

/// Starts a command as the leader of a new process group, with pipes for its output.
pub(super) fn start(command: &Command) -> io::Result<Child> {
    let environment = &command.environment;
    match &command.line {
        CommandLine::Direct(words) => {
            let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the command is empty");
            let (program, arguments) = words.split_first().ok_or_else(empty)?;
            let mut command = tokio::process::Command::new(locate(program));
            command.arg0(program).args(arguments);
            spawn(command, environment)
        }
        CommandLine::Shell(text) => {
            let mut command = tokio::process::Command::new(locate_shell());
            command.arg0("sh").arg("-c").arg(text);
            spawn(command, environment)
        }
    }
}

fn spawn(mut command: tokio::process::Command, environment: &Environment) -> io::Result<Child> {
    command.env_clear().envs(environment.iter());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.process_group(0).spawn()
}

/// Waits until the time limit; a limit of zero waits forever.
pub(super) async fn expired(limit: Duration) {
    if limit.is_zero() {
        std::future::pending::<()>().await;
    } else {
        tokio::time::sleep(limit).await;
    }
}
