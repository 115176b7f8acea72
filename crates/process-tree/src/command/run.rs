//! Runs a command and passes its output to a sink, line by line.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::group::{Group, TERM_TIMEOUT};
use super::output::{DRAIN_TIMEOUT, Output, Sink};
use super::start::{Command, expired, start};
use crate::error::CommandError;

/// A command that succeeded.
#[derive(Debug)]
pub struct Finished {
    /// The run time.
    pub took: Duration,
    /// The output, if a background process still has it open.
    ///
    /// [`Output::follow`] continues to pass lines to the sink. Dropping this closes the pipes: a
    /// program that writes to them later is killed by SIGPIPE, as at the end of this process.
    pub lingering: Option<Box<Output>>,
}

/// Runs a command to its end.
///
/// Its standard input is empty, and `sink` receives each line of its output. If `stop` is
/// cancelled, the command is stopped as at its timeout. If the future is dropped, its group is
/// killed at once.
///
/// # Errors
/// [`CommandError`] if the command could not start, failed, exceeded its timeout or was stopped. No
/// error contains parts of the environment or the output.
pub async fn run(
    command: &Command,
    stop: &CancellationToken,
    sink: Sink,
) -> Result<Finished, CommandError> {
    run_with_term_timeout(command, stop, sink, TERM_TIMEOUT).await
}

/// The event that ends the wait for a command.
enum End {
    Exited(io::Result<ExitStatus>),
    TimedOut,
    Stopped,
}

pub(super) async fn run_with_term_timeout(
    command: &Command,
    stop: &CancellationToken,
    sink: Sink,
    term_timeout: Duration,
) -> Result<Finished, CommandError> {
    let Command { line, timeout, .. } = command;
    let started = Instant::now();
    let mut child = start(command).map_err(|source| CommandError::cannot_start(line, source))?;
    let group = Group::of_leader(&child);
    let mut output = Output::take_from(&mut child, sink);
    let end = tokio::select! {
        exited = output.while_running(child.wait()) => End::Exited(exited),
        () = expired(*timeout) => End::TimedOut,
        () = stop.cancelled() => End::Stopped,
    };
    let status = match end {
        End::Exited(Ok(status)) => status,
        End::Exited(Err(source)) => return Err(CommandError::wait_failed(line, source)),
        End::TimedOut | End::Stopped => {
            output
                .while_running(group.stop(&mut child, term_timeout))
                .await;
            output.drain(DRAIN_TIMEOUT).await;
            let timed_out = matches!(end, End::TimedOut);
            return Err(if timed_out {
                CommandError::timed_out(line, *timeout)
            } else {
                CommandError::stopped(line)
            });
        }
    };
    let took = started.elapsed();
    group.release();
    let drained = output.drain(DRAIN_TIMEOUT).await;
    CommandError::check(line, status)?;
    Ok(Finished {
        took,
        lingering: (!drained).then(|| Box::new(output)),
    })
}
