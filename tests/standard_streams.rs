//! Templates from standard input, texts to standard output, and the exit codes of wrong values.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::ctmpl::{Ended, Folder, command, run_command};

/// Runs ctmpl in a folder with a text on standard input.
fn piped(folder: &Folder, words: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.args(words).current_dir(folder.path("."));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A process that fails before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn run_in(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command.args(words).current_dir(folder.path("."));
    run_command(command)
}

#[test]
fn a_template_from_standard_input_is_rendered_once() {
    let folder = Folder::new();
    folder.write("part.ctmpl", "unused");
    for source in ["-", "/dev/stdin"] {
        for destination in ["-", "/dev/stdout"] {
            let template = format!("{source}:{destination}");
            let words = ["--once", "--template", &template];
            let (code, output, log) = piped(&folder, &words, b"{{ \"a\" | toUpper }}\n");
            assert_eq!((code, output.as_str()), (Some(0), "A\n"), "{log}");
        }
    }
    let words = ["--once", "--template", "-:out"];
    let (code, output, log) = piped(&folder, &words, b"text");
    assert_eq!((code, output.as_str()), (Some(0), ""), "{log}");
    assert_eq!(folder.read("out"), "text");
    assert!(!folder.path("-").exists());
}

#[test]
fn errors_of_standard_input_have_their_place() {
    let folder = Folder::new();
    let words = ["--once", "--template", "-:out"];
    let (code, _, log) = piped(&folder, &words, b"x\n{{ nosuch }}");
    assert_eq!(code, Some(14), "{log}");
    assert!(log.contains("standard input:2:4: "), "{log}");
    let (code, _, log) = piped(&folder, &words, b"x\n\xff");
    assert_eq!(code, Some(14), "{log}");
    assert!(
        log.contains("standard input: cannot read the template: line 2"),
        "{log}"
    );
    let (code, _, log) = piped(
        &folder,
        &["--parse-only", "--template", "-:out"],
        b"{{ if }}",
    );
    assert!(
        code == Some(14) && log.contains("standard input:1:"),
        "{log}"
    );
}

#[test]
fn a_daemon_has_neither_standard_input_nor_output() {
    let folder = Folder::new();
    folder.write("in", "x");
    for (template, part) in [
        ("-:out", "a template from standard input requires --once"),
        (
            "in:/dev/stdout",
            "the destination /dev/stdout, standard output, which requires --once",
        ),
        (
            "in:/dev/stderr",
            "the destination /dev/stderr, which is not a file",
        ),
    ] {
        let (code, _, log) = piped(&folder, &["--template", template], b"x");
        assert!(code == Some(13) && log.contains(part), "{template}: {log}");
    }
    let (code, _, log) = piped(&folder, &["--once", "--template", "in:/dev/fd/2"], b"");
    assert!(
        code == Some(13) && log.contains("which is not a file"),
        "{log}"
    );
    let (code, _, log) = piped(&folder, &["--once", "--template", "-"], b"");
    assert!(
        code == Some(13) && log.contains("write -:DESTINATION"),
        "{log}"
    );
}

/// A destination that is a redirected standard output keeps the earlier content of the file.
#[test]
fn standard_output_is_appended_to_not_replaced() {
    let folder = Folder::new();
    folder.write("in", "text\n");
    let mut shell = std::process::Command::new("sh");
    let line = "echo before > log; \"$0\" --once --template in:/dev/stdout >> log";
    shell.args(["-c", line]).arg(command().get_program());
    assert!(
        shell
            .current_dir(folder.path("."))
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(folder.read("log"), "before\ntext\n");
}

#[test]
fn an_unwritable_destination_is_retried_by_the_daemon_only() {
    let folder = Folder::new();
    folder.write("in", "x");
    folder.write("directory/file", "");
    let words = ["--once", "--template", "in:directory"];
    let ended = run_in(&folder, &words);
    assert_eq!(ended.code(), Some(14));
    assert!(
        ended.log.contains("it is not retried with --once"),
        "{}",
        ended.log
    );
    let mut daemon = command();
    daemon.current_dir(folder.path(".")).args(&words[1..]);
    let daemon = crate::support::ctmpl::Ctmpl::spawn(daemon);
    daemon.logs("cannot replace directory: Is a directory; name a file in it: directory/FILE; it is retried");
}

#[test]
fn a_template_with_a_typing_error_in_its_name_is_suggested() {
    let folder = Folder::new();
    folder.write("conf/nginx.ctmpl", "x");
    let ended = run_in(&folder, &["--once", "--template", "conf/ngnix.ctmpl:out"]);
    assert_eq!(ended.code(), Some(14));
    assert!(
        ended.log.contains("hint: did you mean conf/nginx.ctmpl?"),
        "{}",
        ended.log
    );
    let mut daemon = command();
    daemon.current_dir(folder.path("."));
    daemon.args(["--template", "conf/ngnix.ctmpl:out"]);
    let daemon = crate::support::ctmpl::Ctmpl::spawn(daemon);
    daemon.logs("it is read again when the file appears or changes");
    folder.write("conf/ngnix.ctmpl", "y");
    folder.becomes("out", "y");
}

/// The examples of `docs/src/reference/exit-codes.md`.
#[test]
fn the_exit_code_says_where_the_wrong_value_is() {
    let folder = Folder::new();
    folder.write("in", "x");
    folder.write("wait.hcl", "wait = \"5x\"");
    folder.write("typo.hcl", "destnation = \"x\"");
    let cases: &[(&[&str], i32)] = &[
        (&["--wait", "5x"], 13),
        (&["--tempalte", "a:b"], 13),
        (&["--consul-token-file", "/missing"], 13),
        (&["functions", "nosuch"], 13),
        (&["--config", "wait.hcl"], 15),
        (&["--config", "typo.hcl"], 15),
        (&["--log-level", "verbose"], 15),
        (&["--syslog-facility", "X"], 15),
        (&["--log-file", "/missing/x"], 15),
        (&["--consul-ssl-ca-cert", "/missing"], 14),
        (&["--pid-file", "/missing/x"], 14),
        (&["--template", "missing:out2"], 14),
    ];
    for (words, code) in cases {
        let mut all = words.to_vec();
        if words[0].starts_with('-') {
            all.extend(["--once", "--template", "in:out"]);
        }
        let ended = run_in(&folder, &all);
        assert_eq!(ended.code(), Some(*code), "{words:?}: {}", ended.log);
        for internal in ["os error", "ctmpl-pid", "ParseIntError"] {
            assert!(!ended.log.contains(internal), "{words:?}: {}", ended.log);
        }
    }
    let mut variable = command();
    variable
        .current_dir(folder.path("."))
        .env("CONSUL_HTTP_SSL", "maybe");
    variable.args(["--once", "--template", "in:out"]);
    assert_eq!(run_command(variable).code(), Some(15));
}
