//! `-once`: it exits with the right code, and reports missing data.

mod file_order;
mod incomplete_groups;

use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, Ended, Folder, run};
use crate::support::{free_port, full_queue};
use consul_dev::{Background, Fault, Seed};
use nix::sys::signal::Signal;

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("app/port", "80").key("app/name", "x"))
}

/// Runs ctmpl once against this server, with additional arguments.
fn once(consul: &Background, arguments: &[&str]) -> Ended {
    let address = format!("-consul-addr={}", consul.address());
    run([address.as_str(), "-once"].iter().chain(arguments))
}

#[test]
fn all_files_are_written_and_their_command_runs_once() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("a.in", r#"{{ key "app/port" }}"#);
    folder.write("b.in.j2", r#"{{ key("app/name") }}"#);
    let command = format!("echo ran >> {}", folder.path("runs").display());
    let (a, b) = (
        folder.template("a.in", "a", &command),
        folder.template("b.in.j2", "b", &command),
    );
    let ended = once(&consul, &["-template", &a, "-template", &b]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!([folder.read("a"), folder.read("b")], ["80", "x"]);
    assert_eq!(folder.read("runs"), "ran\n");
    assert_eq!(ended.log, "", "nothing is worth a warning");

    // Nothing has changed: nothing is written, and no command runs.
    let again = once(&consul, &["-template", &a, "-template", &b]);
    assert_eq!(
        (again.code(), folder.read("runs").as_str()),
        (Some(0), "ran\n")
    );
}

#[test]
fn a_dry_run_prints_and_writes_nothing() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"port {{ key "app/port" }}"#);
    let command = format!("touch {}", folder.path("ran").display());
    let ended = once(
        &consul,
        &["-dry", "-template", &folder.template("in", "out", &command)],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        ended.output.trim_end(),
        format!("> {}\nport 80", folder.path("out").display())
    );
    assert!(!folder.path("out").exists() && !folder.path("ran").exists());
}

#[test]
fn a_dry_run_names_every_file_and_keeps_the_order_of_the_templates() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("slow.in", r#"port {{ key "app/port" }}"#);
    folder.write("fast.in", "fast\n");
    folder.write("last.in", "last\n");
    let delay = Fault::Delay(Duration::from_millis(300));
    consul.faults().inject("/v1/kv/app/port", delay);
    let (slow, last) = (folder.path("slow.in"), folder.path("last.in"));
    let (slow, last) = (slow.display().to_string(), last.display().to_string());
    let ended = once(
        &consul,
        &[
            "-dry",
            "-template",
            &slow,
            "-template",
            &folder.template("fast.in", "fast", ""),
            "-template",
            &last,
        ],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let fast = folder.path("fast");
    assert_eq!(
        ended.output,
        format!(
            "> {slow}\nport 80> {}\nfast\n> {last}\nlast\n",
            fast.display()
        )
    );
}

#[test]
fn the_destination_dash_is_standard_output_with_once_and_an_error_otherwise() {
    let (folder, consul) = (Folder::new(), consul());
    let source = folder.write("in", r#"port {{ key "app/port" }}"#);
    let template = format!(
        "{}:-:touch {}",
        source.display(),
        folder.path("ran").display()
    );
    let ended = once(&consul, &["-template", &template]);
    assert_eq!(
        (ended.code(), ended.output.as_str(), ended.log.as_str()),
        (Some(0), "port 80", "")
    );
    assert!(folder.path("ran").exists(), "the command runs");
    assert!(!std::path::Path::new("-").exists());

    let ended = run(["-template", template.as_str()]);
    assert_eq!(ended.code(), Some(13), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("the destination -, standard output, which requires --once")
            && ended.log.contains("written ./-"),
        "{}",
        ended.log
    );
    let note = run(["validate", "-once", "-template", template.as_str()]);
    assert!(note.log.contains("a file of this name"), "{}", note.log);
}

#[test]
fn bad_flags_exit_with_13_and_name_the_flag() {
    for arguments in [
        &["-no-such-flag"][..],
        &["-wait=2x", "-template=a:b"],
        &["-template"],
        &["-once=maybe"],
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code(), Some(13), "{arguments:?}: {}", ended.log);
        assert!(
            ended.log.starts_with("ctmpl: ") && ended.log.trim_end().lines().count() <= 3,
            "{}",
            ended.log
        );
    }
}

#[test]
fn invalid_values_have_the_exit_codes_of_consul_template() {
    let folder = Folder::new();
    let template = folder.template("in", "out", "");
    let level = run(["-log-level=loud", "-template", &template]);
    assert_eq!(level.code(), Some(15), "{}", level.log);
    assert!(level.log.contains("loud"), "{}", level.log);
    let twice = run(["-template", &template, "-template", &template]);
    assert_eq!(twice.code(), Some(13), "{}", twice.log);
    assert!(
        twice.log.contains("two templates have the destination"),
        "{}",
        twice.log
    );
    let lonely = run(["-template=lonely"]);
    assert_eq!(lonely.code(), Some(13), "{}", lonely.log);
    assert!(lonely.log.contains("destination"), "{}", lonely.log);
}

#[test]
fn a_failing_command_exits_with_14_and_the_files_are_written() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let ended = once(
        &consul,
        &[
            "-template",
            &folder.template("in", "out", "echo why >&2; exit 3"),
        ],
    );
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert_eq!(folder.read("out"), "80");
    assert!(
        ended.log.contains("failed with exit code 3") && ended.log.contains("why"),
        "{}",
        ended.log
    );
}

#[test]
fn a_broken_template_exits_with_14_and_the_other_one_is_written() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("good.in", r#"{{ key "app/port" }}"#);
    for (name, text, said) in [
        ("syntax.in", "fine\n{{ if }}", "syntax.in:2"),
        ("function.in", "{{ nonsense }}", "function.in:1"),
        (
            "data.in",
            "x\n{{ key \"app/port\" | parseJSON | len | index 3 }}",
            "data.in:2",
        ),
        ("query.in", r#"{{ service "a b|c|d|e" }}"#, "query.in:1"),
        ("broken.j2", "a\nb\n{% for %}", "broken.j2:3"),
    ] {
        folder.write(name, text);
        let (bad, good) = (
            folder.template(name, "bad", ""),
            folder.template("good.in", name.replace('.', "-").as_str(), ""),
        );
        let ended = once(&consul, &["-template", &bad, "-template", &good]);
        assert_eq!(ended.code(), Some(14), "{name}: {}", ended.log);
        assert_eq!(folder.read(&name.replace('.', "-")), "80", "{name}");
        assert!(!folder.path("bad").exists());
        assert!(ended.log.contains(said), "{name}: {}", ended.log);
    }
    let missing = once(
        &consul,
        &["-template", &folder.template("nowhere.in", "bad", "")],
    );
    assert_eq!(missing.code(), Some(14));
    assert!(
        missing.log.contains("nowhere.in") && missing.log.contains("No such file"),
        "{}",
        missing.log
    );
}

#[test]
fn missing_keys_exit_with_16_and_a_list_of_positions() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write(
        "in",
        "{{ key \"app/port\" }}\n{{ key \"no/such\" }}\n\n{{ key \"nor/this\" }}",
    );
    folder.write("good.in", r#"{{ key "app/name" }}"#);
    let (bad, good) = (
        folder.template("in", "out", ""),
        folder.template("good.in", "good", ""),
    );
    let ended = once(
        &consul,
        &["-timeout=700ms", "-template", &bad, "-template", &good],
    );
    assert_eq!(ended.code(), Some(16), "{}", ended.log);
    assert!(!folder.path("out").exists());
    assert_eq!(folder.read("good"), "x", "the other template is written");
    let place = |line: u32| format!("{}:{line}: ", folder.path("in").display());
    let lines: Vec<_> = ended
        .log
        .lines()
        .filter(|line| line.contains("the key does not exist"))
        .collect();
    assert_eq!(lines.len(), 2, "{}", ended.log);
    assert!(
        lines[0].contains(&place(2)) && lines[0].contains("kv.get(no/such)"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains(&place(4)) && lines[1].contains("kv.get(nor/this)"),
        "{lines:?}"
    );
}

#[test]
fn missing_data_is_waited_for() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "late" }}"#);
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-once", "-template", &folder.template("in", "out", "")],
    );
    ctmpl.logs("kv.get(late) is answered: the key does not exist");
    assert_eq!(ctmpl.log_count("kv.get(late) has"), 0, "it has no data");
    consul.put_key("late", "here");
    let ended = ctmpl.ends();
    assert_eq!(
        (ended.code(), folder.read("out").as_str()),
        (Some(0), "here"),
        "{}",
        ended.log
    );
}

/// Runs with this fault and three retries, and asserts that the key was requested four times. `times`: the number of
/// requests that fail; `None`: all.
fn with_fault(fault: Fault, times: Option<usize>, arguments: &[&str]) -> (Folder, Ended) {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", "\n{{ key \"app/port\" }}");
    let faults = consul.faults();
    let _fault = match times {
        Some(times) => faults.inject_times("/v1/kv/", times, fault),
        None => faults.inject("/v1/kv/", fault),
    };
    let template = folder.template("in", "out", "");
    let mut all = vec!["-template", &template];
    all.extend(["-consul-retry-attempts=3", "-consul-retry-backoff=50ms"]);
    all.extend(arguments);
    let ended = once(&consul, &all);
    assert_eq!(faults.requests("/v1/kv/").len(), 4, "{}", ended.log);
    (folder, ended)
}

#[test]
fn missing_rights_exit_with_14_after_the_retries() {
    let (folder, ended) = with_fault(Fault::Status(403, "Permission denied".into()), None, &[]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    let place = format!("{}:2: kv.get(app/port)", folder.path("in").display());
    assert!(
        ended.log.contains(&place) && ended.log.contains("Permission denied"),
        "{}",
        ended.log
    );
}

#[test]
fn row_6_once_retries_after_errors_that_may_end() {
    for (status, message) in [
        (400, "No cluster leader yet"),
        (401, "Unauthorized"),
        (403, "ACL not found"),
        (500, "No path to datacenter"),
    ] {
        let (_folder, ended) = with_fault(Fault::Status(status, message.into()), Some(3), &[]);
        assert_eq!(ended.code(), Some(0), "{status}: {}", ended.log);
    }
}

#[test]
fn a_server_that_repeats_the_token_does_not_reveal_it() {
    let fault = Fault::Status(403, "no rights for s3cret-token".into());
    let arguments = ["-consul-token=s3cret-token", "-log-level=trace"];
    let (_folder, ended) = with_fault(fault, None, &arguments);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(ended.log.contains("no rights for ***"), "{}", ended.log);
    assert!(!ended.log.contains("s3cret-token"), "{}", ended.log);
}

#[test]
fn row_6_once_fails_at_once_if_the_server_has_no_such_endpoint() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ range service "web" }}{{ end }}"#);
    let _fault = consul
        .faults()
        .inject("/v1/health/", Fault::Status(404, "Not found".into()));
    let ended = once(&consul, &["-template", &folder.template("in", "out", "")]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    // The query is repeated after Consul has answered another request: a proxy may have begun to work in between.
    let requests = consul.faults().requests("/v1/health/");
    assert_eq!(requests.len(), 2, "{}", ended.log);
}

#[test]
fn a_black_hole_a_web_server_and_a_closed_port_do_not_make_it_hang() {
    let folder = Folder::new();
    folder.write("in", r#"{{ key "app/port" }}"#);
    let template = folder.template("in", "out", "");
    for fault in [
        Some(Fault::BlackHole),
        Some(Fault::Html("<html>".into())),
        Some(Fault::HangUp),
        None,
    ] {
        let consul = consul();
        match fault.clone() {
            Some(fault) => drop(consul.faults().inject("/", fault)),
            None => consul.faults().stop_listening(),
        }
        let begun = Instant::now();
        let ended = once(&consul, &["-timeout=1s", "-template", &template]);
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{fault:?}: {:?}",
            begun.elapsed()
        );
        assert!(
            [Some(16), Some(14)].contains(&ended.code()),
            "{fault:?}: {:?} {}",
            ended.code(),
            ended.log
        );
        assert!(
            ended.log.contains("in:1: kv.get(app/port): "),
            "{fault:?}: {}",
            ended.log
        );
        assert!(!folder.path("out").exists());
    }
    let (_socket, _waiting, silent) = full_queue();
    let begun = Instant::now();
    let ended = run([
        format!("-consul-addr={silent}").as_str(),
        "-once",
        "-timeout=1s",
        "-template",
        &template,
    ]);
    assert_eq!(ended.code(), Some(16), "{}", ended.log);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_interrupted_run_exits_with_12() {
    let folder = Folder::new();
    folder.write("in", r#"{{ key "app/port" }}"#);
    let closed = format!("127.0.0.1:{}", free_port());
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let template = folder.template("in", "out", "");
        let ctmpl = Ctmpl::start(&closed, ["-once", "-template", &template]);
        ctmpl.logs("retried until it answers");
        ctmpl.signal(signal);
        assert_eq!(ctmpl.ends().code(), Some(12), "{signal}");
    }
}

#[test]
fn on_a_terminal_it_says_what_it_waits_for_and_what_it_has_done() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", "{{ key `late` }}");
    folder.write("port", "{{ key `app/port` }}");
    let line = format!(
        "{} -once -consul-addr={} -template {} -template {}",
        env!("CARGO_BIN_EXE_ctmpl"),
        consul.address(),
        folder.template("in", "out", ""),
        folder.template("port", "port.out", "true"),
    );
    let transcript = folder.path("transcript");
    let mut terminal = std::process::Command::new("script")
        .args(["-q", "-f", "-e", "-c", &line, transcript.to_str().unwrap()])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    folder.eventually("transcript", "it says what it waits for", |text| {
        text.contains("waiting for 1 of 2 templates: ")
    });
    consul.put_key("late", "1");
    assert!(terminal.wait().unwrap().success());
    let shown = folder.read("transcript");
    assert!(
        shown.contains("-once: 2 files written, 1 command run"),
        "{shown}"
    );
}

#[test]
fn a_verified_command_waits_for_a_template_whose_data_comes_later_and_runs_once() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("a.in", r#"{{ key "app/port" }}"#);
    folder.write("b.in", r#"{{ key "app/late" }}"#);
    let command = format!("echo ran >> {}", folder.path("runs").display());
    let (a, b) = (
        folder.template("a.in", "a", &command),
        folder.template("b.in", "b", &command),
    );
    let address = format!("-consul-addr={}", consul.address());
    let mut once = command_of_once(&address);
    once.args(["-template", &a, "-template", &b]);
    once.args(["-verify", "test -s .", "-timeout=20s"]);
    let ctmpl = Ctmpl::spawn(once);
    folder.becomes("a", "80");
    consul.put_key("app/late", "x");
    let ended = ctmpl.ends();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!([folder.read("a"), folder.read("b")], ["80", "x"]);
    assert_eq!(folder.read("runs"), "ran\n");
}

fn command_of_once(address: &str) -> std::process::Command {
    let mut command = crate::support::ctmpl::command();
    command.args([address, "-once"]);
    command
}
