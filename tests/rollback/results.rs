//! The results of `ctmpl rollback`: success, refusal, and what becomes of the hold.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

impl Fixture {
    /// A group with these settings, in which `FOLDER` is the folder, and its file.
    fn grouped(settings: &str, version: &str) -> Self {
        let folder = Folder::new();
        let root = text(&folder.path(""));
        let root = root.trim_end_matches('/');
        let settings = settings.replace("FOLDER", root);
        let configuration = format!(
            "group \"g\" {{\n{settings}\n}}\ntemplate {{\n  group = \"g\"\n  destination = \"{root}/out\"\n  \
             contents = \"{{{{ key \\\"version\\\" }}}}\"\n}}\n"
        );
        folder.write("ctmpl.hcl", &configuration);
        let consul = crate::support::embedded(Seed::default().key("version", version));
        Self { folder, consul }
    }

    /// Sets the key, and waits until the file is written and recorded as applied.
    fn writes(&self, version: &str) {
        self.consul.put_key("version", version);
        self.folder.becomes("out", version);
        eventually("its success is recorded", || self.is_recorded());
    }

    /// The command that rolls back to a generation.
    fn command_to(&self, generation: &str) -> Command {
        let mut command = command();
        command
            .arg("rollback")
            .arg(format!("--state-dir={}", text(&self.folder.path("state"))))
            .arg(self.folder.path("out"))
            .arg(generation);
        command
    }

    /// Rolls back, which fails. Returns the message.
    fn fails(&self, generation: &str) -> String {
        let ended = run_command(self.command_to(generation));
        assert_eq!(ended.code(), Some(14), "{}{}", ended.output, ended.log);
        ended.log
    }

    fn succeeds(&self, generation: &str) {
        let ended = run_command(self.command_to(generation));
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
    }

    fn is_held(&self) -> bool {
        self.run(&["history"]).output.contains("held")
    }
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_rollback_whose_command_fails_is_undone_and_reported() {
    let settings = "command = \"! grep 8 FOLDER/out\"\non_failure = \"rollback\"";
    let fixture = Fixture::grouped(settings, "8");
    let ctmpl = fixture.start();
    ctmpl.logs("restoring the previous files");
    fixture.writes("9");
    fixture.writes("10");
    let log = fixture.fails("1");
    assert!(log.contains("grep 8") && log.contains("not held"), "{log}");
    assert!(!fixture.is_held(), "the hold has ended");
    let soon = Duration::from_millis(500);
    fixture.folder.becomes("out", "10");
    fixture.folder.stays("out", "10", soon);
    fixture.writes("11");

    // A hold before the one that was refused continues.
    fixture.succeeds("3");
    assert_eq!(fixture.folder.read("out"), "9");
    let log = fixture.fails("1");
    assert!(log.contains("held at generation 3 as before"), "{log}");
    fixture.folder.becomes("out", "9");
    fixture.consul.put_key("version", "12");
    fixture.folder.stays("out", "9", soon);
    assert!(fixture.is_held());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_that_a_check_refuses_is_reported_and_blocks_no_later_change() {
    let settings = "command = \"true\"\ncheck = \"test ! -e FOLDER/bad && cat {staged}\"";
    let fixture = Fixture::grouped(settings, "1");
    let ctmpl = fixture.start();
    fixture.writes("1");
    fixture.writes("2");
    let bad = fixture.folder.write("bad", "");
    for _ in 0..2 {
        let log = fixture.fails("1");
        assert!(log.contains("the check failed"), "{log}");
        assert!(!fixture.is_held(), "the hold has ended");
        assert_eq!(fixture.folder.read("out"), "2");
    }
    remove(&bad);
    fixture.writes("3");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_that_cannot_be_written_is_not_said_to_be_retried() {
    let fixture = Fixture::grouped("command = \"true\"", "1");
    let ctmpl = fixture.start();
    fixture.writes("1");
    fixture.writes("2");
    let out = fixture.folder.path("out");
    remove(&out);
    std::fs::create_dir(&out).unwrap();
    let log = fixture.fails("1");
    assert!(log.contains("not held"), "{log}");
    let log = ctmpl.log();
    let (before, _) = log.split_once("does not keep generation 1").unwrap();
    assert!(before.contains("Is a directory"), "{before}");
    assert!(!before.contains("it is retried"), "{before}");
    std::fs::remove_dir(&out).unwrap();
    fixture.folder.becomes("out", "2");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_whose_command_is_repeated_fails_and_keeps_the_hold() {
    let settings = "command = \"test ! -e FOLDER/bad\"";
    let fixture = Fixture::grouped(settings, "1");
    let ctmpl = fixture.start();
    fixture.writes("1");
    fixture.writes("2");
    let bad = fixture.folder.write("bad", "");
    let log = fixture.fails("1");
    assert!(
        log.contains("has generation 1") && log.contains("test ! -e"),
        "{log}"
    );
    assert!(fixture.is_held());
    assert_eq!(fixture.folder.read("out"), "1");
    remove(&bad);
    eventually("the command has succeeded", || fixture.is_recorded());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_to_the_present_content_succeeds_without_a_run() {
    let fixture = Fixture::grouped("command = \"echo >>FOLDER/runs\"", "1");
    let ctmpl = fixture.start();
    fixture.writes("1");
    let (runs, begun) = (fixture.folder.read("runs"), Instant::now());
    fixture.succeeds("1");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(fixture.folder.read("runs"), runs);
    assert!(fixture.is_held());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_gets_its_result_from_the_daemon_after_a_restart() {
    let settings = "command = \"if test -e FOLDER/slow; then exec sleep 30; fi\"";
    let fixture = Fixture::grouped(settings, "1");
    let ctmpl = fixture.start();
    fixture.writes("1");
    fixture.writes("2");
    let slow = fixture.folder.write("slow", "");
    let rollback = fixture.command_to("1");
    let waiting = thread::spawn(move || run_command(rollback));
    fixture.folder.becomes("out", "1");
    ctmpl.signal(Signal::SIGKILL);
    drop(ctmpl.ends());
    remove(&slow);
    let ctmpl = fixture.start();
    let ended = waiting.join().unwrap();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(fixture.is_held());
    assert_eq!(fixture.folder.read("out"), "1");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn an_earlier_hold_survives_a_crash_before_the_refusal_of_a_later_one() {
    let settings = "command = \"if grep 8 FOLDER/out; then while test -e FOLDER/slow; do sleep 0.02; done; exit 1; \
                    fi\"\non_failure = \"rollback\"";
    let fixture = Fixture::grouped(settings, "8");
    let ctmpl = fixture.start();
    ctmpl.logs("restoring the previous files");
    fixture.writes("9");
    fixture.writes("10");
    fixture.succeeds("3");
    let slow = fixture.folder.write("slow", "");
    let rollback = fixture.command_to("1");
    let waiting = thread::spawn(move || run_command(rollback));
    fixture.folder.becomes("out", "8");
    ctmpl.signal(Signal::SIGKILL);
    drop(ctmpl.ends());
    remove(&slow);

    let ctmpl = fixture.start();
    let ended = waiting.join().unwrap();
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    let expected = "held at generation 3 as before";
    assert!(ended.log.contains(expected), "{}", ended.log);
    fixture.folder.becomes("out", "9");
    fixture.consul.put_key("version", "11");
    for mut ctmpl in [Some(ctmpl), None] {
        let ctmpl = ctmpl.take().unwrap_or_else(|| fixture.start());
        fixture.folder.stays("out", "9", Duration::from_millis(500));
        assert!(fixture.is_held());
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}

#[test]
fn a_rollback_during_which_the_daemon_ends_says_so() {
    let settings = "command = \"if test -e FOLDER/slow; then exec sleep 30; fi\"";
    let fixture = Fixture::grouped(settings, "1");
    let ctmpl = fixture.start();
    fixture.writes("1");
    fixture.writes("2");
    fixture.folder.write("slow", "");
    let rollback = fixture.command_to("1");
    let waiting = thread::spawn(move || run_command(rollback));
    fixture.folder.becomes("out", "1");
    ctmpl.signal(Signal::SIGKILL);
    drop(ctmpl.ends());
    let ended = waiting.join().unwrap();
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(ended.log.contains("the daemon has ended"), "{}", ended.log);
}

/// The request failed, because the content of the other file was written with it.
#[test]
fn a_rollback_does_not_apply_what_was_rolled_back_in_another_file_of_the_group() {
    let settings = "command = \"! grep bad FOLDER/other\"\non_failure = \"rollback\"";
    let fixture = Fixture::grouped(settings, "1");
    fixture.consul.put_key("other", "good");
    let other = format!(
        "template {{\n  group = \"g\"\n  destination = \"{}\"\n  contents = \"{{{{ key \\\"other\\\" }}}}\"\n}}\n",
        text(&fixture.folder.path("other"))
    );
    let configuration = fixture.folder.read("ctmpl.hcl") + &other;
    fixture.folder.write("ctmpl.hcl", &configuration);
    let ctmpl = fixture.start();
    fixture.writes("1");
    fixture.writes("2");
    fixture.consul.put_key("other", "bad");
    ctmpl.logs("restoring the previous files");
    fixture.folder.becomes("other", "good");
    fixture.succeeds("1");
    assert_eq!(fixture.folder.read("out"), "1");
    let soon = Duration::from_secs(1);
    fixture.folder.stays("other", "good", soon);
    fixture.consul.put_key("other", "better");
    fixture.folder.becomes("other", "better");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
