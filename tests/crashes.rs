//! Crashes: after a kill at any point, all files of a group are old or all new, and the owed command
//! runs.

use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, daemon, run, text};
use crate::support::file_group::Group;
use crate::support::{embedded, eventually};

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
        let ctmpl = Ctmpl::spawn(daemon(&group.folder, "127.0.0.1:1"));
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
    let pid = ctmpl.pid();
    let text = format!("is in use by process {pid}; set another state_dir, or end process {pid}");
    assert!(ended.log.contains(&text), "{}", ended.log);
    assert_eq!(ended.log.matches("the state directory").count(), 1);
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(ctmpl);
}

/// A verification that waits for the file `go`.
const VERIFY: &str = "  on_failure = \"rollback\"\n  verify {\n    \
     command = \"touch FOLDER/verifying; while ! test -e FOLDER/go; do sleep 0.02; done; test ! -e FOLDER/bad\"\n    \
     timeout = \"15s\"\n  }\n";

/// Applies version 1, and returns the group whose next verification waits.
fn verified_group() -> Group {
    let group = Group::with(VERIFY);
    group.folder.write("go", "");
    let ctmpl = group.start(None);
    ctmpl.logs("verified after");
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(group.runs(), ["1"]);
    for name in ["go", "verifying"] {
        std::fs::remove_file(group.folder.path(name)).unwrap();
    }
    group.consul.put_key("version", "2");
    group
}

#[test]
fn a_crash_between_swap_and_verification_runs_the_command_and_verifies() {
    for point in [Some("swap-recorded"), None] {
        let group = verified_group();
        let ctmpl = group.start(point);
        let runs = if point.is_some() {
            assert_eq!(ctmpl.ends().code(), None);
            vec!["1", "2"]
        } else {
            eventually("version 2 is verified", || {
                group.folder.path("verifying").exists()
            });
            drop(ctmpl);
            // The command has ended before the crash, but without a verification it is still owed.
            vec!["1", "2", "2"]
        };
        group.folder.write("go", "");
        let ctmpl = group.start(None);
        ctmpl.logs("its command is owed since an earlier process");
        ctmpl.logs("verified after");
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert!(group.are_all("2"), "{:?}", group.versions());
        assert_eq!(group.runs(), runs, "{point:?}");

        let ctmpl = group.start(None);
        ctmpl.logs("is unchanged in");
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(ctmpl.log_count("verified after"), 0, "nothing is owed");
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert_eq!(group.runs(), runs, "{point:?}");
    }
}

#[test]
fn a_verification_that_fails_after_a_crash_restores_the_files_from_the_ledger() {
    let group = verified_group();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    std::fs::set_permissions(group.folder.path("out/3"), mode).unwrap();
    group.folder.write("bad", "");
    group.folder.write("go", "");
    let ended = group.start(Some("swap-recorded")).ends();
    assert_eq!(ended.code(), None, "{}", ended.log);
    assert!(group.are_all("2"), "{:?}", group.versions());

    let ctmpl = group.start(None);
    ctmpl.logs("its command is owed since an earlier process");
    ctmpl.logs("restoring the previous files");
    eventually("version 1 is in the files", || group.are_all("1"));
    // The previous files cannot be verified either, until the cause is gone.
    std::fs::remove_file(group.folder.path("bad")).unwrap();
    ctmpl.logs("verified after");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let permissions = std::fs::metadata(group.folder.path("out/3"))
        .unwrap()
        .permissions();
    let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
    assert_eq!(mode & 0o777, 0o640, "the mode is kept");
    assert_eq!(group.temporary_files(), 0);
}

#[test]
fn an_owed_command_that_is_not_configured_any_more_is_settled_with_one_warning() {
    let group = Group::new();
    let ended = group.start(Some("swap-recorded")).ends();
    assert_eq!(ended.code(), None, "{}", ended.log);
    let configuration = group.folder.read("ctmpl.hcl");
    let without_command = configuration
        .lines()
        .filter(|line| !line.contains("command ="));
    let without_command: Vec<_> = without_command.collect();
    group.folder.write("ctmpl.hcl", &without_command.join("\n"));

    let ctmpl = group.start(None);
    ctmpl.logs("so it never runs: cat ");
    ctmpl.logs("is unchanged in");
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
    // It is not announced again, also if the command is back.
    group.folder.write("ctmpl.hcl", &configuration);
    let ctmpl = group.start(None);
    eventually("all templates are unchanged", || {
        ctmpl.log_count("is unchanged in") == 20
    });
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(ctmpl.log_count("is owed"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(group.runs(), [""; 0]);
}

#[test]
fn a_crash_of_a_group_without_a_command_owes_nothing() {
    let group = Group::new();
    let configuration = group.folder.read("ctmpl.hcl");
    let without_command = configuration
        .lines()
        .filter(|line| !line.contains("command ="));
    let without_command: Vec<_> = without_command.collect();
    group.folder.write("ctmpl.hcl", &without_command.join("\n"));
    let ended = group.start(Some("swapped")).ends();
    assert_eq!(ended.code(), None, "{}", ended.log);
    for warnings in [1, 0] {
        let ctmpl = group.start(None);
        eventually("all templates are unchanged", || {
            ctmpl.log_count("is unchanged in") == 20
        });
        assert_eq!(ctmpl.log_count("[WARN]"), warnings, "{}", ctmpl.log());
        assert_eq!(ctmpl.log_count("is owed"), 0, "{}", ctmpl.log());
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert!(group.are_all("1"));
    }
}

#[test]
fn a_swap_that_cannot_be_completed_delays_no_other_owed_command() {
    let group = Group::of(vec!["a/out".to_owned(), "b/out".to_owned()], "");
    let ended = group.start(Some("file-swapped")).ends();
    assert_eq!(ended.code(), None, "{}", ended.log);
    // The second file cannot be written.
    std::fs::remove_dir_all(group.folder.path("b")).unwrap();
    group.folder.write("b", "");
    group.add("other", &["c".to_owned()], "others", "");
    let ctmpl = group.start(None);
    ctmpl.logs("the swap cannot be completed now");
    eventually("the other group is applied", || {
        group.runs_of("others") == ["1"]
    });
    std::fs::remove_file(group.folder.path("b")).unwrap();
    group.applies("1", 1);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ctmpl = group.start(None);
    ctmpl.logs("is unchanged in");
    group.stays("1", 1);
    assert_eq!(ctmpl.log_count("[WARN]"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_content_that_was_rolled_back_is_not_applied_again_after_a_restart() {
    let group = verified_group();
    group.folder.write("bad", "");
    group.folder.write("go", "");
    let ctmpl = group.start(None);
    ctmpl.logs("restoring the previous files");
    std::fs::remove_file(group.folder.path("bad")).unwrap();
    ctmpl.logs("verified after");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let runs = ["1", "2", "1"];
    assert_eq!(group.runs(), runs);

    let ctmpl = group.start(None);
    ctmpl.logs("this content was rolled back before the restart");
    group.stays("1", runs.len());
    // A reload by the user tries it again, and so does another content.
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    group.applies("2", 4);
    ctmpl.logs("verified after");
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn an_end_during_a_verification_does_not_say_that_the_command_failed() {
    let group = verified_group();
    let ctmpl = group.start(None);
    eventually("version 2 is verified", || {
        group.folder.path("verifying").exists()
    });
    let ended = ctmpl.stop();
    let text = "ctmpl ends, but the verification of `cat ";
    assert!(ended.log.contains(text), "{}", ended.log);
}

/// A daemon whose template writes the file `side` and the constant text `own`, and whose command waits for the file
/// `go` after a success.
fn side_writer(folder: &Folder, consul: &Background) -> Ctmpl {
    let path = |name: &str| text(&folder.path(name));
    let (side, out, runs) = (path("side"), path("out"), path("runs"));
    let configuration = format!(
        r#"
allow = ["writeToFile"]
template {{
  contents    = "{{{{ key \"version\" | writeToFile \"{side}\" \"\" \"\" \"0644\" }}}}own"
  destination = "{out}"
  command     = "cat {side} >>{runs}; echo >>{runs}; grep -q good {side} || exit 1; while ! test -e {go}; do sleep 0.02; done"
  on_failure  = "rollback"
}}
"#,
        go = path("go"),
    );
    folder.write("ctmpl.hcl", &configuration);
    Ctmpl::spawn(daemon(folder, consul.address()))
}

#[test]
fn a_crash_after_the_rollback_of_an_additional_file_keeps_the_command_and_the_history() {
    let (folder, consul) = (
        Folder::new(),
        embedded(Seed::default().key("version", "good")),
    );
    let runs = |expected: &[&str]| {
        eventually("the command runs", || {
            folder.read("runs").lines().eq(expected.iter().copied())
        });
    };
    folder.write("go", "");
    let ctmpl = side_writer(&folder, &consul);
    ctmpl.logs("succeeded after");
    std::fs::remove_file(folder.path("go")).unwrap();
    consul.put_key("version", "bad");
    runs(&["good", "bad", "good"]);
    drop(ctmpl);

    consul.put_key("version", "good");
    folder.write("go", "");
    let ctmpl = side_writer(&folder, &consul);
    ctmpl.logs("its command is owed since an earlier process");
    ctmpl.logs("succeeded after");
    runs(&["good", "bad", "good", "good"]);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let history = run([
        "history".to_owned(),
        format!("--state-dir={}", text(&folder.path("state"))),
        text(&folder.path("out")),
    ]);
    let latest = history.output.lines().nth(1).unwrap_or_default();
    assert!(latest.contains(" applied "), "{}", history.output);
}
