//! The fields of the events about failed checks, commands and verifications: cause, size of the change, outcome, and
//! duration.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use consul_dev::Seed;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::ctmpl::{Ctmpl, DEADLINE, Folder, command, text};
use crate::support::eventually;

/// The file before and after the change: one line is removed, and two are added.
const VERSIONS: [&str; 2] = ["kept\nold\n", "kept\nnew\nnewer\n"];

/// A group of one file with these settings. The probe `FOLDER/probe` succeeds while `FOLDER/bad` does not exist.
fn start(folder: &Folder, address: SocketAddr, settings: &str, flags: &[&str]) -> Ctmpl {
    let root = text(&folder.path(""));
    let root = root.trim_end_matches('/');
    let probe = "sleep 0.1; test ! -e FOLDER/bad || { echo the cause; exit 3; }";
    let settings = settings.replace("PROBE", probe).replace("FOLDER", root);
    let configuration = format!(
        "group \"g\" {{\n{settings}\n}}\ntemplate {{\n  group = \"g\"\n  destination = \"{root}/out\"\n  \
         contents = \"{{{{ key \\\"text\\\" }}}}\"\n}}\n"
    );
    let config = text(&folder.write("ctmpl.hcl", &configuration));
    let mut command = command();
    command
        .args(["--log-format=json", "--config", &config])
        .arg(format!("--consul-addr={address}"))
        .args(flags);
    Ctmpl::spawn(command)
}

/// Waits for an event, and returns it.
fn event(ctmpl: &Ctmpl, name: &str) -> Value {
    events(ctmpl, name, 1).remove(0)
}

/// Waits for so many events, and returns all with this name.
fn events(ctmpl: &Ctmpl, name: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let log = ctmpl.log();
        let lines = log.lines();
        let found = lines.filter_map(|line| serde_json::from_str(line).ok());
        let found: Vec<Value> = found.filter(|line: &Value| line["event"] == name).collect();
        if found.len() >= count {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "no {name} in\n{log}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_failure_is_one_event_with_cause_size_outcome_and_duration() {
    let command = "command = \"PROBE\"";
    let verify = "verify {\n command = \"PROBE\"\n timeout = \"500ms\"\n}";
    for (settings, name, outcome) in [
        (
            "check = \"PROBE; cat {staged}\"".to_owned(),
            "check.failed",
            "not applied",
        ),
        (command.to_owned(), "command.failed", "retry"),
        (
            format!("{command}\non_failure = \"rollback\""),
            "command.failed",
            "rollback",
        ),
        (
            format!("{command}\non_failure = \"exit\""),
            "command.failed",
            "exit",
        ),
        (verify.to_owned(), "verify.failed", "retry"),
        (
            format!("{verify}\non_failure = \"rollback\""),
            "verify.failed",
            "rollback",
        ),
    ] {
        let folder = Folder::new();
        let consul = crate::support::embedded(Seed::default().key("text", VERSIONS[0]));
        folder.write("out", VERSIONS[0]);
        let ctmpl = start(&folder, consul.address(), &settings, &[]);
        folder.write("bad", "");
        consul.put_key("text", VERSIONS[1]);
        let failed = event(&ctmpl, name);
        let fields = json!([failed["removed"], failed["added"], failed["outcome"]]);
        assert_eq!(fields, json!([1, 2, outcome]), "{settings}: {failed}");
        let milliseconds = failed["milliseconds"].as_u64();
        assert!(
            milliseconds.is_some_and(|it| (100..10_000).contains(&it)),
            "{settings}: {failed}"
        );
        let error = failed["error"].as_str().unwrap_or_default();
        assert!(!error.is_empty(), "{settings}: {failed}");
        assert_eq!(failed["output"], "the cause", "{settings}: {failed}");
        if outcome == "exit" {
            assert_eq!(ctmpl.ends().code(), Some(14));
        } else {
            drop(ctmpl);
        }
    }
}

#[test]
fn a_failure_that_is_final_is_given_up() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default().key("text", VERSIONS[1]));
    folder.write("out", VERSIONS[0]);
    folder.write("bad", "");
    let ctmpl = start(
        &folder,
        consul.address(),
        "command = \"PROBE\"",
        &["--once"],
    );
    let failed = event(&ctmpl, "command.failed");
    assert_eq!(failed["outcome"], "given up", "{failed}");
    assert_eq!(ctmpl.ends().code(), Some(14));
}

#[test]
fn a_failure_for_restored_files_is_repeated_and_not_rolled_back() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default().key("text", VERSIONS[1]));
    folder.write("out", VERSIONS[0]);
    folder.write("bad", "");
    let settings = "command = \"PROBE\"\non_failure = \"rollback\"";
    let ctmpl = start(&folder, consul.address(), settings, &[]);
    let failed = events(&ctmpl, "command.failed", 2);
    let outcomes = [&failed[0]["outcome"], &failed[1]["outcome"]];
    assert_eq!(outcomes, ["rollback", "retry"]);
}

#[test]
fn a_command_that_fails_after_its_files_have_another_one_is_inherited_and_not_dropped() {
    for (after, outcome) in [("command = \"true\"", "inherited"), ("", "dropped")] {
        let folder = Folder::new();
        let consul = crate::support::embedded(Seed::default().key("text", VERSIONS[1]));
        let template = |settings: &str| {
            format!(
                "template {{\n  destination = \"{}\"\n  contents = \"{{{{ key \\\"text\\\" }}}}\"\n  {settings}\n}}\n",
                text(&folder.path("out"))
            )
        };
        let root = text(&folder.path(""));
        let root = root.trim_end_matches('/');
        let waits = format!(
            "command = \"touch {root}/runs; while test ! -e {root}/go; do sleep 0.02; done; exit 3\""
        );
        let config = text(&folder.write("ctmpl.hcl", &template(&waits)));
        let mut command = command();
        command
            .args(["--log-format=json", "--log-level=info", "--config", &config])
            .arg(format!("--consul-addr={}", consul.address()));
        let ctmpl = Ctmpl::spawn(command);
        let runs = folder.path("runs");
        eventually("the command runs", || runs.exists());
        folder.write("ctmpl.hcl", &template(after));
        ctmpl.signal(Signal::SIGHUP);
        ctmpl.logs("configuration reloaded");
        folder.write("go", "");
        let failed = event(&ctmpl, "command.failed");
        assert_eq!(failed["outcome"], outcome, "{failed}");
        if outcome == "inherited" {
            event(&ctmpl, "command.succeeded");
        } else {
            event(&ctmpl, "command.dropped");
        }
        let ended = ctmpl.stop();
        let is_dropped = ended.log.contains("command.dropped");
        assert_eq!(is_dropped, outcome == "dropped", "{}", ended.log);
    }
}
