//! `ctmpl rollback` with a running daemon: an earlier content is applied and kept.

mod results;

use std::time::Duration;

use consul_dev::{Background, Seed};
use nix::sys::signal::Signal;

use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, daemon, run_command, text};
use crate::support::eventually;

struct Fixture {
    folder: Folder,
    consul: Background,
}

impl Fixture {
    fn new() -> Self {
        let folder = Folder::new();
        let configuration = format!(
            "template {{\n  destination = \"{}\"\n  contents = \"{{{{ key \\\"version\\\" }}}}\"\n  \
             command = \"cat {0} >>{}; echo >>{1}\"\n}}\n",
            text(&folder.path("out")),
            text(&folder.path("runs")),
        );
        folder.write("ctmpl.hcl", &configuration);
        let consul = crate::support::embedded(Seed::default().key("version", "1"));
        Self { folder, consul }
    }

    fn start(&self) -> Ctmpl {
        Ctmpl::spawn(daemon(&self.folder, self.consul.address()))
    }

    fn rollback(&self, arguments: &[&str]) -> Ended {
        self.run(&[&["rollback"], arguments].concat())
    }

    /// Runs a subcommand for the file and the state directory.
    fn run(&self, words: &[&str]) -> Ended {
        let mut command = command();
        command
            .args(words)
            .arg(self.folder.path("out"))
            .arg(format!("--state-dir={}", text(&self.folder.path("state"))));
        run_command(command)
    }

    /// Changes the configuration, and reloads it.
    fn reload(&self, ctmpl: &Ctmpl, configuration: &str) {
        let before = ctmpl.log_count("configuration reloaded");
        self.folder.write("ctmpl.hcl", configuration);
        ctmpl.signal(Signal::SIGHUP);
        eventually("the configuration is reloaded", || {
            ctmpl.log_count("configuration reloaded") > before
        });
    }

    fn applies(&self, version: &str) {
        self.folder.becomes("out", version);
        eventually("the command has run", || {
            self.folder.read("runs").lines().last() == Some(version)
        });
        eventually("its success is recorded", || self.is_recorded());
    }

    /// Returns `true` if the content that was written last is recorded as applied.
    fn is_recorded(&self) -> bool {
        self.run(&["history"]).output.contains("written, applied")
    }
}

#[test]
fn a_rollback_is_applied_and_kept_across_a_restart_until_it_is_released() {
    let fixture = Fixture::new();
    let ctmpl = fixture.start();
    fixture.applies("1");
    fixture.consul.put_key("version", "2");
    fixture.applies("2");

    let ended = fixture.rollback(&[]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(ended.output.contains("generation 1"), "{}", ended.output);
    fixture.applies("1");
    fixture.consul.put_key("version", "3");
    fixture.folder.stays("out", "1", Duration::from_millis(500));
    assert_eq!(ctmpl.stop().code(), Some(12));

    let ctmpl = fixture.start();
    ctmpl.logs("keeps generation 1");
    ctmpl.logs("renders to");
    fixture.folder.stays("out", "1", Duration::from_millis(500));
    let ended = fixture.rollback(&["--release"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    fixture.applies("3");
    fixture.consul.put_key("version", "4");
    fixture.applies("4");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_reload_that_changes_the_template_keeps_the_hold() {
    let fixture = Fixture::new();
    let original = fixture.folder.read("ctmpl.hcl");
    let ctmpl = fixture.start();
    fixture.applies("1");
    fixture.consul.put_key("version", "2");
    fixture.applies("2");
    let ended = fixture.rollback(&[]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    fixture.applies("1");
    let with = |line: &str| original.replace("template {", &format!("template {{\n  {line}"));
    let unrelated = text(&fixture.folder.path("unrelated"));
    let other = format!("template {{\n  contents = \"x\"\n  destination = \"{unrelated}\"\n}}\n");
    let changed = [
        with("backup = true"),
        with("perms = \"0600\""),
        original.replace("{{ key", "v{{ key"),
        other,
        original.replacen("/out\"", "/elsewhere\"", 1),
        original.clone(),
    ];
    for configuration in &changed {
        fixture.reload(&ctmpl, configuration);
        let span = Duration::from_millis(400);
        fixture.folder.stays("out", "1", span);
    }
    fixture.folder.becomes("elsewhere", "2");
    let ended = fixture.rollback(&["--release"]);
    assert!(ended.output.contains("is released"), "{}", ended.output);
    fixture.applies("2");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_destination_is_found_by_a_path_with_a_symlink() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.folder.path("real")).unwrap();
    std::os::unix::fs::symlink("real", fixture.folder.path("link")).unwrap();
    let configuration = fixture.folder.read("ctmpl.hcl");
    let linked = configuration.replace("/out", "/link/out");
    fixture.folder.write("ctmpl.hcl", &linked);
    let ctmpl = fixture.start();
    fixture.folder.becomes("real/out", "1");
    ctmpl.logs("succeeded after");
    fixture.consul.put_key("version", "2");
    fixture.folder.becomes("real/out", "2");
    eventually("both commands have ended", || {
        ctmpl.log_count("succeeded after") == 2
    });
    let state = format!("--state-dir={}", text(&fixture.folder.path("state")));
    for (word, output) in [
        ("history", "applied"),
        ("diff", "+2"),
        ("rollback", "generation 1"),
    ] {
        let mut command = command();
        command
            .args([word, &state])
            .arg(fixture.folder.path("link/out"));
        let ended = run_command(command);
        assert_eq!(ended.code(), Some(0), "{word}: {}", ended.log);
        assert!(ended.output.contains(output), "{word}: {}", ended.output);
    }
    fixture.folder.becomes("real/out", "1");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_hold_ends_at_its_time() {
    let fixture = Fixture::new();
    let ctmpl = fixture.start();
    fixture.applies("1");
    fixture.consul.put_key("version", "2");
    fixture.applies("2");
    let ended = fixture.rollback(&["--hold=2s"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    fixture.applies("1");
    ctmpl.logs("keeps generation 1, whatever its template renders, until 2");
    fixture.applies("2");
    let ended = fixture.rollback(&["--release"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(ended.output.contains("is not held"), "{}", ended.output);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_file_that_no_template_writes_any_more_is_not_rolled_back() {
    let fixture = Fixture::new();
    let ctmpl = fixture.start();
    fixture.applies("1");
    fixture.consul.put_key("version", "2");
    fixture.applies("2");
    eventually("both commands have ended", || {
        ctmpl.log_count("succeeded after") == 2
    });
    assert_eq!(ctmpl.stop().code(), Some(12));
    let configuration = fixture.folder.read("ctmpl.hcl");
    let other = configuration.replacen("/out\"", "/other\"", 1);
    fixture.folder.write("ctmpl.hcl", &other);
    let _ctmpl = fixture.start();
    fixture.folder.becomes("other", "2");
    let ended = fixture.rollback(&[]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("no template of the running daemon writes"),
        "{}",
        ended.log
    );
    assert_eq!(fixture.folder.read("out"), "2");
}
