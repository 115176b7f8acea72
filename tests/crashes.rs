//! Crashes: after a kill at any point, all files of a group are old or all new, and the owed command
//! runs.

use std::fs;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, command, text};
use crate::support::eventually;

/// The number of files in the group.
const FILES: usize = 20;

/// The points at which the process can be killed, in their order.
const POINTS: [&str; 7] = [
    "staged",
    "intent-recorded",
    "file-swapped",
    "swapped",
    "swap-recorded",
    "command-ended",
    "end-recorded",
];

/// A group of files with one command, which counts its runs.
struct Group {
    folder: Folder,
    consul: Background,
}

impl Group {
    fn new() -> Self {
        let folder = Folder::new();
        let consul = crate::support::embedded(Seed::default().key("version", "1"));
        let template = |number: usize| {
            let destination = text(&folder.path(&format!("out/{number}")));
            format!(
                "template {{\n  group = \"g\"\n  destination = \"{destination}\"\n  \
                 contents = \"{number} {{{{ key \\\"version\\\" }}}}\"\n}}\n"
            )
        };
        let templates: String = (0..FILES).map(template).collect();
        let runs = text(&folder.path("runs"));
        let first = text(&folder.path("out/0"));
        folder.write(
            "ctmpl.hcl",
            &format!("group \"g\" {{\n  command = \"cat {first} >>{runs}; echo >>{runs}\"\n}}\n{templates}"),
        );
        Self { folder, consul }
    }

    fn start(&self, point: Option<&str>) -> Ctmpl {
        let mut command = command();
        command
            .arg(format!("--consul-addr={}", self.consul.address()))
            .arg(format!("--config={}", text(&self.folder.path("ctmpl.hcl"))))
            .arg("--log-level=debug")
            .env("STATE_DIRECTORY", self.folder.path("state"));
        if let Some(point) = point {
            command.env("CTMPL_FAULT_POINT", point);
        }
        Ctmpl::spawn(command)
    }

    /// The version of each file.
    fn versions(&self) -> Vec<String> {
        let version = |number: usize| {
            let content = self.folder.read(&format!("out/{number}"));
            content.split(' ').nth(1).unwrap_or_default().to_owned()
        };
        (0..FILES).map(version).collect()
    }

    fn are_all(&self, version: &str) -> bool {
        self.versions().iter().all(|own| own == version)
    }

    /// The versions that the command has seen.
    fn runs(&self) -> Vec<String> {
        let lines = self.folder.read("runs");
        let version = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
        lines.lines().map(version).collect()
    }

    fn temporary_files(&self) -> usize {
        let entries = fs::read_dir(self.folder.path("out")).unwrap().flatten();
        let is_temporary = |name: &str| name.starts_with('.');
        entries
            .filter(|entry| is_temporary(&entry.file_name().to_string_lossy()))
            .count()
    }
}

#[test]
fn a_crash_at_any_point_of_an_apply_is_repaired_by_the_next_start() {
    for point in POINTS {
        let group = Group::new();
        let ctmpl = group.start(None);
        eventually("version 1 is applied", || group.runs() == ["1"]);
        ctmpl.logs("succeeded after");
        assert_eq!(ctmpl.stop().code(), Some(12));

        group.consul.put_key("version", "2");
        let ended = group.start(Some(point)).ends();
        assert_eq!(ended.code(), None, "{point}: it is killed\n{}", ended.log);

        // The data has not changed since; what is owed runs nevertheless.
        let ctmpl = group.start(None);
        ctmpl.logs("renders to");
        eventually("version 2 is applied", || {
            group.are_all("2") && group.runs().last().is_some_and(|run| run == "2")
        });
        if point != "end-recorded" {
            ctmpl.logs("succeeded after");
        }
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert_eq!(group.temporary_files(), 0, "{point}");
        // The crash after the command forgets that it has run.
        let runs = match point {
            "command-ended" => vec!["1", "2", "2"],
            _ => vec!["1", "2"],
        };
        assert_eq!(group.runs(), runs, "{point}");

        let ctmpl = group.start(None);
        ctmpl.logs("is unchanged in");
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert_eq!(group.runs(), runs, "{point}: nothing is owed any more");
    }
}

#[test]
fn after_a_crash_without_consul_all_files_are_old_or_all_new() {
    for point in ["intent-recorded", "file-swapped", "swapped"] {
        let group = Group::new();
        let ctmpl = group.start(None);
        eventually("version 1 is applied", || group.runs() == ["1"]);
        drop(ctmpl);
        group.consul.put_key("version", "2");
        let ended = group.start(Some(point)).ends();
        assert_eq!(ended.code(), None, "{point}");
        // Consul does not answer any more.
        let mut command = command();
        command
            .arg("--consul-addr=127.0.0.1:1")
            .arg(format!(
                "--config={}",
                text(&group.folder.path("ctmpl.hcl"))
            ))
            .arg("--log-level=debug")
            .env("STATE_DIRECTORY", group.folder.path("state"));
        let ctmpl = Ctmpl::spawn(command);
        ctmpl.logs("the swap is");
        // Without a swapped file, nothing has begun.
        let expected = if point == "intent-recorded" { "1" } else { "2" };
        assert!(group.are_all(expected), "{point}: {:?}", group.versions());
        if point != "intent-recorded" {
            eventually("the owed command runs", || group.runs() == ["1", "2"]);
        }
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}

#[test]
fn a_second_daemon_on_the_same_state_directory_refuses_to_start() {
    let group = Group::new();
    let ctmpl = group.start(None);
    eventually("version 1 is applied", || group.runs() == ["1"]);
    let begun = Instant::now();
    let ended = group.start(None).ends();
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(ended.log.contains("is in use by process"), "{}", ended.log);
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(ctmpl);
}
