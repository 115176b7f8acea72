//! Runs a command and hands out its output line by line.

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
    /// From its start to its end.
    pub took: Duration,
    /// The output, if a process in the background still has it open.
    ///
    /// [`Output::follow`] continues to hand out its lines. Dropping it closes the pipes: a program that writes to them
    /// later is killed by SIGPIPE, as at the end of this process.
    pub lingering: Option<Output>,
}

/// Runs a command to its end.
///
/// Its standard input is empty, and each line of its output goes to `sink`. If
/// `stop` is cancelled, the command is stopped as at its timeout; if the future is dropped, its group is killed at once.
///
/// # Errors
/// [`CommandError`] if it could not start, failed, exceeded its timeout or was stopped. No error contains anything of
/// the environment or the output.
pub async fn run(
    command: &Command,
    stop: &CancellationToken,
    sink: Sink,
) -> Result<Finished, CommandError> {
    run_with_term_timeout(command, stop, sink, TERM_TIMEOUT).await
}

/// Why the wait for a command has ended.
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
        lingering: (!drained).then_some(output),
    })
}
