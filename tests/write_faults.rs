//! Faults of file systems around an apply: a clear error, no mixture of old and new files, nothing lost.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, text};
use crate::support::eventually;
use crate::support::file_group::Group;
use crate::support::mount::{HungMount, Mount};

/// The time limit for a group that a fault of another group must not delay.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(5);

/// A group of two files in different directories.
fn two_files(settings: &str) -> Group {
    let files = ["a", "b"].map(|directory| format!("{directory}/out"));
    let group = Group::of(files.into(), settings);
    for name in ["a", "b"] {
        fs::create_dir_all(group.folder.path(name)).unwrap();
    }
    group
}

#[test]
fn a_disk_that_is_full_while_staging_changes_no_file_of_the_group() {
    let scene = two_files("");
    let path = scene.folder.path("b");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    let ctmpl = scene.start_applied();
    mount.fill();
    let big = "x".repeat(300_000);
    scene.consul.put_key("version", &big);
    ctmpl.logs("No space left on device");
    ctmpl.logs("free space in");
    scene.stays("1", 1);
    assert_eq!(scene.temporary_files(), 0);
    fs::remove_file(scene.folder.path("b/filler")).unwrap();
    scene.applies(&big, 2);
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs().len(), 2);
}

#[test]
fn a_full_disk_of_the_state_directory_stops_no_write_and_is_one_warning_for_each_file() {
    let scene = two_files("");
    let path = scene.folder.path("full");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    let ctmpl = scene.start_with(&path.join("state"));
    scene.applies("1", 1);
    mount.fill();
    for version in 2..6 {
        let (version, runs) = (format!("{version}").repeat(20_000), version);
        scene.consul.put_key("version", &version);
        scene.applies(&version, runs);
    }
    let answers = "cannot use the latest answers";
    ctmpl.logs(answers);
    for text in ["files are written nevertheless", answers] {
        assert_eq!(ctmpl.log_count(text), 1, "{}", ctmpl.log());
    }
    assert_eq!(ctmpl.log_count("[WARN]"), 2, "{}", ctmpl.log());
    // With space, it records again: what is owed at a crash runs.
    fs::remove_file(scene.folder.path("full/filler")).unwrap();
    scene.consul.put_key("version", "6");
    scene.applies("6", 6);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ctmpl = scene.start_with(&path.join("state"));
    ctmpl.logs("is unchanged in");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(scene.runs().len(), 6, "nothing is owed");
    assert_eq!(ctmpl.log_count("[WARN]"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_file_system_that_becomes_read_only_changes_no_file_of_the_group() {
    let scene = two_files("");
    let path = scene.folder.path("b");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    let ctmpl = scene.start_applied();
    assert!(mount.is_made_read_only());
    scene.consul.put_key("version", "2");
    ctmpl.logs("Read-only file system");
    ctmpl.logs("ReadWritePaths=");
    scene.stays("1", 1);
    assert_eq!(scene.temporary_files(), 0);
    assert!(mount.is_made_writable());
    scene.applies("2", 2);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// A check that waits for the file `go`, so that a test can act between staging and the swap.
const WAITING_CHECK: &str = r#"check = "touch FOLDER/checking; while ! test -e FOLDER/go; do sleep 0.02; done; cat {staged}""#;

/// Applies version 1. Then returns while version 2 is staged.
fn staged() -> (Group, Ctmpl) {
    let scene = two_files(WAITING_CHECK);
    scene.folder.write("go", "");
    let ctmpl = scene.start_applied();
    for name in ["go", "checking"] {
        fs::remove_file(scene.folder.path(name)).unwrap();
    }
    scene.consul.put_key("version", "2");
    eventually("the check runs", || scene.folder.path("checking").exists());
    (scene, ctmpl)
}

#[test]
fn a_directory_that_is_removed_between_stage_and_swap_loses_nothing() {
    let (scene, ctmpl) = staged();
    fs::remove_dir_all(scene.folder.path("b")).unwrap();
    scene.folder.write("go", "");
    ctmpl.logs("[ERR]");
    assert_eq!(scene.version_of("a/out"), "1", "{}", ctmpl.log());
    let path = text(&scene.folder.path("b"));
    assert!(ctmpl.log().contains(&path), "{}", ctmpl.log());
    // The next attempt creates the directory.
    scene.applies("2", 2);
    assert_eq!(scene.temporary_files(), 0);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_destination_that_becomes_a_directory_between_stage_and_swap_keeps_the_group_old() {
    let (scene, ctmpl) = staged();
    let path = scene.folder.path("b/out");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    scene.folder.write("go", "");
    ctmpl.logs("[ERR]");
    assert!(ctmpl.log().contains("directory"), "{}", ctmpl.log());
    scene
        .folder
        .stays("a/out", "0 1", Duration::from_millis(1500));
    assert_eq!(scene.runs().len(), 1);
    fs::remove_dir(&path).unwrap();
    scene.applies("2", 2);
    assert_eq!(scene.temporary_files(), 0);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_destination_on_a_file_system_that_hangs_delays_only_its_own_group() {
    let scene = two_files("");
    let ctmpl = scene.start_applied();
    drop(ctmpl);
    // A crash leaves the command of the group owed.
    scene.consul.put_key("version", "2");
    assert_eq!(scene.start(Some("swap-recorded")).ends().code(), None);

    let files = ["beside", "hung/out"].map(str::to_owned);
    scene.add("other", &files, "others", "");
    let path = scene.folder.path("hung");
    let Some(_mount) = HungMount::at(&path) else {
        return;
    };
    let ctmpl = scene.start(None);
    scene.applies("2", 2);
    for (version, runs) in [("3", 3), ("4", 4)] {
        let begun = Instant::now();
        scene.consul.put_key("version", version);
        scene.applies(version, runs);
        assert!(begun.elapsed() < FOLLOW_TIMEOUT, "{:?}", begun.elapsed());
    }
    assert_eq!(scene.folder.read("beside"), "", "its group waits");
    assert_eq!(scene.folder.read("others"), "");
    let begun = Instant::now();
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[test]
fn a_damaged_ledger_is_moved_aside_and_the_daemon_works() {
    let scene = two_files("");
    let ctmpl = scene.start_applied();
    assert_eq!(ctmpl.stop().code(), Some(12));
    let state = scene.folder.path("state");
    fs::write(state.join("ledger.db"), "x".repeat(10_000)).unwrap();
    // A log that is left would repair it.
    let _ = fs::remove_file(state.join("ledger.db-wal"));

    let ctmpl = scene.start(None);
    ctmpl.logs("was damaged");
    scene.consul.put_key("version", "2");
    scene.applies("2", 2);
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
    let entries = fs::read_dir(&state).unwrap().flatten();
    let kept = entries.filter(|entry| entry.metadata().is_ok_and(|it| it.len() == 10_000));
    assert_eq!(kept.count(), 1, "the damaged database is kept");

    let ctmpl = scene.start(None);
    ctmpl.logs("is unchanged in");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(ctmpl.log_count("[WARN]"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs().len(), 2);
}

#[test]
fn a_state_directory_that_cannot_be_written_is_one_warning() {
    let scene = two_files("");
    let file = scene.folder.write("file", "");
    for (version, state) in [(1, file.join("state")), (2, "/proc/ctmpl".into())] {
        let version = version.to_string();
        scene.consul.put_key("version", &version);
        let ctmpl = scene.start_with(&state);
        let runs = version.parse().unwrap();
        scene.applies(&version, runs);
        assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
        assert!(
            ctmpl.log().contains("--state-dir") && ctmpl.log().contains(&text(&state)),
            "{}",
            ctmpl.log()
        );
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}
