//! The interfaces for supervisors: systemd notifications, the PID file, signals.

use std::time::{Duration, Instant};

use crate::support::ctmpl::{
    Ctmpl, DEADLINE, Folder, below, can_unshare, command, run_command, text,
};
use crate::support::datagrams::Datagrams;
use crate::support::eventually;
use consul_dev::{Background, Seed};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn setup() -> (Folder, Background, Datagrams) {
    let folder = Folder::new();
    folder.write("in", "{{ key \"app/port\" }}");
    folder.write("late", "{{ key \"late\" }}");
    let systemd = Datagrams::at(&folder.path("notify"));
    (
        folder,
        crate::support::embedded(Seed::default().key("app/port", "80")),
        systemd,
    )
}

/// Returns the command of a systemd service with additional arguments.
fn service(folder: &Folder, consul: &Background, arguments: &[&str]) -> std::process::Command {
    let mut command = command();
    command
        .env("NOTIFY_SOCKET", folder.path("notify"))
        .arg(format!("-consul-addr={}", consul.address()));
    command.args(arguments);
    command
}

/// Returns the received notifications in order, without status lines.
fn told(systemd: &Datagrams) -> Vec<String> {
    let lines = systemd.received().join("\n");
    lines
        .lines()
        .filter(|line| !line.starts_with("STATUS="))
        .map(str::to_owned)
        .collect()
}

#[test]
fn systemd_receives_ready_reloading_failures_and_stopping() {
    let (folder, consul, systemd) = setup();
    let templates = [
        folder.template("in", "out", ""),
        folder.template("late", "late.out", ""),
    ];
    let ctmpl = Ctmpl::spawn(service(
        &folder,
        &consul,
        &[
            "-log-level=trace",
            "-template",
            &templates[0],
            "-template",
            &templates[1],
        ],
    ));
    systemd.receives("STATUS=1 of 2 templates written");
    assert!(
        told(&systemd).is_empty(),
        "one file is missing: {:?}",
        systemd.received()
    );
    consul.put_key("late", "1");
    systemd.receives("READY=1\nSTATUS=2 templates up to date");
    consul.put_key("late", "2");
    folder.becomes("late.out", "2");

    consul.faults().stop_listening();
    systemd.receives("STATUS=Consul does not answer (retrying); 2 templates written");
    consul.faults().listen_again();
    eventually("the failure is over", || {
        systemd
            .received()
            .last()
            .is_some_and(|last| last.ends_with("=2 templates up to date"))
    });
    assert_eq!(told(&systemd), ["READY=1"], "it is told once");

    ctmpl.signal(Signal::SIGHUP);
    eventually("it is ready again", || told(&systemd).len() == 4);
    assert_eq!(ctmpl.stop().code(), Some(12));
    eventually("the end arrives", || told(&systemd).len() == 5);
    let told = told(&systemd);
    assert_eq!(
        (told[1].as_str(), &told[3..]),
        (
            "RELOADING=1",
            &["READY=1".to_owned(), "STOPPING=1".to_owned()][..]
        )
    );
    let clock: u64 = told[2]
        .strip_prefix("MONOTONIC_USEC=")
        .unwrap()
        .parse()
        .unwrap();
    assert!(clock > 0);
}

#[test]
fn a_configuration_without_templates_is_ready() {
    let (folder, consul, systemd) = setup();
    folder.write("d/10-log.hcl", "log_level = \"warn\"");
    let config = format!("-config={}", text(&folder.path("d")));
    let ctmpl = Ctmpl::spawn(service(&folder, &consul, &[&config]));
    systemd.receives("READY=1");
    let template = format!(
        "template {{ contents = \"x\" destination = {:?} }}",
        text(&folder.path("out"))
    );
    folder.write("d/20.hcl", &template);
    ctmpl.signal(Signal::SIGHUP);
    folder.becomes("out", "x");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn the_watchdog_is_notified_while_idle() {
    let (folder, consul, systemd) = setup();
    let template = folder.template("in", "out", "");
    let mut command = service(&folder, &consul, &["-template", &template]);
    command.env("WATCHDOG_USEC", "100000");
    let ctmpl = Ctmpl::spawn(command);
    folder.becomes("out", "80");
    let fed = || {
        told(&systemd)
            .iter()
            .filter(|line| *line == "WATCHDOG=1")
            .count()
    };
    let before = fed();
    eventually("keep-alive messages arrive", || fed() > before + 5);
    // A stopped process sends no keep-alive message.
    ctmpl.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_millis(200));
    let stopped = fed();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(fed(), stopped);
    ctmpl.signal(Signal::SIGCONT);
    eventually("it continues", || fed() > stopped);
}

#[test]
fn a_stray_signal_ends_nothing() {
    let (folder, consul, _systemd) = setup();
    let ctmpl = Ctmpl::spawn(service(
        &folder,
        &consul,
        &["-template", &folder.template("in", "out", "")],
    ));
    folder.becomes("out", "80");
    let strays = [
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGALRM,
        Signal::SIGWINCH,
        Signal::SIGPIPE,
        Signal::SIGXCPU,
        Signal::SIGXFSZ,
        Signal::SIGPROF,
        Signal::SIGIO,
    ];
    for signal in strays {
        ctmpl.signal(signal);
    }
    consul.put_key("app/port", "81");
    folder.becomes("out", "81");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn once_is_ready_and_then_stops() {
    let (folder, consul, systemd) = setup();
    let ended = run_command(service(
        &folder,
        &consul,
        &["-once", "-template", &folder.template("in", "out", "")],
    ));
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    eventually("the end arrives", || {
        told(&systemd) == ["READY=1", "STOPPING=1"]
    });
    folder.write("in", "{{ nonsense }}");
    let ended = run_command(service(
        &folder,
        &consul,
        &["-once", "-template", &folder.template("in", "out", "")],
    ));
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    eventually("the end arrives", || {
        told(&systemd) == ["READY=1", "STOPPING=1", "STOPPING=1"]
    });
}

#[test]
fn commands_do_not_inherit_the_notification_socket() {
    let (folder, consul, _systemd) = setup();
    let variables = format!("env > {}", folder.path("variables").display());
    let mut command = service(
        &folder,
        &consul,
        &[
            "-once",
            "-template",
            &folder.template("in", "out", &variables),
        ],
    );
    command
        .env("WATCHDOG_USEC", "1000000")
        .env("JOURNAL_STREAM", "1:1")
        .env("KEPT", "yes");
    assert_eq!(run_command(command).code(), Some(0));
    let seen = folder.read("variables");
    assert!(seen.contains("KEPT=yes"), "{seen}");
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM"] {
        assert!(!seen.contains(name), "{name}: {seen}");
    }
}

#[test]
fn an_unusable_notification_socket_is_not_fatal() {
    let (folder, consul, systemd) = setup();
    drop(systemd);
    for address in [
        text(&folder.path("notify")),
        text(&folder.path("none")),
        "x".repeat(200),
    ] {
        let mut command = service(
            &folder,
            &consul,
            &["-once", "-template", &folder.template("in", "out", "")],
        );
        command.env("NOTIFY_SOCKET", &address);
        let ended = run_command(command);
        assert_eq!(ended.code(), Some(0), "{address}: {}", ended.log);
        assert_eq!(
            ended.log.contains("NOTIFY_SOCKET"),
            address.starts_with('x'),
            "{}",
            ended.log
        );
    }
}

#[test]
fn the_pid_file_is_removed_at_every_exit() {
    let (folder, consul, _systemd) = setup();
    folder.write("broken", "{{ nonsense }}");
    let pid = text(&folder.path("pid"));
    let (good, broken, late) = (
        folder.template("in", "out", ""),
        folder.template("broken", "b", ""),
        folder.template("late", "l", ""),
    );
    let failing = folder.template("in", "f", "false");
    let port = consul.address().to_string();
    for (arguments, code) in [
        (vec!["-once", "-template", &good], 0),
        (vec!["-once", "-template", &broken], 14),
        (vec!["-once", "-template", &failing], 14),
        (vec!["-once", "-timeout=300ms", "-template", &late], 16),
        (
            vec![
                "-consul-ssl-ca-cert=/nonexistent",
                "-consul-ssl",
                "-template",
                &good,
            ],
            14,
        ),
        (vec!["dev", "-listen", &port, "-template", &good], 14),
    ] {
        let mut command = command();
        if arguments[0] == "dev" {
            command.args(&arguments);
        } else {
            command
                .arg(format!("-consul-addr={}", consul.address()))
                .args(&arguments);
        }
        let ended = run_command({
            command.args(["-pid-file", &pid]);
            command
        });
        assert_eq!(ended.code(), Some(code), "{arguments:?}: {}", ended.log);
        assert!(!folder.path("pid").exists(), "{arguments:?}");
    }
    // Exit at once by a second signal, while a command does not stop.
    let slow = folder.template("in", "s", "touch began; exec sleep 60");
    let mut command = service(&folder, &consul, &["-pid-file", &pid, "-template", &slow]);
    command.current_dir(folder.path(""));
    let ctmpl = Ctmpl::spawn(command);
    eventually("the command runs", || {
        folder.path("began").exists() && folder.path("pid").exists()
    });
    ctmpl.signal(Signal::SIGTERM);
    ctmpl.signal(Signal::SIGINT);
    assert_eq!(ctmpl.ends().code(), Some(12));
    assert!(!folder.path("pid").exists());
}

/// Returns the set of signals in this field of `/proc/PID/status`.
fn signals_in(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    u64::from_str_radix(line.unwrap().trim(), 16).unwrap()
}

#[test]
fn a_hup_while_the_configuration_is_read_for_the_first_time_reloads() {
    let (folder, consul, _systemd) = setup();
    // Reading this takes longer than the test needs to see it.
    let comments = "# a comment\n".repeat(200_000);
    folder.write("c.hcl", &format!("{comments}log_level = \"info\"\n"));
    let config = text(&folder.path("c.hcl"));
    let template = folder.template("in", "out", "");
    let arguments = ["-config", &config, "-template", &template];
    let opened = Inotify::init(InitFlags::IN_NONBLOCK).unwrap();
    opened
        .add_watch(config.as_str(), AddWatchFlags::IN_OPEN)
        .unwrap();
    let ctmpl = Ctmpl::spawn(service(&folder, &consul, &arguments));
    eventually("the configuration is opened", || {
        opened.read_events().is_ok()
    });
    let early = [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2];
    let early = early
        .into_iter()
        .fold(0, |set, signal| set | 1 << (signal as u64 - 1));
    assert_eq!(signals_in(ctmpl.pid(), "SigCgt:") & early, 0, "too late");
    assert_eq!(signals_in(ctmpl.pid(), "SigBlk:") & early, early);
    ctmpl.signal(Signal::SIGHUP);
    ctmpl.logs("reloading the configuration");
    folder.becomes("out", "80");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// Returns the child processes of a process.
fn children_of(process: u32) -> Vec<i32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children = children.split_whitespace();
    children.map(|child| child.parse().unwrap()).collect()
}

#[test]
fn a_hup_at_any_moment_of_the_start_does_not_end_a_container() {
    let flags = ["--pid", "--fork", "--mount-proc"];
    if !can_unshare(&flags) {
        return;
    }
    let words = [&["unshare", "--kill-child"], flags.as_slice()].concat();
    for round in 0..5 {
        let (folder, consul, _systemd) = setup();
        let template = folder.template("in", "out", "");
        let inner = service(&folder, &consul, &["-template", &template]);
        let mut ctmpl = Ctmpl::spawn(below(&words, &inner));
        let begun = Instant::now();
        while folder.read("out") != "80" {
            // Process 1 forwards the signal to ctmpl.
            if let [init] = children_of(ctmpl.pid())[..] {
                let _ = kill(Pid::from_raw(init), Signal::SIGHUP);
            }
            assert!(ctmpl.is_running(), "round {round}");
            assert!(begun.elapsed() < DEADLINE, "round {round}");
            std::thread::sleep(Duration::from_micros(100));
        }
        let [init] = children_of(ctmpl.pid())[..] else {
            panic!("round {round}: it has ended");
        };
        kill(Pid::from_raw(init), Signal::SIGTERM).unwrap();
        assert_eq!(ctmpl.ends().code(), Some(12), "round {round}");
    }
}

/// The remedy of `docs/src/operations/signals.md`.
#[test]
fn a_hup_at_any_moment_of_the_start_does_not_end_a_daemon_that_is_started_with_hup_ignored() {
    let words = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"];
    for round in 0..5 {
        let (folder, consul, _systemd) = setup();
        let template = folder.template("in", "out", "");
        let arguments = ["-log-level=info", "-template", &template];
        let inner = service(&folder, &consul, &arguments);
        let mut ctmpl = Ctmpl::spawn(below(&words, &inner));
        let program = format!("/proc/{}/exe", ctmpl.pid());
        let begun = Instant::now();
        while folder.read("out") != "80" {
            // Before that, the process is the shell.
            if std::fs::read_link(&program).is_ok_and(|program| program.ends_with("ctmpl")) {
                ctmpl.signal(Signal::SIGHUP);
            }
            assert!(ctmpl.is_running(), "round {round}");
            assert!(begun.elapsed() < DEADLINE, "round {round}");
            std::thread::sleep(Duration::from_micros(100));
        }
        ctmpl.signal(Signal::SIGHUP);
        ctmpl.logs("configuration reloaded");
        assert_eq!(ctmpl.stop().code(), Some(12), "round {round}");
    }
}

#[test]
fn too_low_a_limit_of_open_files_is_an_error_at_the_start() {
    let (folder, consul, _systemd) = setup();
    for limit in [5, 8, 20] {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {limit}; exec \"$@\""), "sh"])
            .arg(env!("CARGO_BIN_EXE_ctmpl"))
            .arg(format!("-consul-addr={}", consul.address()))
            .args(["-template", &folder.template("in", "out", "")]);
        let ended = run_command(command);
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        let message = format!("the limit of open files is {limit}, and");
        assert!(
            ended.log.contains(&message) && ended.log.contains("ulimit -n"),
            "{}",
            ended.log
        );
        assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
    }
}

/// Files that are written in place are open at the same time.
#[test]
fn the_limit_of_open_files_that_is_named_is_enough() {
    let folder = Folder::new();
    let template = "template {\n  contents = \"new\"\n  destination = \"outNUMBER\"\n}\n";
    let mut config = "write = \"inplace\"\n".to_owned();
    for number in 0..200 {
        folder.write(&format!("out{number}"), "old");
        config += &template.replace("NUMBER", &number.to_string());
    }
    folder.write("ct.hcl", &config);
    let with_limit = |limit: &str| {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "ulimit -n \"$1\"; shift; exec \"$@\"", "sh", limit])
            .arg(env!("CARGO_BIN_EXE_ctmpl"))
            .args(["-once", "-config", "ct.hcl"])
            .current_dir(folder.path("."));
        run_command(command)
    };
    let ended = with_limit("100");
    let (_, rest) = ended.log.split_once("needs at least ").expect(&ended.log);
    let needed = rest.split(';').next().unwrap();
    assert_eq!((ended.code(), needed), (Some(14), "264"), "{}", ended.log);
    let ended = with_limit(needed);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    for number in 0..200 {
        assert_eq!(folder.read(&format!("out{number}")), "new");
    }
}

/// The maximum time from SIGTERM to the exit without a child process.
const END_TIMEOUT: Duration = Duration::from_secs(8);

#[test]
fn an_end_with_owed_commands_is_in_time_and_names_them() {
    let (folder, consul, _systemd) = setup();
    let mut arguments = vec!["-log-level=info".to_owned()];
    for number in 0..20 {
        folder.write(&format!("in{number}"), "{{ key \"app/port\" }}");
        let run = format!("echo {number} >> {}; sleep 1", folder.path("ran").display());
        let template = folder.template(&format!("in{number}"), &format!("out{number}"), &run);
        arguments.extend(["-template".to_owned(), template]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ctmpl = Ctmpl::spawn(service(&folder, &consul, &arguments));
    folder.eventually("ran", "a command has run", |text| !text.is_empty());
    let begun = Instant::now();
    let ended = ctmpl.stop();
    assert!(begun.elapsed() < END_TIMEOUT, "{:?}", begun.elapsed());
    assert_eq!(ended.code(), Some(12));
    let ran = folder.read("ran").lines().count();
    let owed = ended
        .log
        .matches("has not succeeded since these files were written")
        .count();
    // The command that was stopped has written its line, and is still owed.
    assert!(ran < 20 && owed > 0, "{ran} {owed}: {}", ended.log);
    assert!(
        (20..=21).contains(&(ran + owed)),
        "{ran} {owed}: {}",
        ended.log
    );
}

#[test]
fn an_end_with_a_command_that_ignores_its_signal_is_in_time() {
    let (folder, consul, _systemd) = setup();
    let run = format!(
        "trap '' TERM; touch {}; while :; do sleep 1; done",
        folder.path("runs").display()
    );
    let template = folder.template("in", "out", &run);
    let ctmpl = Ctmpl::spawn(service(&folder, &consul, &["-template", &template]));
    eventually("the command runs", || folder.path("runs").exists());
    let begun = Instant::now();
    let ended = ctmpl.stop();
    assert!(begun.elapsed() < END_TIMEOUT, "{:?}", begun.elapsed());
    assert_eq!(ended.code(), Some(12));
    assert!(
        ended.log.contains("has not succeeded since"),
        "{}",
        ended.log
    );
}

#[test]
fn a_daemon_that_waits_names_the_missing_data_in_the_log_and_the_status() {
    let (folder, consul, systemd) = setup();
    folder.write("two", "\n{{ key \"late\" }}{{ key \"later\" }}");
    let templates = [
        folder.template("late", "late.out", ""),
        folder.template("two", "two.out", ""),
    ];
    let arguments = ["-template", &templates[0], "-template", &templates[1]];
    let ctmpl = Ctmpl::spawn(service(&folder, &consul, &arguments));
    let path = |name: &str| text(&folder.path(name));
    ctmpl.logs(&format!(
        "[WARN] (daemon) {}:1: waiting for kv.get(late): the key does not exist",
        path("late")
    ));
    ctmpl.logs(&format!("{}: waiting for 2 queries:", path("two")));
    ctmpl.logs(&format!(
        "{}:2: kv.get(later): the key does not exist",
        path("two")
    ));
    let status = format!("STATUS={}:1: waiting for kv.get(late)", path("late"));
    eventually("the status line has it", || {
        systemd.received().iter().any(|sent| sent.contains(&status))
    });
    consul.put_key("late", "1");
    folder.becomes("late.out", "1");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
