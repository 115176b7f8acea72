mod endings;

use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::kill;
use nix::unistd::Pid;

use tokio_util::sync::CancellationToken;

use super::run::run_with_term_timeout;
use super::*;
use crate::command_line::CommandLine;
use crate::environment::Environment;
use crate::error::CommandError;

fn shell(line: &str) -> Command {
    Command {
        line: CommandLine::Shell(line.to_owned()),
        timeout: Duration::from_secs(30),
        environment: Environment::inherited(),
    }
}

fn direct(words: &[&str]) -> Command {
    let words = words.iter().map(|&word| word.to_owned()).collect();
    Command {
        line: CommandLine::Direct(words),
        timeout: Duration::from_secs(30),
        environment: Environment::inherited(),
    }
}

fn within(milliseconds: u64, command: Command) -> Command {
    Command {
        timeout: Duration::from_millis(milliseconds),
        ..command
    }
}

type Printed = Arc<Mutex<Vec<(Stream, String)>>>;

fn collect(printed: &Printed) -> Sink {
    let printed = Arc::clone(printed);
    Sink::of_lines(move |stream, line| printed.lock().unwrap().push((stream, line.to_owned())))
}

fn lines(printed: &Printed) -> Vec<String> {
    printed
        .lock()
        .unwrap()
        .iter()
        .map(|(_, line)| line.clone())
        .collect()
}

/// Runs a command with a short TERM timeout. Returns its result and its output.
async fn ran(command: Command) -> (Result<Finished, CommandError>, Vec<String>) {
    let printed = Printed::default();
    let grace = Duration::from_millis(300);
    let result = run_with_term_timeout(
        &command,
        &CancellationToken::new(),
        collect(&printed),
        grace,
    )
    .await;
    (result, lines(&printed))
}

fn alive(id: &str) -> bool {
    let id = Pid::from_raw(id.trim().parse().expect("a process number"));
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // A killed process may not have been reaped yet.
    kill(id, None).is_ok() && !state.contains(") Z ")
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within 4 s: {what}");
}

#[tokio::test]
async fn output_arrives_line_by_line_from_both_streams() {
    let printed = Printed::default();
    let command = shell("echo one; echo two >&2; printf 'no end'");
    run(&command, &CancellationToken::new(), collect(&printed))
        .await
        .unwrap();
    let printed = printed.lock().unwrap();
    let of = |wanted| {
        printed
            .iter()
            .filter(|(stream, _)| *stream == wanted)
            .map(|(_, line)| &line[..])
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Stream::Out), ["one", "no end"]);
    assert_eq!(of(Stream::Err), ["two"]);
}

#[tokio::test]
async fn a_line_is_handed_out_while_the_command_runs() {
    let printed = Printed::default();
    let stop = CancellationToken::new();
    let command = shell("echo early; sleep 60");
    let running = run(&command, &stop, collect(&printed));
    let watching = async {
        eventually("the line", || lines(&printed) == ["early"]).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(running, watching);
    assert_eq!(
        ended.unwrap_err().to_string(),
        "command `echo early; sleep 60` was stopped before its end"
    );
}

#[tokio::test]
async fn a_shell_line_has_pipes_lists_and_quotes() {
    let (result, lines) = ran(shell(
        "printf 'b\\na b\\n' | sort && echo \"it's\" 'a  blank' && false || echo $((1+1))",
    ))
    .await;
    result.unwrap();
    assert_eq!(lines, ["a b", "b", "it's a  blank", "2"]);
}

#[tokio::test]
async fn words_are_executed_without_a_shell() {
    let (result, lines) = ran(direct(&["echo", "$HOME", "a  b", "|", "&&"])).await;
    result.unwrap();
    assert_eq!(lines, ["$HOME a  b | &&"]);
    ran(direct(&["true"])).await.0.unwrap();
}

#[tokio::test]
async fn the_environment_is_inherited_and_extended() {
    let printed = Printed::default();
    let mut command = shell("echo \"$TEST_ADDED\"; test -n \"$PATH\"; exit 3");
    command.environment.extend([("TEST_ADDED", "se cret")]);
    let result = run(&command, &CancellationToken::new(), collect(&printed)).await;
    assert_eq!(lines(&printed), ["se cret"]);
    let error = result.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("se cret"));
}

#[tokio::test]
async fn its_input_is_empty_and_it_leads_a_group() {
    let (result, lines) = ran(shell(
        "cat; read line; echo \"$?\"; ps -o pgid= -p $$ | tr -d ' '; echo $$",
    ))
    .await;
    result.unwrap();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!((&lines[0][..], &lines[1]), ("1", &lines[2]));
}

#[tokio::test]
async fn every_failure_has_its_message() {
    let not_there = "the shell did not find the program in PATH; give its full path, or install it";
    let cases = [
        (shell("exit 7"), "command `exit 7` failed with exit code 7".to_owned()),
        (shell("no-such-program 1"), format!("command `no-such-program 1` failed with exit code 127 ({not_there})")),
        (direct(&["false"]), "command `false` failed with exit code 1".to_owned()),
        (shell("kill -KILL $$"), "command `kill -KILL $$` was killed by SIGKILL".to_owned()),
        (
            direct(&["no-such-program"]),
            "cannot start \"no-such-program\" (it is not in PATH; give its full path, or install it)"
                .to_owned(),
        ),
        (
            direct(&["/no/such", "x"]),
            "cannot start \"/no/such\" (there is no such file, or the interpreter in its first line is missing)"
                .to_owned(),
        ),
        (direct(&[]), "cannot start \"\"".to_owned()),
    ];
    for (command, message) in cases {
        assert_eq!(ran(command).await.0.unwrap_err().to_string(), message);
    }
    let (result, _) = ran(direct(&["no-such-program"])).await;
    let error = result.unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_executed_has_its_message() {
    let room = tempfile::tempdir().unwrap();
    let script = room.path().join("script");
    for (content, mode, remedy) in [
        (
            "echo",
            0o644,
            "(the file must be executable by the user that starts it)",
        ),
        (
            "neither a script nor a program",
            0o755,
            "(a script needs a first line like #!/bin/sh)",
        ),
    ] {
        // Let another process write the file: a process that starts at the same time may inherit an
        // open descriptor of it.
        let write = format!(
            "printf %s '{content}' >'{0}'; chmod {mode:o} '{0}'",
            script.display()
        );
        assert!(
            std::process::Command::new("/bin/sh")
                .args(["-c", &write])
                .status()
                .unwrap()
                .success()
        );
        let error = ran(direct(&[script.to_str().unwrap()]))
            .await
            .0
            .unwrap_err();
        assert!(error.to_string().ends_with(remedy), "{error}");
    }
}

#[tokio::test]
async fn a_timeout_of_zero_disables_the_limit() {
    ran(within(0, shell("sleep 0.1; true"))).await.0.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_lines_arrive() {
    let (result, lines) =
        ran(shell("i=0; while [ $i -lt 100000 ]; do echo line $i; i=$((i+1)); done; head -c 1000000 /dev/zero")).await;
    result.unwrap();
    assert_eq!(lines.len(), 100_001);
    assert_eq!(lines[99_999], "line 99999");
    assert!(lines[100_000].len() < 10_000, "the long one is cut");
}

#[tokio::test]
async fn endless_output_does_not_outlast_the_timeout() {
    let count = Arc::new(Mutex::new(0_u64));
    let counter = Arc::clone(&count);
    let sink = Sink::of_lines(move |_, _| *counter.lock().unwrap() += 1);
    let started = Instant::now();
    let result = run(
        &within(300, direct(&["yes"])),
        &CancellationToken::new(),
        sink,
    )
    .await;
    assert!(matches!(result, Err(CommandError::TimedOut { .. })));
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(*count.lock().unwrap() > 1000);
}

#[test]
fn a_command_is_shown_on_one_line_and_cut() {
    assert_eq!(shell("a\n  b\tc").line.to_string(), "a b c");
    assert_eq!(direct(&["a", "b c"]).line.to_string(), "a b c");
    let long = shell(&"ä".repeat(500)).line.to_string();
    assert_eq!(long, format!("{}…", "ä".repeat(200)));
}

#[tokio::test]
async fn all_output_is_captured() {
    let printed = Printed::default();
    let stop = CancellationToken::new();
    let line = "head -c 300000 /dev/zero | tr '\\0' 'a'; printf '\\r\\n'; echo aside >&2";
    let bytes = capture(&shell(line), &stop, collect(&printed))
        .await
        .unwrap();
    assert_eq!(bytes.len(), 300_002);
    assert!(bytes.ends_with(b"a\r\n"));
    assert_eq!(lines(&printed), ["aside"]);
}

#[tokio::test]
async fn a_failed_capture_returns_no_output() {
    let stop = CancellationToken::new();
    let commands = [
        shell("echo text; exit 4"),
        within(100, shell("echo s3cret; sleep 60")),
        shell("sleep 60"),
    ];
    let failed = |at: usize| capture(&commands[at], &stop, Sink::of_lines(|_, _| {}));
    let error = failed(0).await.unwrap_err().shown_as("it");
    assert_eq!(error.to_string(), "command `it` failed with exit code 4");
    let error = failed(1).await.unwrap_err().shown_as("it");
    assert_eq!(
        error.to_string(),
        "command `it` did not end within 100ms and was stopped"
    );
    stop.cancel();
    assert!(matches!(failed(2).await, Err(CommandError::Stopped { .. })));
}
