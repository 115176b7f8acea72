//! Formats a plan for people and for scripts.

use std::fmt::Write as _;

use serde_json::json;

use super::changes::{FilePlan, State};
use super::cost::{Budget, Call, Load};
use crate::commands::output::counted;
use crate::commands::table::table;

/// The number of calls in the table of costs.
const MOST_CALLS: usize = 20;

/// The differences of files, the commands, and a summary.
pub(super) fn files_as_text(files: &[FilePlan], commands: &[String]) -> String {
    let mut text = String::new();
    for file in files.iter().filter(|file| file.is_change()) {
        text += &file.diff;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for path in &file.additional {
            // Writing to a text succeeds.
            let _ = writeln!(text, "{} would be written by writeToFile.", path.display());
        }
    }
    if !commands.is_empty() {
        text += "Commands that would run:\n";
        for command in commands {
            let _ = writeln!(text, "  {command}");
        }
    }
    let count = |is: fn(&FilePlan) -> bool| files.iter().filter(|file| is(file)).count();
    let failed = count(|file| matches!(file.state, State::Failed(_)));
    let _ = writeln!(
        text,
        "Of {}, {} would be created and {} changed.",
        counted(files.len(), "file"),
        count(|file| file.state == State::Created),
        count(|file| file.state == State::Changed),
    );
    for file in files.iter().filter(|file| file.state == State::Held) {
        let path = file.destination.display();
        let _ = writeln!(
            text,
            "{path} would be changed, but `ctmpl rollback` holds it: `ctmpl history {path}`."
        );
    }
    if failed > 0 {
        let _ = writeln!(text, "{} cannot be rendered.", counted(failed, "template"));
    }
    text
}

/// The files and commands as JSON. The differences are not part of it, because they may be secret.
pub(super) fn files_as_json(files: &[FilePlan], commands: &[String]) -> String {
    let files = files.iter().map(|file| {
        let state = match file.state {
            State::Unchanged => "unchanged",
            State::Created => "created",
            State::Changed => "changed",
            State::Held => "held",
            State::Failed(_) => "failed",
        };
        json!({
            "template": file.template,
            "destination": file.destination.to_string_lossy(),
            "state": state,
            "problems": file.problems(),
            "additional": file.additional.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
        })
    });
    format!(
        "{:#}\n",
        json!({ "files": files.collect::<Vec<_>>(), "commands": commands })
    )
}

/// The cost as a table.
pub(super) fn cost_as_text(
    templates: usize,
    load: &Load,
    calls: &[Call],
    advice: &[String],
    budget: Budget,
) -> String {
    let title = counted(templates, "template");
    let mut text = table(["COST OF", &title, ""], &[], &totals(load, budget));
    text += &calls_as_table(calls);
    if !advice.is_empty() {
        text.push('\n');
        for advice in advice {
            // Writing to a text succeeds.
            let _ = writeln!(text, "{advice}");
        }
    }
    text
}

/// The rows of the totals.
fn totals(load: &Load, budget: Budget) -> Vec<[String; 3]> {
    let Load {
        queries,
        polls,
        connections,
        start,
        idle_requests,
        idle_bytes,
        largest,
    } = load;
    let wait = budget.wait.as_secs();
    let mut rows = vec![
        [
            "queries".to_owned(),
            queries.to_string(),
            format!("{polls} long polls, {} at an interval", queries - polls),
        ],
        [
            "connections".to_owned(),
            connections.to_string(),
            format!("at most {}", budget.connections),
        ],
        [
            "start".to_owned(),
            bytes(start.bytes),
            counted(
                usize::try_from(start.requests).unwrap_or(usize::MAX),
                "request",
            ),
        ],
        [
            "idle".to_owned(),
            format!("{idle_requests:.1}/s"),
            format!(
                "requests; {}/s with a wait of {wait} s",
                bytes(rounded(*idle_bytes))
            ),
        ],
    ];
    if let Some((query, size)) = largest {
        rows.push([
            "change".to_owned(),
            bytes(*size),
            format!("at most, for {query}"),
        ]);
    }
    rows
}

/// The most expensive calls; empty without any.
fn calls_as_table(calls: &[Call]) -> String {
    let row = |call: &Call| {
        [
            call.file.clone(),
            call.line.to_string(),
            call.kind.clone(),
            call.queries.len().to_string(),
            bytes(call.bytes),
        ]
    };
    if calls.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = calls.iter().take(MOST_CALLS).map(row).collect();
    let header = ["FILE", "LINE", "QUERY", "QUERIES", "BYTES"];
    let mut text = format!("\n{}", table(header, &["LINE", "QUERIES", "BYTES"], &rows));
    if calls.len() > MOST_CALLS {
        let more = counted(calls.len() - MOST_CALLS, "further call");
        let _ = writeln!(text, "… and {more}; --json lists all.");
    }
    text
}

/// The cost as JSON.
pub(super) fn cost_as_json(load: &Load, calls: &[Call], advice: &[String]) -> String {
    let calls = calls.iter().map(|call| {
        json!({
            "file": call.file,
            "line": call.line,
            "query": call.kind,
            "queries": call.queries.len(),
            "bytes": call.bytes,
        })
    });
    let largest = load
        .largest
        .as_ref()
        .map(|(query, bytes)| json!({ "query": query, "bytes": bytes }));
    let cost = json!({
        "queries": load.queries,
        "long_polls": load.polls,
        "connections": load.connections,
        "start": { "requests": load.start.requests, "bytes": load.start.bytes },
        "idle": { "requests_per_second": load.idle_requests, "bytes_per_second": load.idle_bytes },
        "largest_answer": largest,
        "calls": calls.collect::<Vec<_>>(),
        "advice": advice,
    });
    format!("{cost:#}\n")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and small"
)]
fn rounded(rate: f64) -> u64 {
    rate.round() as u64
}

/// Formats a number of bytes with three digits.
fn bytes(count: u64) -> String {
    let mut unit = 1;
    for name in ["B", "kB", "MB"] {
        if count < unit * 1000 {
            return quotient(count, unit, name);
        }
        unit *= 1000;
    }
    quotient(count, unit, "GB")
}

fn quotient(count: u64, unit: u64, name: &str) -> String {
    let (whole, tenth) = (count / unit, count % unit * 10 / unit);
    if unit == 1 || whole >= 10 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{tenth} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit_and_few_digits() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_990, "9.9 kB"),
            (12_345, "12 kB"),
            (2_100_000, "2.1 MB"),
            (3_000_000_000, "3.0 GB"),
            (u64::MAX, "18446744073 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
