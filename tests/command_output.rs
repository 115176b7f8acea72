//! The output of commands: passed on unchanged, or logged; and the end of it in the message about a
//! failure.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::Stdio;
use std::time::Duration;

use crate::support::ctmpl::{Ended, Folder, command, run_command};
use crate::support::eventually;
use consul_dev::Seed;

/// Runs `-once` with a template that has this command.
fn once(run: &str, arguments: &[&str]) -> Ended {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default());
    folder.write("in", "x");
    let mut command = command();
    command
        .arg(format!("-consul-addr={}", consul.address()))
        .args(["-once", "-template", &folder.template("in", "out", run)])
        .args(arguments);
    run_command(command)
}

#[test]
fn row_5_the_output_of_a_command_is_passed_on_unchanged_by_default() {
    let ended = once(
        r"printf 'one\ntwo'; printf '\033[1mthree\r\n' >&2; printf '\377'",
        &[],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(ended.output, "one\ntwo\u{fffd}", "one byte is not UTF-8");
    assert_eq!(ended.log, "\u{1b}[1mthree\r\n");
}

#[test]
fn much_output_is_passed_on_completely() {
    let ended = once("seq 200000", &[]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(ended.output.lines().count(), 200_000);
    assert!(ended.output.ends_with("\n200000\n"));
}

#[test]
fn once_waits_for_a_reader_that_is_slow() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default());
    folder.write("in", "x");
    let run = format!("seq 50000; touch {}", folder.path("ended").display());
    let mut child = command()
        .arg(format!("-consul-addr={}", consul.address()))
        .args(["-once", "-template", &folder.template("in", "out", &run)])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // The pipe and the queue of ctmpl are full when the command has to wait.
    let mut begin = vec![0; 100_000];
    stdout.read_exact(&mut begin).unwrap();
    eventually("the command has ended", || folder.path("ended").exists());
    std::thread::sleep(Duration::from_millis(600));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("\n50000\n"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn row_5_the_output_goes_to_the_log_if_configured_and_with_json() {
    let run = "echo one; echo two >&2";
    let ended = once(run, &["-command-output=log", "-log-level=info"]);
    assert_eq!((ended.code(), ended.output.as_str()), (Some(0), ""));
    assert!(
        ended.log.contains("[INFO] (command) one command=")
            && ended.log.contains("[WARN] (command) two command="),
        "{}",
        ended.log
    );

    let ended = once(run, &["-log-format=json", "-log-level=info"]);
    assert_eq!(ended.output, "");
    assert!(
        ended.log.lines().all(|line| line.starts_with('{'))
            && ended.log.contains(r#""output":"one""#),
        "{}",
        ended.log
    );

    let ended = once(run, &["-log-format=json", "-command-output=inherit"]);
    assert_eq!(
        (ended.output.as_str(), ended.log.as_str()),
        ("one\n", "two\n")
    );
}

#[test]
fn row_5_the_output_goes_to_the_log_if_standard_error_is_the_journal() {
    let folder = Folder::new();
    folder.write("in", "x");
    // No socket is there, so the lines of the log go to standard error with their priority.
    let address = folder.path("no-journal");
    folder.write("j.hcl", &format!("journal {{ address = {address:?} }}"));
    let journal = File::create(folder.path("journal")).unwrap();
    let metadata = journal.metadata().unwrap();
    let run = "echo one; echo two >&2";
    let mut command = command();
    command
        .args(["-once", "-log-level=info", "-config"])
        .arg(folder.path("j.hcl"))
        .args(["-template", &folder.template("in", "out", run)])
        .env(
            "JOURNAL_STREAM",
            format!("{}:{}", metadata.dev(), metadata.ino()),
        )
        .stderr(journal);
    let output = command.stdout(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    let log = folder.read("journal");
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), b"" as &[u8]),
        "{log}"
    );
    for line in ["] (command) one command=", "] (command) two command="] {
        assert_eq!(log.matches(line).count(), 1, "{line}: {log}");
    }
    assert!(log.lines().all(|line| line.starts_with('<')), "{log}");
}

#[test]
fn row_5_the_message_about_a_failure_has_the_last_lines() {
    for mode in ["inherit", "log"] {
        let output = format!("-command-output={mode}");
        let ended = once(
            "seq 20; echo $CONSUL_HTTP_TOKEN bad config >&2; exit 3",
            &[&output, "-consul-token=s3cret-token", "-log-level=err"],
        );
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        let (_, message) = ended.log.split_once("[ERR]").unwrap();
        assert!(
            message.contains("failed with exit code 3; the end of its output:"),
            "{message}"
        );
        for line in [" 20\n", " *** bad config\n"] {
            assert!(message.contains(line), "{line:?} in {message}");
        }
        assert!(!message.contains("s3cret-token"), "{message}");
    }
}

#[test]
fn logged_output_is_limited_and_the_dropped_lines_are_counted() {
    let ended = once("seq 100000", &["-command-output=log", "-log-level=info"]);
    assert_eq!(ended.code(), Some(0));
    let logged = ended.log.matches("[INFO] (command) ").count();
    assert!((500..5_000).contains(&logged), "{logged}");
    assert!(ended.log.contains("lines were not logged"), "{}", ended.log);
}

#[test]
fn a_reader_that_does_not_read_blocks_only_the_command() {
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default().key("a", "1"));
    folder.write("in", "x");
    folder.write("key", "{{ key \"a\" }}");
    let mut command = command();
    command
        .arg(format!("-consul-addr={}", consul.address()))
        .args(["-template", &folder.template("in", "out", "seq 100000")])
        .args(["-template", &folder.template("key", "key.out", "")]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 4];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"1\n2\n");
    consul.put_key("a", "2");
    folder.becomes("key.out", "2");
    child.kill().unwrap();
    child.wait().unwrap();
}
