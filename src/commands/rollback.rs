//! `ctmpl rollback`: lets the daemon restore an earlier content of a file and keep it, or release
//! the file.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow};
use apply_ledger::{Generation, History, Outcome};
use go_duration::GoDuration;

use super::output::Failure;
use super::{request, state};
use crate::cli::RollbackArguments;
use crate::exit_code;

pub(super) fn run(arguments: &RollbackArguments) -> Result<u8, Failure> {
    let hold = duration(arguments)?;
    let directory = state::directory(arguments.state_dir.as_deref())?;
    let history = state::open(&directory)?;
    let path = state::find(&history, &arguments.destination)?;
    let generation = if arguments.release {
        None
    } else {
        Some(chosen(&history, &path, arguments.generation)?)
    };
    request::send(
        &history,
        &directory,
        "roll back",
        |queue| match generation {
            None => queue.release(&path),
            Some(number) => {
                let until = hold.and_then(|hold| SystemTime::now().checked_add(hold));
                queue.hold(&path, number, until)
            }
        },
    )
}

fn failed(error: anyhow::Error) -> Failure {
    Failure::new(exit_code::FAILURE, error)
}

/// The duration of the hold. It does not go with `--release`, nor does a generation.
fn duration(arguments: &RollbackArguments) -> Result<Option<Duration>, Failure> {
    let wrong = |error| Failure::new(exit_code::USAGE, error);
    if arguments.release && (arguments.hold.is_some() || arguments.generation.is_some()) {
        return Err(wrong(anyhow!(
            "--release takes neither a generation nor --hold; write `ctmpl rollback --release DEST`"
        )));
    }
    let Some(text) = &arguments.hold else {
        return Ok(None);
    };
    let duration: GoDuration = text.parse().context("cannot use --hold").map_err(wrong)?;
    if duration.0.is_zero() {
        return Err(wrong(anyhow!("--hold must be longer than 0")));
    }
    Ok(Some(duration.0))
}

/// The number of the generation to restore.
fn chosen(history: &History, path: &Path, number: Option<u64>) -> Result<u64, Failure> {
    let generations = history.generations(path)?;
    if let Some(number) = number {
        return Ok(state::generation(path, &generations, number)?.number);
    }
    let found = last_good(&generations).ok_or_else(|| {
        let path = path.display();
        failed(anyhow!(
            "no earlier good content of {path} is stored; `ctmpl history {path}` lists all"
        ))
    })?;
    Ok(found.number)
}

/// The latest content before the present one with which the command succeeded, or which was in the
/// file before ctmpl wrote it.
fn last_good(newest_first: &[Generation]) -> Option<&Generation> {
    let present = newest_first.iter().find(|known| known.is_written)?;
    newest_first.iter().find(|known| {
        known.number < present.number
            && known.hash != present.hash
            && matches!(known.outcome, Outcome::Applied | Outcome::Found)
    })
}
