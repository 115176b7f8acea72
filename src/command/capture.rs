//! Runs a command for what it prints.
//!
//! in:  a [`CommandConfig`], what its environment holds beside ours, and a token that stops it
//! out: its standard output, whole; its standard error goes to the log, line by line

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::sync::CancellationToken;

use super::group::Group;
use super::output::Output;
use super::{CommandError, DRAIN, GRACE, Sink, over, start};
use crate::config::resolved::CommandConfig;

/// How much output is taken; what comes after it is not read, and a program that goes on writing waits for its end.
const MOST: u64 = 16 << 20;

/// Runs a command to its end, and yields what it printed.
///
/// # Errors
/// [`CommandError`]: it could not start, failed, did not end within its limit, or was stopped.
pub async fn capture(
    command: &CommandConfig,
    environment: &[(String, SecretString)],
    stop: &CancellationToken,
    sink: Sink,
) -> Result<Vec<u8>, CommandError> {
    let CommandConfig {
        line,
        timeout: limit,
        environment: config,
    } = command;
    let mut child = start(line, config, environment)
        .map_err(|source| CommandError::cannot_start(line, source))?;
    let group = Group::led_by(&child);
    let mut printed = child.stdout.take().map(|pipe| pipe.take(MOST));
    let mut errors = Output::of(&mut child, sink);
    let mut bytes = Vec::new();
    let ended = {
        // A program that fills the pipe ends only when it is read.
        let ends = async {
            let (status, ()) = tokio::join!(child.wait(), fill(&mut printed, &mut bytes));
            status
        };
        tokio::select! {
            status = errors.beside(ends) => Some(status),
            () = over(*limit) => None,
            () = stop.cancelled() => None,
        }
    };
    let Some(status) = ended else {
        errors.beside(group.end(&mut child, GRACE)).await;
        errors.drain(DRAIN).await;
        let stopped = stop.is_cancelled();
        return Err(if stopped {
            CommandError::stopped(line)
        } else {
            CommandError::overdue(line, *limit)
        });
    };
    let status = status.map_err(|source| CommandError::lost(line, source))?;
    group.release();
    errors.drain(DRAIN).await;
    CommandError::check(line, status)?;
    Ok(bytes)
}

/// Reads what is printed, to its end.
async fn fill<R: AsyncRead + Unpin>(pipe: &mut Option<R>, bytes: &mut Vec<u8>) {
    if let Some(pipe) = pipe {
        // A pipe that cannot be read has nothing more to say.
        let _ = pipe.read_to_end(bytes).await;
    }
}
