//! `ctmpl history`: lists the written files, or the stored contents of one.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use apply_ledger::{Destination, Generation, Hold, OwedGroup};
use serde_json::{Value, json};

use super::output::{Failure, print};
use super::state::{self, pretty, time};
use super::table::table;
use crate::cli::HistoryArguments;

pub(super) fn run(arguments: HistoryArguments) -> Result<u8, Failure> {
    let HistoryArguments {
        destination,
        state_dir,
        json,
    } = arguments;
    let history = state::open(&state::directory(state_dir.as_deref())?)?;
    let mut holds = history.holds()?;
    holds.retain(|hold| hold.is_active(SystemTime::now()));
    let text = match destination {
        None => {
            let (destinations, owed) = (history.destinations()?, history.owed()?);
            if json {
                all_as_json(&destinations, &owed, &holds)
            } else {
                all_as_table(&destinations, &owed, &holds)
            }
        }
        Some(typed) => {
            let path = state::find(&history, &typed)?;
            let generations = history.generations(&path)?;
            let hold = holds.iter().find(|hold| hold.destination == path);
            if json {
                one_as_json(&path, &generations, hold)
            } else {
                one_as_table(&generations, hold)
            }
        }
    };
    Ok(print(&text))
}

fn all_as_table(destinations: &[Destination], owed: &[OwedGroup], holds: &[Hold]) -> String {
    let row = |known: &Destination| {
        let hold = holds.iter().find(|hold| hold.destination == known.path);
        let latest = &known.latest;
        [
            known.path.display().to_string(),
            latest.number.to_string(),
            time(latest.at),
            latest.size.to_string(),
            latest.outcome.name().to_owned(),
            latest.group.clone(),
            hold.map(held).unwrap_or_default(),
        ]
    };
    let header = [
        "FILE", "LATEST", "TIME", "BYTES", "OUTCOME", "GROUP", "HELD",
    ];
    let rows: Vec<_> = destinations.iter().map(row).collect();
    if rows.is_empty() {
        return "No file has been written yet.\n".to_owned();
    }
    let mut text = table(header, &["LATEST", "BYTES"], &rows);
    if !owed.is_empty() {
        text.push('\n');
    }
    for owed in owed {
        let since = time(owed.since);
        let _ = match &owed.command {
            Some(command) => writeln!(
                text,
                "The command of the group {} is owed since {since}: {command}",
                owed.group
            ),
            None => writeln!(
                text,
                "The group {} is not finished since {since}",
                owed.group
            ),
        };
    }
    text
}

/// The hold of a file: its generation and its end.
fn held(hold: &Hold) -> String {
    let until = hold.until.map_or_else(|| "released".to_owned(), time);
    format!("{} until {until}", hold.generation)
}

fn one_as_table(generations: &[Generation], hold: Option<&Hold>) -> String {
    let row = |known: &Generation| {
        let is_held = hold.is_some_and(|hold| hold.generation == known.number);
        let marks = [
            (known.is_written, "written"),
            (known.is_applied, "applied"),
            (is_held, "held"),
        ];
        let marks = marks.into_iter().filter(|(is_set, _)| *is_set);
        [
            known.number.to_string(),
            time(known.at),
            known.size.to_string(),
            known.outcome.name().to_owned(),
            known.group.clone(),
            marks.map(|(_, mark)| mark).collect::<Vec<_>>().join(", "),
        ]
    };
    let header = ["GENERATION", "TIME", "BYTES", "OUTCOME", "GROUP", "NOW"];
    let rows: Vec<_> = generations.iter().map(row).collect();
    let mut text = table(header, &["GENERATION", "BYTES"], &rows);
    if let Some(hold) = hold {
        let _ = writeln!(text, "\nThe file is held at {}", held(hold));
    }
    text
}

fn all_as_json(destinations: &[Destination], owed: &[OwedGroup], holds: &[Hold]) -> String {
    let destination = |known: &Destination| {
        let hold = holds.iter().find(|hold| hold.destination == known.path);
        json!({
            "path": known.path.to_string_lossy(),
            "latest": generation_as_json(&known.latest),
            "written": known.written.map(|hash| hash.to_string()),
            "applied": known.applied.map(|hash| hash.to_string()),
            "generations": known.generations,
            "hold": hold.map(hold_as_json),
        })
    };
    let group = |owed: &OwedGroup| {
        let paths = owed.destinations.iter().map(|path| path.to_string_lossy());
        json!({
            "group": owed.group,
            "command": owed.command,
            "since": time(owed.since),
            "destinations": paths.collect::<Vec<_>>(),
        })
    };
    pretty(&json!({
        "destinations": destinations.iter().map(destination).collect::<Vec<_>>(),
        "owed": owed.iter().map(group).collect::<Vec<_>>(),
    }))
}

fn one_as_json(path: &Path, generations: &[Generation], hold: Option<&Hold>) -> String {
    pretty(&json!({
        "path": path.to_string_lossy(),
        "generations": generations.iter().map(generation_as_json).collect::<Vec<_>>(),
        "hold": hold.map(hold_as_json),
    }))
}

fn generation_as_json(known: &Generation) -> Value {
    json!({
        "generation": known.number,
        "time": time(known.at),
        "bytes": known.size,
        "sha256": known.hash.to_string(),
        "outcome": known.outcome.name(),
        "group": known.group,
        "is_written": known.is_written,
        "is_applied": known.is_applied,
    })
}

fn hold_as_json(hold: &Hold) -> Value {
    json!({
        "generation": hold.generation,
        "since": time(hold.since),
        "until": hold.until.map(time),
    })
}
