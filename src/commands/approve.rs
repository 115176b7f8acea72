//! `ctmpl approve`: lists the changes that the change budget has parked, or lets the daemon apply one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use apply_ledger::Parked;
use ctmpl_options::cli::ApproveArguments;
use ctmpl_options::exit_code;
use serde_json::{Value, json};

use super::output::{Failure, print};
use super::request;
use super::state::{self, pretty, time};
use super::table::table;

/// The number of digits of a hash in a table.
const SHORT_HASH: usize = 12;

pub(super) fn run(arguments: &ApproveArguments) -> Result<u8, Failure> {
    let ApproveArguments {
        destination,
        state_dir,
        json,
    } = arguments;
    let directory = state::directory(state_dir.as_deref())?;
    let history = state::open(&directory)?;
    let parked = history.parked()?;
    let Some(typed) = destination else {
        return Ok(print(&if *json {
            as_json(&parked)
        } else {
            as_table(&parked)
        }));
    };
    if *json {
        let error = anyhow!("--json lists all parked changes; write `ctmpl approve --json`");
        return Err(Failure::new(exit_code::USAGE, error));
    }
    let Parked {
        destination,
        change,
        ..
    } = find(&parked, typed)?;
    request::send(&history, &directory, "approve", |queue| {
        queue.approve(destination, change.content)
    })
}

/// Finds the parked change of a file, by its path or another path to the same file. Relative paths start at the
/// working directory.
fn find<'a>(parked: &'a [Parked], typed: &Path) -> Result<&'a Parked, Failure> {
    let path = std::path::absolute(typed)
        .with_context(|| format!("cannot use the path {}", typed.display()))
        .map_err(|error| Failure::new(exit_code::USAGE, error))?;
    let paths: Vec<_> = parked.iter().map(|it| it.destination.clone()).collect();
    let found = state::same_file(&path, &paths);
    let found = found.and_then(|found| parked.iter().find(|known| known.destination == *found));
    found.ok_or_else(|| {
        let path = path.display();
        let error = anyhow!("no change of {path} is parked; {}", names(parked));
        Failure::new(exit_code::FAILURE, error)
    })
}

/// The files whose changes are parked, in words.
fn names(parked: &[Parked]) -> String {
    let paths: Vec<PathBuf> = parked.iter().map(|it| it.destination.clone()).collect();
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if paths.is_empty() {
        "no other file waits either".to_owned()
    } else {
        format!("these files wait: {}", paths.join(", "))
    }
}

fn as_table(parked: &[Parked]) -> String {
    if parked.is_empty() {
        return "No change is parked.\n".to_owned();
    }
    let row = |known: &Parked| {
        let content = known.change.content.to_string();
        let approved = if known.is_approved { "yes" } else { "" };
        [
            known.destination.display().to_string(),
            time(known.since),
            known.change.removed.to_string(),
            known.change.lines.to_string(),
            content.chars().take(SHORT_HASH).collect(),
            approved.to_owned(),
        ]
    };
    let header = ["FILE", "SINCE", "REMOVED", "LINES", "CONTENT", "APPROVED"];
    let rows: Vec<_> = parked.iter().map(row).collect();
    table(header, &["REMOVED", "LINES"], &rows)
}

fn as_json(parked: &[Parked]) -> String {
    let change = |known: &Parked| -> Value {
        json!({
            "path": known.destination.to_string_lossy(),
            "since": time(known.since),
            "removed": known.change.removed,
            "lines": known.change.lines,
            "content": known.change.content.to_string(),
            "approved": known.is_approved,
        })
    };
    pretty(&json!({ "parked": parked.iter().map(change).collect::<Vec<_>>() }))
}
