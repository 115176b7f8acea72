//! Verifies the effect of the command of a group.
//!
//! Input: the group. Output: the duration, or a [`VerifyFailure`]. A verification is repeated until it
//! succeeds or its time is over.

use std::time::Duration;

use tokio::time::Instant;

use crate::command;
use crate::config::resolved::{GroupConfig, Probe};
use crate::daemon::event::VerifyFailure;
use crate::error_chain::chain;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// Verifies a group.
pub(super) async fn verify(
    group: &GroupConfig,
    context: command::Context<'_>,
) -> Result<Duration, VerifyFailure> {
    let begun = Instant::now();
    let Some(verify) = &group.verify else {
        return Ok(begun.elapsed());
    };
    loop {
        let failure = match attempt(&verify.probe, context).await {
            Ok(()) => return Ok(begun.elapsed()),
            Err(failure) => failure,
        };
        if begun.elapsed() + PAUSE >= verify.timeout {
            return Err(failure);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn attempt(probe: &Probe, context: command::Context<'_>) -> Result<(), VerifyFailure> {
    match probe {
        Probe::Command(command) => match command::run(command, context).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(VerifyFailure {
                error: chain(&failure.error),
                last_lines: failure.last_lines,
            }),
        },
        Probe::Http { .. } | Probe::Builtin { .. } => Err(VerifyFailure {
            error: "not available yet".to_owned(),
            last_lines: Vec::new(),
        }),
    }
}
