//! The start of a process with what an earlier one has left in the state directory, also while Consul is unreachable.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use consul_dev::{Background, Seed};
use nix::sys::signal::Signal;

use crate::support::ctmpl::{Ctmpl, Folder, command, run_command};
use crate::support::{eventually, within};

/// A child that records its starts and signals in `log`, and the file at its start in `seen`.
const APP: &str = r#"#!/bin/bash
cd "$(dirname "$0")"
trap 'echo hup >> log' HUP
trap 'echo term >> log; exit 0' TERM
cp out seen
echo start >> log
while :; do sleep 0.02; done
"#;

/// A template with a child process and a state directory.
struct Scene {
    folder: Folder,
    consul: Background,
}

impl Scene {
    fn new() -> Self {
        let folder = Folder::new();
        folder.program("app", APP);
        folder.write("in", r#"port {{ key "app/port" }}"#);
        let consul = crate::support::embedded(Seed::default().key("app/port", "80"));
        Self { folder, consul }
    }

    fn config(&self, exec: &str, template: &str) {
        let config = format!(
            "state_dir = \"state\"\n\
             template {{ source = \"in\" destination = \"out\" {template} }}\n{exec}"
        );
        self.folder.write("ct.hcl", &config);
    }

    fn command(&self) -> Command {
        let mut command = command();
        command
            .current_dir(self.folder.path("."))
            .arg(format!("--consul-addr={}", self.consul.address()))
            .args(["--log-level=debug", "--config=ct.hcl"]);
        command
    }

    fn start(&self) -> Ctmpl {
        Ctmpl::spawn(self.command())
    }

    /// Runs a process until the child has started, and stops it.
    fn run_before(&self) {
        let ctmpl = self.start();
        self.folder.becomes("log", "start\n");
        ctmpl.stop();
        self.folder.becomes("log", "start\nterm\n");
        fs::remove_file(self.folder.path("log")).unwrap();
    }
}

const LAST_GOOD: &str =
    "exec { command = [\"./app\"] reload_signal = \"SIGHUP\" start_with = \"last_good\" }";

#[test]
fn a_child_starts_with_the_last_good_files_while_consul_is_unreachable() {
    let scene = Scene::new();
    scene.config(LAST_GOOD, "");
    scene.run_before();
    scene.consul.faults().stop_listening();
    let ctmpl = scene.start();
    within(Duration::from_secs(3), "the child runs", || {
        scene.folder.read("log") == "start\n"
    });
    assert_eq!(scene.folder.read("seen"), "port 80");
    ctmpl.logs("./app is started with the files of the last run");
    scene.consul.put_key("app/port", "81");
    scene.consul.faults().listen_again();
    scene.folder.becomes("out", "port 81");
    scene.folder.becomes("log", "start\nhup\n");
    assert_eq!(ctmpl.log_count("is started"), 2, "{}", ctmpl.log());
}

#[test]
fn a_child_starts_with_current_files_if_consul_answers() {
    let scene = Scene::new();
    scene.config(LAST_GOOD, "");
    scene.run_before();
    scene.consul.put_key("app/port", "81");
    let ctmpl = scene.start();
    scene.folder.becomes("log", "start\n");
    assert_eq!(scene.folder.read("seen"), "port 81");
    assert_eq!(ctmpl.log_count("files of the last run"), 0);
}

#[test]
fn a_child_waits_without_the_option_and_for_files_that_are_not_the_last_good_ones() {
    for (exec, content) in [
        ("exec { command = [\"./app\"] }", Some("port 80")),
        (LAST_GOOD, Some("edited")),
        (LAST_GOOD, None),
    ] {
        let scene = Scene::new();
        scene.config(exec, "");
        scene.run_before();
        match content {
            Some(content) => drop(scene.folder.write("out", content)),
            None => fs::remove_file(scene.folder.path("out")).unwrap(),
        }
        scene.consul.faults().stop_listening();
        let _ctmpl = scene.start();
        let silence = Duration::from_secs(1);
        scene.folder.stays("log", "", silence);
        scene.consul.faults().listen_again();
        scene.folder.becomes("log", "start\n");
        assert_eq!(scene.folder.read("seen"), "port 80", "{content:?}");
    }
}

/// No line said why the child was not started.
#[test]
fn a_child_that_waits_names_the_file_that_is_not_the_last_good_one() {
    for (content, reason) in [
        (Some("edited"), "out was changed by another program"),
        (None, "out is missing"),
    ] {
        let scene = Scene::new();
        scene.config(LAST_GOOD, "");
        scene.run_before();
        match content {
            Some(content) => drop(scene.folder.write("out", content)),
            None => fs::remove_file(scene.folder.path("out")).unwrap(),
        }
        scene.consul.faults().stop_listening();
        let ctmpl = scene.start();
        ctmpl.logs("./app is not started with the files of the last run, because ");
        ctmpl.logs(reason);
        scene.consul.faults().listen_again();
        scene.folder.becomes("log", "start\n");
        assert_eq!(ctmpl.log_count("is not started"), 1, "{}", ctmpl.log());
    }
}

#[test]
fn the_last_good_files_need_a_state_directory() {
    let scene = Scene::new();
    scene.config(LAST_GOOD, "");
    let mut command = scene.command();
    command.arg("--state-dir=");
    let ended = run_command(command);
    assert_eq!(ended.code(), Some(15), "{}", ended.log);
    let error =
        "exec.start_with in ct.hcl:3: the last good files are known only with a state directory";
    assert!(ended.log.contains(error), "{}", ended.log);
    // A run of -once waits for current files.
    let mut once = scene.command();
    once.args(["--once", "--exec-kill-timeout=1s"]);
    let once = Ctmpl::spawn(once);
    scene.folder.becomes("log", "start\n");
    once.signal(Signal::SIGTERM);
}

#[test]
fn an_owed_command_runs_while_consul_is_unreachable() {
    let scene = Scene::new();
    // The first process is killed while its command runs.
    scene.folder.program(
        "reload",
        "#!/bin/sh\necho run >> runs\ntest -e may || sleep 60\n",
    );
    scene.config("", "command = \"./reload\"");
    let ctmpl = scene.start();
    scene.folder.becomes("runs", "run\n");
    ctmpl.signal(Signal::SIGKILL);
    ctmpl.ends();
    scene.folder.write("may", "");
    scene.consul.faults().stop_listening();
    let ctmpl = scene.start();
    within(Duration::from_secs(3), "the owed command runs", || {
        scene.folder.read("runs") == "run\nrun\n"
    });
    ctmpl.logs("its command is owed since an earlier process");
}

#[test]
fn the_sizes_of_answers_are_kept_without_values_and_a_damaged_file_is_moved_aside() {
    let seed = Seed::default()
        .key("app/s3cret-name", "s3cret-value")
        .key("app/b", "2");
    let consul = crate::support::embedded(seed);
    let folder = Folder::new();
    folder.write("in", r#"{{ range ls "app" }}{{ .Value }} {{ end }}"#);
    let start = |level: &str| {
        let mut command = command();
        command.current_dir(folder.path(".")).args([
            &format!("--consul-addr={}", consul.address()),
            &format!("--log-level={level}"),
            "--state-dir=state",
            "--template=in:out",
        ]);
        Ctmpl::spawn(command)
    };
    let ctmpl = start("debug");
    folder.becomes("out", "2 s3cret-value ");
    assert_eq!(
        folder.read("state/answers"),
        "",
        "it is not written at once"
    );
    eventually("the answers are written", || {
        folder.read("state/answers").contains("\"items\":2")
    });
    let file = folder.path("state/answers");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Changed values are no change of the file.
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    consul.put_key("app/b", "3");
    folder.becomes("out", "3 s3cret-value ");
    ctmpl.stop();
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
    let text = folder.read("state/answers");
    assert!(!text.contains("s3cret"), "{text}");

    folder.write("state/answers", &text.replace("\"items\":2", "\"items\":9"));
    let ctmpl = start("warn");
    ctmpl.logs("answers is damaged (its SHA-256 is not that of its first line); it is moved to");
    consul.put_key("app/c", "4");
    folder.becomes("out", "3 4 s3cret-value ");
    ctmpl.stop();
    assert!(folder.read("state/answers").contains("\"items\":3"));
}
