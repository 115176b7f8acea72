//! Checks the staged files of a group.
//!
//! Input: the group, and its staged files. Output: [`Checked`], or a [`CheckFailure`].

use std::path::PathBuf;
use std::time::Instant;

use crate::apply::transaction::StagedFile;
use crate::command;
use crate::config::resolved::{CheckMethod, GroupConfig};
use crate::daemon::event::{CheckFailure, Checked};
use crate::error_chain::chain;

/// Runs the check of a group.
pub(super) async fn check(
    group: &GroupConfig,
    files: &[StagedFile],
    context: command::Context<'_>,
) -> Result<Checked, CheckFailure> {
    let begun = Instant::now();
    let checked = || Checked {
        took: begun.elapsed(),
    };
    let Some(check) = &group.check else {
        return Ok(checked());
    };
    // A file that has not changed stands for itself.
    let path = |file: &StagedFile| {
        file.staged
            .clone()
            .unwrap_or_else(|| file.destination.clone())
    };
    let _staged: Vec<PathBuf> = files.iter().map(path).collect();
    match &check.method {
        CheckMethod::Command(command) => match command::run(command, context).await {
            Ok(_) => Ok(checked()),
            Err(failure) => Err(CheckFailure {
                error: chain(&failure.error),
                last_lines: failure.last_lines,
            }),
        },
        CheckMethod::Builtin(..) => Err(CheckFailure {
            error: "built-in checks are not available yet".to_owned(),
            last_lines: Vec::new(),
        }),
    }
}
