//! The fields of the events about failed checks, commands and verifications: cause, size of the change, outcome, and
//! duration.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use consul_dev::Seed;
use serde_json::{Value, json};

use crate::support::ctmpl::{Ctmpl, DEADLINE, Folder, command, text};

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
    let begun = Instant::now();
    loop {
        let log = ctmpl.log();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let found = lines.into_iter().find(|line: &Value| line["event"] == name);
        if let Some(found) = found {
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
