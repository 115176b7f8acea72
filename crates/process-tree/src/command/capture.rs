//! Runs a command and collects its standard output. A sink receives the lines of its standard
//! error.

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::sync::CancellationToken;

use super::group::{Group, TERM_TIMEOUT};
use super::output::{DRAIN_TIMEOUT, Output, Sink};
use super::start::{Command, expired, start};
use crate::error::CommandError;

/// The maximum size of the output, in bytes. The rest is not read: a program that writes more
/// blocks until it is stopped.
const MAX_OUTPUT: u64 = 16 << 20;

/// Runs a command to its end. Returns its standard output.
///
/// # Errors
/// [`CommandError`] if it could not start, failed, exceeded its timeout or was stopped.
pub async fn capture(
    command: &Command,
    stop: &CancellationToken,
    sink: Sink,
) -> Result<Vec<u8>, CommandError> {
    let Command { line, timeout, .. } = command;
    let mut child = start(command).map_err(|source| CommandError::cannot_start(line, source))?;
    let group = Group::of_leader(&child);
    let mut stdout = child.stdout.take().map(|pipe| pipe.take(MAX_OUTPUT));
    let mut errors = Output::take_from(&mut child, sink);
    let mut bytes = Vec::new();
    let ended = {
        // Read while waiting: a program blocks when the pipe is full.
        let ends = async {
            let (status, ()) = tokio::join!(child.wait(), fill(&mut stdout, &mut bytes));
            status
        };
        tokio::select! {
            status = errors.while_running(ends) => Some(status),
            () = expired(*timeout) => None,
            () = stop.cancelled() => None,
        }
    };
    let Some(status) = ended else {
        errors
            .while_running(group.stop(&mut child, TERM_TIMEOUT))
            .await;
        errors.drain(DRAIN_TIMEOUT).await;
        let stopped = stop.is_cancelled();
        return Err(if stopped {
            CommandError::stopped(line)
        } else {
            CommandError::timed_out(line, *timeout)
        });
    };
    let status = status.map_err(|source| CommandError::wait_failed(line, source))?;
    group.release();
    errors.drain(DRAIN_TIMEOUT).await;
    CommandError::check(line, status)?;
    Ok(bytes)
}

/// Reads the pipe to its end.
async fn fill<R: AsyncRead + Unpin>(pipe: &mut Option<R>, bytes: &mut Vec<u8>) {
    if let Some(pipe) = pipe {
        // An error counts as the end of the output.
        let _ = pipe.read_to_end(bytes).await;
    }
}
