//! `ctmpl status`: asks a running daemon for its state.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use config_blocks::Environment;
use ctmpl_options::cli::StatusArguments;
use ctmpl_options::config;
use ctmpl_options::config::status_addr::STATUS_NAMES;
use ctmpl_options::exit_code;
use serde_json::Value;
use status_server::{HEALTH, READY, STATUS, StatusAddr, StatusResponse, ask};
use tracing_outlets::escaped;

use super::output::{Failure, counted, print};
use super::state::pretty;
use super::table::table;

/// The HTTP codes of the answers.
const OK: u16 = 200;
const UNAVAILABLE: u16 = 503;

pub(super) fn run(arguments: StatusArguments) -> Result<u8, Failure> {
    let StatusArguments {
        addr,
        config,
        json,
        ready,
        healthy,
    } = arguments;
    let environment: Environment = std::env::vars_os().collect();
    let address = config::status_addr(addr.as_deref(), config, &environment)?;
    let address = usable(address).map_err(|error| Failure::new(exit_code::USAGE, error))?;
    let path = match (ready, healthy) {
        (true, true) => {
            let error = anyhow!("--ready and --healthy exclude each other; ask one of them");
            return Err(Failure::new(exit_code::USAGE, error));
        }
        (true, false) => READY,
        (false, true) => HEALTH,
        (false, false) => STATUS,
    };
    let (code, body) =
        answer(&address, path).map_err(|error| Failure::new(exit_code::NO_DAEMON, error))?;
    print(&match path {
        _ if json => pretty(&body),
        STATUS => whole(&body),
        _ => verdict(&body),
    });
    let is_good = code == OK && is_true(&body, field_of(path));
    Ok(if is_good {
        exit_code::SUCCESS
    } else {
        exit_code::NOT_READY
    })
}

/// The address, if it can be asked.
fn usable(address: Option<StatusAddr>) -> anyhow::Result<StatusAddr> {
    let address = address.ok_or_else(|| {
        anyhow!(
            "the address of the status server is not known; name it with --addr, pass the --config of the daemon, or set \
             CTMPL_STATUS_ADDR"
        )
    })?;
    if matches!(address, StatusAddr::Tcp { port: 0, .. }) {
        return Err(anyhow!(
            "the port of {address} is chosen when the daemon starts; name the address that it logs with --addr"
        ));
    }
    Ok(address)
}

/// Asks the daemon. Returns the HTTP code, 200 or 503, and the JSON.
fn answer(address: &StatusAddr, path: &str) -> anyhow::Result<(u16, Value)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let StatusResponse { code, body } = runtime.block_on(ask(address, path, STATUS_NAMES))?;
    if ![OK, UNAVAILABLE].contains(&code) {
        return Err(anyhow!(
            "the process on {address} is not ctmpl: it answers {path} with {code}"
        ));
    }
    let body: Value = serde_json::from_slice(&body)
        .with_context(|| format!("the process on {address} is not ctmpl"))?;
    let field = field_of(path);
    if !body[field].is_boolean() {
        return Err(anyhow!(
            "the process on {address} is not ctmpl: its answer to {path} has no field {field}"
        ));
    }
    Ok((code, body))
}

/// The field with the verdict in the answer to a path.
fn field_of(path: &str) -> &'static str {
    if path == HEALTH { "healthy" } else { "ready" }
}

fn is_true(value: &Value, field: &str) -> bool {
    value[field] == true
}

/// A list in an answer; empty if it has none.
fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// The answer about the health or the readiness, in lines.
fn verdict(body: &Value) -> String {
    if is_true(body, "healthy") {
        return "healthy\n".to_owned();
    }
    if is_true(body, "ready") {
        return "ready\n".to_owned();
    }
    if let Some(reason) = body["reason"].as_str() {
        return format!("not healthy: {}\n", escaped(reason));
    }
    let mut lines = "not ready:\n".to_owned();
    for problem in list(body, "problems") {
        let _ = writeln!(lines, "{}", escaped(&line(problem)));
    }
    match body["more"].as_u64() {
        None | Some(0) => {}
        Some(more) => {
            let _ = writeln!(lines, "and {more} more");
        }
    }
    lines
}

/// One problem in words.
fn line(problem: &Value) -> String {
    let (kind, name, reason) = (
        text(problem, "kind"),
        text(problem, "name"),
        text(problem, "reason"),
    );
    let destination = text(problem, "destination");
    match (name, destination) {
        ("", _) => format!("{kind}: {reason}"),
        // The reason begins with the place in the template.
        (name, "") if reason.starts_with(name) => reason.to_owned(),
        (name, file) if reason.starts_with(name) => format!("{file}: {reason}"),
        (name, "") => format!("{kind} {name}: {reason}"),
        (name, file) => format!("{kind} {name} for {file}: {reason}"),
    }
}

/// The whole state: a table of the templates, and lines about everything else.
fn whole(body: &Value) -> String {
    let problems = list(body, "problems");
    let of_template = |template: &Value| {
        let is_own = |problem: &&Value| {
            text(problem, "kind") == "template"
                && problem["name"] == template["name"]
                // Templates with the same source differ in it. An earlier version does not name it.
                && problem
                    .get("destination")
                    .is_none_or(|file| *file == template["destination"])
        };
        problems.iter().find(is_own)
    };
    let row = |template: &Value| {
        let name = text(template, "name");
        let problem = of_template(template).map(|problem| text(problem, "reason").to_owned());
        [
            name.to_owned(),
            text(template, "destination").to_owned(),
            text(template, "state").replace('_', " "),
            problem
                .into_iter()
                .chain(notes(template))
                .collect::<Vec<_>>()
                .join("; "),
        ]
    };
    let rows: Vec<_> = list(body, "templates").iter().map(row).collect();
    let mut lines = match rows.as_slice() {
        [] => "There is no template.\n".to_owned(),
        rows => table(["TEMPLATE", "FILE", "STATE", "DETAIL"], &[], rows),
    };
    lines.push('\n');
    for fact in facts(body) {
        let _ = writeln!(lines, "{}", escaped(&fact));
    }
    let others = problems.iter().filter(|it| text(it, "kind") != "template");
    for problem in others {
        let _ = writeln!(lines, "{}", escaped(&line(problem)));
    }
    let verdict = if is_true(body, "ready") {
        "ready"
    } else {
        "not ready"
    };
    let _ = writeln!(lines, "{verdict}");
    lines
}

/// What is unusual about a template, although it has no problem.
fn notes(template: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    if is_true(template, "is_written")
        && let Some(line) = template["waiting"].as_str()
    {
        notes.push(line.to_owned());
    }
    if let Some(drift) = template["drift"].as_str() {
        notes.push(format!("changed by another program ({drift})"));
    }
    let parked = &template["parked"];
    if parked.is_object() {
        notes.push(format!(
            "a change that removes {} of {} lines is parked",
            parked["removed"], parked["lines"]
        ));
    }
    if is_true(template, "is_held") {
        notes.push("held by a rollback".to_owned());
    }
    for substitute in list(template, "substitutes") {
        let query = text(substitute, "query");
        notes.push(match text(substitute, "kind") {
            "stale" => format!("{query} fails, its last answer is used"),
            _ => format!("{query} fails, and has no data"),
        });
    }
    notes
}

/// What is unusual about the daemon as a whole, although it is no problem.
fn facts(body: &Value) -> Vec<String> {
    let (dependencies, applies) = (&body["dependencies"], &body["applies"]);
    let mut facts = Vec::new();
    let count = |value: &Value| usize::try_from(value.as_u64().unwrap_or_default());
    if let Ok(failing @ 1..) = count(&dependencies["failing"]) {
        facts.push(format!("failing: {}", counted(failing, "query")));
    }
    if let Ok(restored @ 1..) = count(&dependencies["restored"]) {
        let queries = counted(restored, "query");
        facts.push(format!("answers of an earlier process in use: {queries}"));
    }
    for held in list(dependencies, "held") {
        let query = text(held, "query");
        let (before, after) = (&held["before"], &held["after"]);
        facts.push(format!(
            "held back: {query} has lost items, {before} to {after}"
        ));
    }
    for damped in list(dependencies, "damped") {
        let (query, instance) = (text(damped, "query"), text(damped, "instance"));
        let node = text(damped, "node");
        facts.push(format!("damped: {instance} on {node} in {query}"));
    }
    if let Ok(owed @ 1..) = count(&applies["owed"]) {
        facts.push(format!(
            "without a successful command: {}",
            counted(owed, "file")
        ));
    }
    let child = &body["child"];
    if child.is_object() {
        let state = if is_true(child, "is_running") {
            "running"
        } else if is_true(child, "is_waiting") {
            "waits for its files"
        } else {
            "ended"
        };
        facts.push(format!("child process: {state}"));
    }
    facts
}

#[cfg(test)]
mod tests;
