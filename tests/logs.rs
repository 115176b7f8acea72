//! The log in all outlets: one line per event, no secrets, and no outlet delays the program.

mod outlets;
mod secrets;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;

use crate::support::ctmpl::{Ctmpl, Folder, command, run, run_command, text};
use crate::support::datagrams::Datagrams;
use crate::support::eventually;
use crate::support::mount::Mount;
use consul_dev::{Background, Seed};
use serde_json::Value;

/// Starts a server with a key, and creates a template for it.
fn setup() -> (Folder, Background) {
    let folder = Folder::new();
    folder.write("in", "{{ key \"app/port\" }}");
    (
        folder,
        crate::support::embedded(Seed::default().key("app/port", "80")),
    )
}

/// Returns a command for that template with additional arguments.
fn daemon(folder: &Folder, consul: &Background, arguments: &[&str]) -> std::process::Command {
    let mut command = command();
    command.arg(format!("-consul-addr={}", consul.address()));
    command
        .args(["-template", &folder.template("in", "out", "")])
        .args(arguments);
    command
}

/// Returns the text of all log files in a folder, oldest first.
fn log_file(folder: &Folder, prefix: &str) -> String {
    let entries = fs::read_dir(folder.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(prefix)
        })
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Returns `true` if a line starts with time, level and component.
fn is_event(line: &str) -> bool {
    let mut words = line.split(' ');
    let (time, level, component) = (words.next(), words.next(), words.next());
    let is_time = time
        .is_some_and(|time| time.len() == "2026-11-22T15:33:01.232Z".len() && time.ends_with('Z'));
    is_time
        && level.is_some_and(|level| {
            ["[ERR]", "[WARN]", "[INFO]", "[DEBUG]", "[TRACE]"].contains(&level)
        })
        && component.is_some_and(|component| component.starts_with('(') && component.ends_with(')'))
}

/// Returns a configuration with all outlets.
fn all_outlets(folder: &Folder) -> (String, Datagrams, Datagrams) {
    let (syslog, journal) = (folder.path("syslog"), folder.path("journal"));
    let sockets = (Datagrams::at(&syslog), Datagrams::at(&journal));
    let config = format!(
        "log_file {{ path = {:?} }} syslog {{ enabled = true address = {:?} }} journal {{ enabled = true address = {:?} }}",
        text(&folder.path("ct.log")),
        text(&syslog),
        text(&journal)
    );
    (
        text(&folder.write("log.hcl", &config)),
        sockets.0,
        sockets.1,
    )
}

/// Checks the event of a written file in a log of JSON lines.
fn check_json(log: &str, destination: &str) {
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let written = lines
        .iter()
        .find(|line| line["event"] == "file.written")
        .unwrap();
    assert_eq!(written["level"], "info");
    assert_eq!(written["component"], "daemon");
    assert_eq!(written["destination"], destination);
    let message = written["message"].as_str().unwrap();
    assert!(message.ends_with(destination) && written["timestamp"].is_string());
}

#[test]
fn all_outlets_receive_the_same_events() {
    for format in ["text", "json"] {
        let (folder, consul) = setup();
        let (config, syslog, journal) = all_outlets(&folder);
        let format = format!("-log-format={format}");
        let ended = run_command(daemon(
            &folder,
            &consul,
            &["-once", "-log-level=INFO", "-config", &config, &format],
        ));
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        assert_eq!(
            log_file(&folder, "ct-"),
            ended.log,
            "the file has the lines of standard error"
        );
        let out = folder.path("out").display().to_string();
        let written = format!(
            "(daemon) {} is written to {out}",
            folder.path("in").display()
        );
        let line = syslog.receives(&written);
        assert!(
            line.starts_with("<133>") && line.contains(" consul-template["),
            "{line}"
        );
        let entry = journal.receives(&written);
        for field in [
            "\nPRIORITY=6\n",
            "\nCTMPL_EVENT=file.written\n",
            &format!("\nCTMPL_DESTINATION={out}\n"),
        ] {
            assert!(entry.contains(field), "{field:?}: {entry}");
        }
        if format.ends_with("json") {
            check_json(&ended.log, &out);
        } else {
            assert!(
                ended.log.lines().all(is_event) && ended.log.contains(&written),
                "{}",
                ended.log
            );
        }
        let modes = fs::read_dir(folder.path(""))
            .unwrap()
            .map(|entry| entry.unwrap());
        let logs: Vec<_> = modes
            .filter(|entry| entry.file_name().to_str().unwrap().starts_with("ct-"))
            .collect();
        assert_eq!(logs.len(), 1);
        assert_eq!(
            logs[0].metadata().unwrap().permissions().mode() & 0o137,
            0,
            "0640, less the umask"
        );
    }
}
