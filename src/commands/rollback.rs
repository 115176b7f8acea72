//! `ctmpl rollback`: lets the daemon restore an earlier content of a file and keep it, or release
//! the file.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow};
use apply_ledger::{Generation, History, Outcome};
use ctmpl_options::cli::RollbackArguments;
use ctmpl_options::exit_code;
use go_duration::GoDuration;

use super::output::Failure;
use super::{request, state};

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

/// The latest content before the present one with which the command succeeded; without one, the content that was in
/// the file before the first write. A content that another program has written later was never proved to be good.
/// Without a present content, because a rollback has removed the file, all contents are earlier ones.
fn last_good(newest_first: &[Generation]) -> Option<&Generation> {
    let present = newest_first.iter().find(|known| known.is_written);
    let is_earlier = |known: &&Generation| {
        present.is_none_or(|now| known.number < now.number && known.hash != now.hash)
    };
    let earlier = || newest_first.iter().filter(is_earlier);
    earlier()
        .find(|known| known.outcome == Outcome::Applied)
        .or_else(|| earlier().find(|known| known.outcome == Outcome::Found && known.number == 1))
}

#[cfg(test)]
mod tests {
    use apply_ledger::{Attributes, Hash};

    use super::*;

    /// Generations from the oldest to the newest, of which the last one is in the file.
    fn chosen_of(contents: &[(&str, Outcome)]) -> Option<u64> {
        let all = contents
            .iter()
            .enumerate()
            .map(|(at, (content, outcome))| Generation {
                number: at as u64 + 1,
                hash: Hash::of(content.as_bytes()),
                size: content.len() as u64,
                outcome: *outcome,
                at: SystemTime::UNIX_EPOCH,
                group: "g".to_owned(),
                attributes: Attributes::default(),
                is_written: at + 1 == contents.len(),
                is_applied: false,
            });
        let mut all: Vec<_> = all.collect();
        all.reverse();
        last_good(&all).map(|found| found.number)
    }

    #[test]
    fn content_of_another_program_is_not_the_last_good_one() {
        use Outcome::{Applied, Failed, Found};
        let restored = [("1", Applied), ("2", Applied), ("", Found), ("2", Applied)];
        assert_eq!(chosen_of(&restored), Some(1));
        let first_write = [("old", Found), ("1", Failed)];
        assert_eq!(chosen_of(&first_write), Some(1), "nothing else is good");
        let applied_since = [("old", Found), ("1", Applied), ("2", Failed)];
        assert_eq!(chosen_of(&applied_since), Some(2));
        let foreign = [("1", Failed), ("", Found), ("2", Failed)];
        assert_eq!(chosen_of(&foreign), None);
    }
}
