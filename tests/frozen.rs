//! Frozen file systems: one of a destination delays only its own group, one of the state directory only the record.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::ctmpl::{DEADLINE, command, run_command, text};
use crate::support::eventually;
use crate::support::file_group::Group;
use crate::support::mount::{FreezableMount, HungMount};

/// The time limit for a change that a frozen file system must not delay for long.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(5);

fn files(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_frozen_destination_delays_only_its_own_group_and_gets_the_latest_content() {
    let group = Group::of(files(&["a", "b"]), "");
    group.add("other", &files(&["frozen/out", "beside"]), "others", "");
    let path = group.folder.path("frozen");
    let Some(mount) = FreezableMount::at(&path) else {
        return;
    };
    let ctmpl = group.start_applied();
    eventually("the other command has run", || {
        group.runs_of("others") == ["1"]
    });

    let frozen = mount.freeze();
    for (version, runs) in [("2", 2), ("3", 3)] {
        let begun = Instant::now();
        group.consul.put_key("version", version);
        group.applies(version, runs);
        assert!(begun.elapsed() < FOLLOW_TIMEOUT, "{:?}", begun.elapsed());
    }
    assert_eq!(group.version_of("frozen/out"), "1");
    assert_eq!(group.version_of("beside"), "1", "its group waits");
    assert_eq!(group.runs_of("others"), ["1"]);
    drop(frozen);

    eventually("the other group has the latest content", || {
        group.version_of("frozen/out") == "3" && group.version_of("beside") == "3"
    });
    eventually("its command has seen it", || {
        group.runs_of("others").last().is_some_and(|run| run == "3")
    });
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(group.runs(), ["1", "2", "3"]);
}

/// What `ctmpl history` knows about a file.
fn history(group: &Group, state: &str, file: &str) -> Value {
    let mut command = command();
    command
        .args(["history", "--json"])
        .arg(group.folder.path(file))
        .arg(format!("--state-dir={}", text(&group.folder.path(state))));
    let ended = run_command(command);
    serde_json::from_str(&ended.output).unwrap_or_default()
}

/// Returns `true` if so many contents of a file are recorded, and the command has succeeded for the last one. One that was
/// replaced while its command ran is superseded.
fn is_recorded(known: &Value, contents: usize) -> bool {
    let generations = known["generations"].as_array();
    generations.is_some_and(|all| {
        let outcomes = all.iter().map(|it| it["outcome"].as_str());
        all.len() == contents
            && all[0]["is_applied"] == true
            && outcomes
                .flatten()
                .all(|it| ["applied", "superseded"].contains(&it))
    })
}

#[test]
fn a_frozen_state_directory_delays_only_the_record() {
    let group = Group::of(files(&["a", "b"]), "");
    group.add("single", &files(&["c"]), "others", "");
    let path = group.folder.path("frozen");
    let Some(mount) = FreezableMount::at(&path) else {
        return;
    };
    let ctmpl = group.start_with(&path.join("state"));
    group.applies("1", 1);
    eventually("it is recorded", || {
        is_recorded(&history(&group, "frozen/state", "a"), 1)
    });

    let frozen = mount.freeze();
    for (version, runs) in [("2", 2), ("3", 3)] {
        let begun = Instant::now();
        group.consul.put_key("version", version);
        group.applies(version, runs);
        assert!(begun.elapsed() < FOLLOW_TIMEOUT, "{:?}", begun.elapsed());
    }
    ctmpl.logs("are recorded when it answers");
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    drop(frozen);

    for file in ["a", "b", "c"] {
        let begun = Instant::now();
        loop {
            let known = history(&group, "frozen/state", file);
            if is_recorded(&known, 3) {
                break;
            }
            assert!(begun.elapsed() < DEADLINE, "{known}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    // After a crash, nothing is owed.
    drop(ctmpl);
    let ctmpl = group.start_with(&path.join("state"));
    ctmpl.logs("is unchanged in");
    group.stays("3", 3);
    assert_eq!(ctmpl.log_count("[WARN]"), 0, "{}", ctmpl.log());
    group.consul.put_key("version", "4");
    group.applies("4", 4);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_state_directory_that_hangs_at_the_start_is_not_used() {
    let group = Group::of(files(&["a", "b"]), "");
    let path = group.folder.path("hung");
    let Some(_mount) = HungMount::at(&path) else {
        return;
    };
    let ctmpl = group.start_with(&path.join("state"));
    ctmpl.logs("the ledger was not opened in time");
    group.applies("1", 1);
    group.consul.put_key("version", "2");
    group.applies("2", 2);
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}
