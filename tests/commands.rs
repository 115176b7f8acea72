//! Reload commands: when and how they run, their environment, their output; and no log line
//! contains a secret.

mod secrets;

use std::fs;
use std::time::Duration;

use crate::support::ctmpl::{Ctmpl, Folder, command, run, text};
use crate::support::eventually;
use consul_dev::{Background, Fault, Seed};

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("a", "1").key("b", "1").key("c", "1"))
}

/// Creates a template for each of these keys. Returns their arguments.
fn templates(folder: &Folder, keys: &[(&str, &str)]) -> Vec<String> {
    let mut arguments = Vec::new();
    for (key, command) in keys {
        folder.write(&format!("{key}.in"), &format!("{{{{ key \"{key}\" }}}}"));
        arguments.extend([
            "-template".to_owned(),
            folder.template(&format!("{key}.in"), key, command),
        ]);
    }
    arguments
}

/// Creates a program in the folder. Returns its path.
fn script(folder: &Folder, name: &str, lines: &str) -> String {
    text(&folder.program(name, &format!("#!/bin/sh\n{lines}\n")))
}

#[test]
fn a_command_runs_once_after_all_files_of_a_pass_and_different_ones_in_order() {
    let (folder, consul) = (Folder::new(), consul());
    let list = |name: &str| {
        format!(
            "echo {name} $(cat {0}/a {0}/b {0}/c) >> {0}/runs",
            folder.path("").display()
        )
    };
    let (shared, other) = (list("shared"), list("other"));
    let keys = [
        ("a", shared.as_str()),
        ("b", other.as_str()),
        ("c", shared.as_str()),
    ];
    let arguments = templates(&folder, &keys);
    // All changes of one answer are rendered together.
    for key in ["a", "b", "c"] {
        folder.write(&format!("{key}.in"), "{{ key \"a\" }}");
    }
    let ctmpl = Ctmpl::start(consul.address(), &arguments);
    folder.becomes("runs", "shared 111\nother 111\n");
    consul.put_key("a", "2");
    folder.becomes("runs", "shared 111\nother 111\nshared 222\nother 222\n");

    folder.write("b.in", "{{ key \"b\" }}");
    folder.becomes(
        "runs",
        "shared 111\nother 111\nshared 222\nother 222\nother 212\n",
    );
    eventually("each run is logged", || {
        ctmpl.log_count("succeeded after") == 5
    });
}

#[test]
fn at_the_start_a_command_waits_for_all_of_its_files() {
    let (folder, consul) = (Folder::new(), consul());
    consul
        .faults()
        .inject("/v1/kv/b", Fault::Delay(Duration::from_millis(300)));
    let count = format!(
        "echo $(cat {0}/a {0}/b) >> {0}/runs",
        folder.path("").display()
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        templates(&folder, &[("a", &count), ("b", &count)]),
    );
    folder.becomes("runs", "11\n");
    ctmpl.logs("succeeded after");
    folder.stays("runs", "11\n", Duration::from_millis(300));
}

#[test]
fn a_line_with_blanks_runs_in_a_shell_and_a_single_word_directly() {
    let (folder, consul) = (Folder::new(), consul());
    let (line, word) = (folder.path("line"), folder.path("word"));
    let parent =
        |out: &std::path::Path| format!("tr '\\0' ' ' < /proc/$PPID/cmdline > {}", out.display());
    let program = script(&folder, "program", &parent(&word));
    let shell = script(&folder, "from-shell", &parent(&line));
    let through = format!("{shell} && echo x::y > {}", folder.path("colons").display());
    let _ctmpl = Ctmpl::start(
        consul.address(),
        templates(&folder, &[("a", &through), ("b", &program)]),
    );
    folder.becomes("colons", "x::y\n");
    eventually("both have run", || {
        !folder.read("line").is_empty() && !folder.read("word").is_empty()
    });
    assert!(
        folder.read("line").starts_with("sh -c "),
        "{}",
        folder.read("line")
    );
    let started_by = folder.read("word");
    assert!(
        started_by.contains("--consul-addr=") && !started_by.contains("sh -c"),
        "{started_by}"
    );
}

#[test]
fn a_failed_command_is_logged_and_retried_and_never_ends_the_daemon() {
    let (folder, consul) = (Folder::new(), consul());
    let tries = folder.path("tries");
    let failing = format!(
        "echo try >> {0}; test $(wc -l < {0}) -ge 3",
        tries.display()
    );
    let mut ctmpl = Ctmpl::start(
        consul.address(),
        templates(&folder, &[("a", &failing), ("b", "/no/such/program")]),
    );
    ctmpl.logs("failed with exit code 1; runs again in");
    ctmpl.logs("cannot start \"/no/such/program\" (there is no such file");
    folder.becomes("tries", "try\ntry\ntry\n");
    ctmpl.logs("succeeded after");
    consul.put_key("a", "2");
    folder.becomes("a", "2");
    folder.becomes("tries", "try\ntry\ntry\ntry\n");
    assert!(ctmpl.is_running());
}

#[test]
fn the_output_of_a_command_is_logged_line_by_line_at_once() {
    let (folder, consul) = (Folder::new(), consul());
    let go_on = folder.path("go-on");
    let wait = format!("until test -e {}; do sleep 0.05; done", go_on.display());
    let printing = format!("echo first line; echo oh no >&2; {wait}; printf 'no end of line'");
    let mut arguments = templates(&folder, &[("a", &printing)]);
    arguments.push("-command-output=log".to_owned());
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    ctmpl.logs("[INFO] (command) first line");
    ctmpl.logs("[WARN] (command) oh no");
    assert_eq!(ctmpl.log_count("no end of line command="), 0);
    fs::write(&go_on, "").unwrap();
    ctmpl.logs("[INFO] (command) no end of line");
}

#[test]
fn a_background_process_does_not_delay_the_next_command() {
    let (folder, consul) = (Folder::new(), consul());
    let background = folder.path("background");
    let daemon = format!("sleep 60 & echo $! >> {}", background.display());
    let _ctmpl = Ctmpl::start(consul.address(), templates(&folder, &[("a", &daemon)]));
    let lives = || {
        folder
            .read("background")
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    eventually("the command ran", || lives().len() == 1);
    consul.put_key("a", "2");
    eventually("it ran again", || lives().len() == 2);
    let alive = lives().iter().all(|pid| crate::support::is_alive(pid));
    for pid in lives() {
        let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
    }
    assert!(alive, "what a command starts in the background lives on");
}

#[test]
fn a_command_has_the_address_and_token_of_consul_in_its_environment() {
    let (folder, consul) = (Folder::new(), consul());
    let print = format!(
        "env | grep ^CONSUL_ | sort > {}",
        folder.path("env").display()
    );
    let mut command = command();
    command
        .args(templates(&folder, &[("a", &print)]))
        .arg("-once")
        .arg(format!("-consul-addr={}", consul.address()));
    command.args(["-consul-token=s3cr3t-token", "-consul-auth=user:pa55word"]);
    let ended = crate::support::ctmpl::run_command(command);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let found = folder.read("env");
    for wanted in [
        format!("CONSUL_HTTP_ADDR={}", consul.address()).as_str(),
        "CONSUL_HTTP_TOKEN=s3cr3t-token",
        "CONSUL_HTTP_AUTH=user:pa55word",
        "CONSUL_HTTP_SSL=false",
    ] {
        assert!(
            found.lines().any(|line| line == wanted),
            "{wanted} is not among\n{found}"
        );
    }
    let token = consul
        .faults()
        .requests("/v1/kv/a")
        .first()
        .and_then(|seen| seen.token.clone());
    assert_eq!(token.as_deref(), Some("s3cr3t-token"), "and it is used");

    // Consul without namespaces refuses queries with a namespace; this template has no query.
    let template = format!(
        "{}:{}:{print}",
        folder.write("plain", "x").display(),
        folder.path("out").display()
    );
    let mut command = crate::support::ctmpl::command();
    command
        .args(["-once", "-template", &template])
        .env("CONSUL_NAMESPACE", "kept");
    let ended = crate::support::ctmpl::run_command(command);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        folder
            .read("env")
            .lines()
            .any(|line| line == "CONSUL_NAMESPACE=kept"),
        "{}",
        folder.read("env")
    );
}

#[test]
fn the_environment_sets_the_consul_address_without_a_flag() {
    let (folder, consul) = (Folder::new(), consul());
    let mut command = command();
    command.args(templates(&folder, &[("a", "")])).arg("-once");
    command
        .env("CONSUL_HTTP_ADDR", format!("http://{}", consul.address()))
        .env("CONSUL_HTTP_TOKEN", "from-the-env");
    let ended = crate::support::ctmpl::run_command(command);
    assert_eq!(
        (ended.code(), folder.read("a").as_str()),
        (Some(0), "1"),
        "{}",
        ended.log
    );
    let token = consul
        .faults()
        .requests("/v1/kv/a")
        .first()
        .and_then(|seen| seen.token.clone());
    assert_eq!(token.as_deref(), Some("from-the-env"));
}

#[test]
fn a_change_while_a_command_runs_is_followed_by_another_run() {
    let (folder, consul) = (Folder::new(), consul());
    let place = folder.path("");
    let wait = "until test -e go-on; do sleep 0.05; done";
    let slow = format!(
        "cd {}; v=$(cat a); touch began; {wait}; echo $v >> runs",
        place.display()
    );
    let _ctmpl = Ctmpl::start(consul.address(), templates(&folder, &[("a", &slow)]));
    eventually("the command has read the file", || {
        folder.path("began").exists()
    });
    consul.put_key("a", "2");
    folder.becomes("a", "2");
    folder.stays("runs", "", Duration::from_millis(200));
    folder.write("go-on", "");
    folder.becomes("runs", "1\n2\n");
}
