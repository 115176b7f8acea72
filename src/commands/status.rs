//! `ctmpl status`: asks a running daemon for its state.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use super::output::{Failure, counted, print};
use super::state::pretty;
use super::table::table;
use crate::cli::StatusArguments;
use crate::config::resolved::StatusAddr;
use crate::config::{self, Environment};
use crate::exit_code;
use crate::observe::{Answer, HEALTH, READY, STATUS, ask};

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
            let error = anyhow!("--ready and --healthy are two questions; ask one of them");
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
    let is_good = code == OK && (path != STATUS || is_true(&body, "ready"));
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
    let Answer { code, body } = runtime.block_on(ask(address, path))?;
    if ![OK, UNAVAILABLE].contains(&code) {
        return Err(anyhow!(
            "the process on {address} is not ctmpl: it answers {path} with {code}"
        ));
    }
    let body = serde_json::from_slice(&body)
        .with_context(|| format!("the process on {address} is not ctmpl"))?;
    Ok((code, body))
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
        return format!("not healthy: {reason}\n");
    }
    let mut lines = "not ready:\n".to_owned();
    for problem in list(body, "problems") {
        let _ = writeln!(lines, "{}", line(problem));
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
    match name {
        "" => format!("{kind}: {reason}"),
        // The reason begins with the place in the template.
        name if reason.starts_with(name) => reason.to_owned(),
        name => format!("{kind} {name}: {reason}"),
    }
}

/// The whole state: a table of the templates, and lines about everything else.
fn whole(body: &Value) -> String {
    let problems = list(body, "problems");
    let of_template = |name: &str| {
        let is_own = |it: &&Value| text(it, "kind") == "template" && text(it, "name") == name;
        problems.iter().find(is_own)
    };
    let row = |template: &Value| {
        let name = text(template, "name");
        let problem = of_template(name).map(|problem| text(problem, "reason").to_owned());
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
        let _ = writeln!(lines, "{fact}");
    }
    let others = problems.iter().filter(|it| text(it, "kind") != "template");
    for problem in others {
        let _ = writeln!(lines, "{}", line(problem));
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
        facts.push(format!("failing: {}", plural(failing, "query", "queries")));
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
        let running = if is_true(child, "is_running") {
            "running"
        } else {
            "ended"
        };
        facts.push(format!("child process: {running}"));
    }
    facts
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(name: &str, state: &str) -> Value {
        json!({ "name": name, "destination": format!("/etc/{name}"), "state": state, "is_written": true })
    }

    #[test]
    fn the_whole_state_is_a_table_with_lines_below() {
        let mut parked = template("c.ctmpl", "waiting");
        parked["parked"] = json!({ "removed": 9, "lines": 10 });
        parked["is_held"] = json!(true);
        parked["drift"] = json!("changed");
        parked["substitutes"] = json!([{ "query": "kv.get(a)", "kind": "stale" }]);
        let reason = "b.ctmpl:1: waiting for kv.get(x): the key does not exist";
        let shown = whole(&json!({
            "ready": false,
            "problems": [
                { "kind": "consul", "name": null, "reason": "it does not answer" },
                { "kind": "template", "name": "b.ctmpl", "reason": reason },
                { "kind": "command", "name": "nginx -s reload", "reason": "its last run failed" },
            ],
            "templates": [template("a.ctmpl", "up_to_date"), template("b.ctmpl", "waiting"), parked],
            "dependencies": {
                "failing": 1,
                "held": [{ "query": "health.service(web)", "before": 3, "after": 0 }],
                "damped": [{ "query": "health.service(web)", "node": "n", "instance": "web-1" }],
            },
            "applies": { "owed": 2 },
            "child": { "command": "nginx", "is_running": true },
        }));
        insta::assert_snapshot!(shown, @"
        TEMPLATE  FILE          STATE       DETAIL
        a.ctmpl   /etc/a.ctmpl  up to date
        b.ctmpl   /etc/b.ctmpl  waiting     b.ctmpl:1: waiting for kv.get(x): the key does not exist
        c.ctmpl   /etc/c.ctmpl  waiting     changed by another program (changed); a change that removes 9 of 10 lines is parked; held by a rollback; kv.get(a) fails, its last answer is used

        failing: 1 query
        held back: health.service(web) has lost items, 3 to 0
        damped: web-1 on n in health.service(web)
        without a successful command: 2 files
        child process: running
        consul: it does not answer
        command nginx -s reload: its last run failed
        not ready
        ");
    }

    #[test]
    fn an_answer_of_another_version_is_shown_as_far_as_possible() {
        assert_eq!(whole(&json!({})), "There is no template.\n\nnot ready\n");
        assert_eq!(verdict(&json!({})), "not ready:\n");
    }

    #[test]
    fn a_verdict_names_the_problems() {
        assert_eq!(verdict(&json!({ "ready": true })), "ready\n");
        assert_eq!(verdict(&json!({ "healthy": true })), "healthy\n");
        let hangs =
            json!({ "healthy": false, "reason": "the event loop has not answered for 2 s" });
        assert_eq!(
            verdict(&hangs),
            "not healthy: the event loop has not answered for 2 s\n"
        );
        let problem = json!({ "kind": "template", "name": "a", "reason": "it is not written yet" });
        let waiting = json!({ "ready": false, "problems": [problem], "more": 4 });
        assert_eq!(
            verdict(&waiting),
            "not ready:\ntemplate a: it is not written yet\nand 4 more\n"
        );
    }
}
