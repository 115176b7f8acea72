//! Runs reload commands and plugins: sets up their environment and passes their output on.
//!
//! Input: a [`CommandConfig`], variables for its environment, and a token that stops it. Output:
//! [`Finished`] or a [`CommandFailure`]. The output of a command goes to ctmpl's own output
//! unchanged, or to the log.

mod environment;
mod limit;
mod redact;
mod tail;

use std::io;
use std::time::{Duration, Instant};

use process_tree::{Command, CommandError, CommandLine, Finished, Relay, Sink, Stream};
use reload_actions::{ActionError, ReloadAction, perform};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use ctmpl_options::config::resolved::PROGRAM;
pub use environment::environment;
use group_apply::options::{CommandConfig, CommandOutput};
use limit::{LineLimit, Verdict};
use redact::Redactor;
use tail::Tail;

/// The maximum time to wait until the output of a command is written.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(200);

/// A command that did not succeed.
#[derive(Debug)]
pub struct CommandFailure {
    /// The error.
    pub error: RunError,
    /// The last lines of its output, without secrets.
    pub last_lines: Vec<String>,
}

/// The reason for which a command, or the action in place of it, did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// An action.
    #[error("`{action}` failed")]
    Action {
        /// The action, without secrets.
        action: String,
        /// The cause.
        source: Box<ActionError>,
    },
}

/// The context of all commands.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Variables in addition to the environment of ctmpl.
    pub exports: &'a [(String, SecretString)],
    /// Stops the command.
    pub stop: &'a CancellationToken,
    /// Passes the output of commands on to that of ctmpl.
    pub relay: Option<&'a Relay>,
    /// The purpose of the command.
    pub purpose: Purpose,
}

/// The purpose of a command, which decides where its output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A reload: the output goes where the configuration says.
    Reload,
    /// A check or a verification, which may be repeated often: the output is only a part of the
    /// message about a failure.
    Probe,
}

/// Runs `command` to its end, or performs the action in place of it.
///
/// # Errors
/// [`CommandFailure`] if it could not start, failed, exceeded its timeout or was stopped.
pub async fn run(
    command: &CommandConfig,
    context: Context<'_>,
) -> Result<Finished, CommandFailure> {
    let Context {
        exports,
        stop,
        relay,
        purpose,
    } = context;
    if let Some(action) = &command.action {
        return act(action, command, stop).await;
    }
    let tail = Tail::new(Redactor::new(exports));
    let sink = match (command.output, relay) {
        _ if purpose == Purpose::Probe => {
            let lines = tail.clone();
            Sink::of_lines(move |_, line| lines.push(line))
        }
        (CommandOutput::Inherit, Some(relay)) => {
            let lines = tail.clone();
            Sink::of_lines(move |_, line| lines.push(line)).relayed_by(relay.clone())
        }
        _ => log(&command.line, exports, Some(tail.clone())),
    };
    let command = Command {
        line: command.line.clone(),
        timeout: command.timeout,
        environment: environment(&command.environment, exports),
    };
    let ended = process_tree::run(&command, stop, sink).await;
    if let Some(relay) = relay {
        // The output comes before the message about the end of the command.
        relay.flush(Some(FLUSH_TIMEOUT)).await;
    }
    ended.map_err(|error| CommandFailure {
        error: error.into(),
        last_lines: tail.take(),
    })
}

/// Performs an action, which has no output.
async fn act(
    action: &ReloadAction,
    command: &CommandConfig,
    stop: &CancellationToken,
) -> Result<Finished, CommandFailure> {
    let started = Instant::now();
    let performed = perform(action, PROGRAM, command.timeout, stop).await;
    let failed = |source| CommandFailure {
        error: RunError::Action {
            action: command.line.to_string(),
            source: Box::new(source),
        },
        last_lines: Vec::new(),
    };
    performed.map_err(failed)?;
    Ok(Finished {
        took: started.elapsed(),
        lingering: None,
    })
}

/// Starts the relay for the output of commands. Without one, their output is logged.
pub fn start_relay() -> Option<Relay> {
    let cannot = |error: &io::Error| {
        tracing::error!(name: "process.no_thread", %error, "cannot start a thread: {error}");
    };
    Relay::start().inspect_err(cannot).ok()
}

/// Creates the sink that logs the standard error of a plugin.
pub fn log_plugin(line: &CommandLine, exports: &[(String, SecretString)]) -> Sink {
    log(line, exports, None)
}

/// Creates the sink that logs output with the target `command`: standard output at INFO, standard
/// error at WARN, because commands report their errors there. Secrets in `exports` are redacted.
fn log(line: &CommandLine, exports: &[(String, SecretString)], tail: Option<Tail>) -> Sink {
    let redactor = Redactor::new(exports);
    let mut limit = LineLimit::new(redactor.redact(&line.to_string()), Instant::now());
    Sink::of_lines(move |stream, line| {
        if let Some(tail) = &tail {
            tail.push(line);
        }
        if limit.on_line(Instant::now()) == Verdict::Drop {
            return;
        }
        let (command, output) = (limit.command(), redactor.redact(line));
        match stream {
            Stream::Out => {
                tracing::info!(name: "command.output", target: "command", command, output, "{output} command={command}");
            }
            Stream::Err => {
                tracing::warn!(
                    name: "command.error_output", target: "command", command, output,
                    "{output} command={command}"
                );
            }
        }
    })
}
