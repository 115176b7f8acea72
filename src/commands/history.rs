//! `ctmpl history`: lists the written files, or the stored contents of one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use apply_ledger::{Destination, Generation, Hold, OwedGroup, PendingIntent};
use ctmpl_options::cli::HistoryArguments;
use serde_json::{Value, json};
use tracing_outlets::escaped;

use super::output::{Failure, print};
use super::state::{self, pretty, time};
use super::table::table;

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
            let all = Overview {
                destinations: history.destinations()?,
                owed: history.owed()?,
                interrupted: history.pending()?,
                holds,
            };
            if json { all.as_json() } else { all.as_table() }
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

/// All files, and the groups that are not finished.
struct Overview {
    destinations: Vec<Destination>,
    owed: Vec<OwedGroup>,
    /// The groups whose swap has not ended.
    interrupted: Vec<PendingIntent>,
    holds: Vec<Hold>,
}

impl Overview {
    fn as_table(&self) -> String {
        let row = |known: &Destination| {
            let latest = &known.latest;
            [
                known.path.display().to_string(),
                latest.number.to_string(),
                time(latest.at),
                latest.size.to_string(),
                latest.outcome.name().to_owned(),
                latest.group.clone(),
                self.hold_of(&known.path).map(held).unwrap_or_default(),
            ]
        };
        let header = [
            "FILE", "LATEST", "TIME", "BYTES", "OUTCOME", "GROUP", "HELD",
        ];
        let rows: Vec<_> = self.destinations.iter().map(row).collect();
        if rows.is_empty() {
            return "No file has been written yet.\n".to_owned();
        }
        let mut text = table(header, &["LATEST", "BYTES"], &rows);
        let notes = self.notes();
        if !notes.is_empty() {
            text.push('\n');
            text.push_str(&notes);
        }
        text
    }

    /// One line for each group that is not finished.
    fn notes(&self) -> String {
        let mut text = String::new();
        for OwedGroup {
            group,
            command,
            since,
            ..
        } in &self.owed
        {
            let since = time(*since);
            let note = match command {
                Some(command) => {
                    format!("The command of the group {group} is owed since {since}: {command}")
                }
                None => format!(
                    "The files of the group {group} were written at {since}, and the end is not recorded: the next start \
                     of ctmpl records it"
                ),
            };
            let _ = writeln!(text, "{}", escaped(&note));
        }
        for PendingIntent { group, begun, .. } in &self.interrupted {
            let note = format!(
                "The swap of the group {group} has not ended since {}: until it is completed, its files may not fit together",
                time(*begun)
            );
            let _ = writeln!(text, "{}", escaped(&note));
        }
        text
    }

    fn hold_of(&self, path: &Path) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.destination == path)
    }

    fn as_json(&self) -> String {
        let destination = |known: &Destination| {
            json!({
                "path": known.path.to_string_lossy(),
                "latest": generation_as_json(&known.latest),
                "written": known.written.map(|hash| hash.to_string()),
                "applied": known.applied.map(|hash| hash.to_string()),
                "generations": known.generations,
                "hold": self.hold_of(&known.path).map(hold_as_json),
            })
        };
        let owed = |owed: &OwedGroup| {
            json!({
                "group": owed.group,
                "command": owed.command,
                "since": time(owed.since),
                "destinations": shown(owed.destinations.iter().map(PathBuf::as_path)),
            })
        };
        let interrupted = |intent: &PendingIntent| {
            json!({
                "group": intent.group,
                "command": intent.command,
                "since": time(intent.begun),
                "destinations": shown(intent.files.iter().map(|file| file.destination.as_path())),
            })
        };
        pretty(&json!({
            "destinations": self.destinations.iter().map(destination).collect::<Vec<_>>(),
            "owed": self.owed.iter().map(owed).collect::<Vec<_>>(),
            "interrupted": self.interrupted.iter().map(interrupted).collect::<Vec<_>>(),
        }))
    }
}

fn shown<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<Cow<'a, str>> {
    paths.map(Path::to_string_lossy).collect()
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
