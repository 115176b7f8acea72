//! Runs one command to its end, or ends it with everything it started.
//!
//! in:  a [`CommandConfig`], what its environment holds beside ours, and a token that stops it
//! out: [`Finished`] or a [`CommandError`]; on the way, each line it prints goes to a [`Sink`]
//!
//! A command is a process group of its own. A command that runs over its limit, or is no longer wanted, is ended as a
//! whole group: asked with TERM, made to with KILL. Whatever a command that ended by itself has left running in the
//! background lives on: that is how services are started.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::config::resolved::{CommandConfig, CommandLine, EnvironmentConfig};

mod capture;
mod environment;
mod error;
mod group;
mod lines;
mod output;
mod secrets;

pub use capture::capture;
pub use environment::{environment, locate};
pub use error::CommandError;
pub use output::{Output, Sink, Stream, log};

use group::Group;

/// How long a command may take to end after it was asked to, before it is made to.
const GRACE: Duration = Duration::from_secs(5);
/// How long what a command printed last may take to arrive after its end.
const DRAIN: Duration = Duration::from_millis(200);
/// Where a shell is looked for: on the path first.
const SHELLS: [&str; 3] = ["sh", "/bin/sh", "/usr/bin/sh"];

/// A command that succeeded.
#[derive(Debug)]
pub struct Finished {
    /// From its start to its end.
    pub took: Duration,
    /// Something that it left running in the background still holds its output.
    ///
    /// [`Output::follow`] goes on handing out its lines. Dropped, it closes the pipes: a program that writes into them
    /// later is killed by SIGPIPE, as at the end of ctmpl.
    pub lingering: Option<Output>,
}

/// Runs `command` to its end; `environment` is added to ours.
///
/// Its standard input is empty. Each line it prints is given to `sink` as it comes; [`log`] makes the usual one. A
/// limit of zero is none. If `stop` is cancelled it is ended like a command over its limit; if the future is dropped,
/// its group is killed at once.
///
/// # Errors
/// [`CommandError`]: it could not start, failed, did not end within its limit, or was stopped. No error contains
/// anything of the environment or of the output.
pub async fn run(
    command: &CommandConfig,
    environment: &[(String, SecretString)],
    stop: &CancellationToken,
    sink: Sink,
) -> Result<Finished, CommandError> {
    run_with_grace(command, environment, stop, sink, GRACE).await
}

/// Why waiting for a command is over.
enum End {
    Exited(io::Result<ExitStatus>),
    Overdue,
    Stopped,
}

async fn run_with_grace(
    command: &CommandConfig,
    environment: &[(String, SecretString)],
    stop: &CancellationToken,
    sink: Sink,
    grace: Duration,
) -> Result<Finished, CommandError> {
    let CommandConfig {
        line,
        timeout,
        environment: config,
    } = command;
    let started = Instant::now();
    let mut child = start(line, config, environment)
        .map_err(|source| CommandError::cannot_start(line, source))?;
    let group = Group::led_by(&child);
    let mut output = Output::of(&mut child, sink);
    let end = tokio::select! {
        exited = output.beside(child.wait()) => End::Exited(exited),
        () = over(*timeout) => End::Overdue,
        () = stop.cancelled() => End::Stopped,
    };
    let status = match end {
        End::Exited(Ok(status)) => status,
        End::Exited(Err(source)) => return Err(CommandError::lost(line, source)),
        End::Overdue | End::Stopped => {
            output.beside(group.end(&mut child, grace)).await;
            output.drain(DRAIN).await;
            let overdue = matches!(end, End::Overdue);
            return Err(if overdue {
                CommandError::overdue(line, *timeout)
            } else {
                CommandError::stopped(line)
            });
        }
    };
    let took = started.elapsed();
    group.release();
    let drained = output.drain(DRAIN).await;
    CommandError::check(line, status)?;
    Ok(Finished {
        took,
        lingering: (!drained).then_some(output),
    })
}

/// Ends when the limit is over: never, if it is zero.
async fn over(limit: Duration) {
    if limit.is_zero() {
        std::future::pending::<()>().await;
    } else {
        tokio::time::sleep(limit).await;
    }
}

fn start(
    line: &CommandLine,
    config: &EnvironmentConfig,
    exports: &[(String, SecretString)],
) -> io::Result<Child> {
    let environment = environment(config, exports);
    match line {
        CommandLine::Direct(words) => {
            let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the command is empty");
            let (program, arguments) = words.split_first().ok_or_else(empty)?;
            let mut command = Command::new(locate(program));
            command.arg0(program).args(arguments);
            spawn(command, &environment)
        }
        CommandLine::Shell(text) => {
            let mut tried = Err(io::ErrorKind::NotFound.into());
            for shell in SHELLS {
                let mut command = Command::new(locate(shell));
                command.arg0(shell);
                command.arg("-c").arg(text);
                tried = spawn(command, &environment);
                if !matches!(&tried, Err(error) if error.kind() == io::ErrorKind::NotFound) {
                    break;
                }
            }
            tried
        }
    }
}

fn spawn(mut command: Command, environment: &BTreeMap<OsString, OsString>) -> io::Result<Child> {
    command.env_clear().envs(environment);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.process_group(0).spawn()
}

impl fmt::Display for CommandLine {
    /// As written, on one line and not without end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 200;
        let text = match self {
            Self::Shell(line) => line.clone(),
            Self::Direct(words) => words.join(" "),
        };
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match one_line.char_indices().nth(MOST) {
            Some((end, _)) => write!(out, "{}…", &one_line[..end]),
            None => write!(out, "{one_line}"),
        }
    }
}

#[cfg(test)]
mod tests;
