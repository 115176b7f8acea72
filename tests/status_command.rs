//! `ctmpl status`, with the real binary: what it prints, how it exits, and who may ask.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use consul_dev::Seed;
use serde_json::{Value, json};

use crate::support::ctmpl::{Ctmpl, Ended, Folder, below, command, run, run_command};
use crate::support::{embedded, eventually};

/// The first line of the log about the server.
const LISTENING: &str = "the status server is listening on ";

/// Runs `ctmpl status` with these words.
fn status(words: &[&str]) -> Ended {
    run(["status"].iter().chain(words))
}

#[test]
fn the_subcommand_prints_the_state_and_exits_by_it() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default()));
    let socket = format!("unix://{}", folder.path("status.sock").display());
    let out = folder.path("out").display().to_string();
    let template = format!("contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"{out}\"");
    let text = format!("status_addr = \"{socket}\"\ntemplate {{ {template} }}\n");
    folder.write("ct.hcl", &text);
    let config = format!("--config={}", folder.path("ct.hcl").display());
    let addr = format!("--addr={socket}");

    let ended = status(&[&addr]);
    assert_eq!((ended.code(), ended.output.as_str()), (Some(3), ""));
    let error = format!(
        "ctmpl: no daemon answers on {socket}; start it with this status_addr, or name its address with --addr: No such \
         file or directory\n"
    );
    assert_eq!(ended.log, error);

    let ctmpl = Ctmpl::start(consul.address(), [config.as_str()]);
    ctmpl.logs(LISTENING);
    let line = "waiting for kv.get(a): the key does not exist";
    eventually("the reason", || status(&[&addr]).output.contains(line));
    let ended = status(&[&config]);
    assert_eq!(ended.code(), Some(1), "{}", ended.log);
    assert!(ended.output.ends_with("\nnot ready\n"), "{}", ended.output);
    let ended = status(&["--ready", &addr]);
    assert_eq!(ended.code(), Some(1), "{}", ended.log);
    assert!(ended.output.starts_with("not ready:\n"), "{}", ended.output);
    let ended = status(&["--healthy", &addr]);
    assert_eq!(
        (ended.code(), ended.output.as_str()),
        (Some(0), "healthy\n")
    );

    consul.put_key("a", "1");
    folder.becomes("out", "1");
    eventually("it is ready", || {
        status(&["--ready", &addr]).code() == Some(0)
    });
    let ended = status(&[&config]);
    assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""));
    let rows: Vec<_> = ended.output.lines().collect();
    assert!(rows[0].starts_with("TEMPLATE"), "{}", ended.output);
    assert!(rows[1].ends_with("/out  up to date"), "{}", ended.output);
    assert_eq!(rows[2..], ["", "ready"]);
    let ended = status(&["--json", &addr]);
    let body: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!((ended.code(), &body["phase"]), (Some(0), &json!("ready")));

    // The variable of the environment, as in the image.
    let mut command = command();
    command.args(["status", "--ready"]);
    command.env("CTMPL_STATUS_ADDR", &socket);
    assert_eq!(run_command(command).output, "ready\n");

    ctmpl.stop();
    assert_eq!(status(&["--healthy", &addr]).code(), Some(3));
}

#[test]
fn a_wrong_question_is_an_error_with_the_remedy() {
    let other = embedded(Seed::default());
    let consul = format!("--addr={}", other.address());
    for (words, code, says) in [
        (&[][..], 13, "is not known; name it with --addr"),
        (
            &["--addr=9700"],
            13,
            "--addr: \"9700\" is not an address of the status server",
        ),
        (
            &["--addr=127.0.0.1:0"],
            13,
            "is chosen when the daemon starts",
        ),
        (
            &["--addr=unix:@s", "--ready", "--healthy"],
            13,
            "ask one of them",
        ),
        (&["--config=/nonexistent"], 15, "/nonexistent"),
        (
            &[consul.as_str()],
            3,
            "is not ctmpl: it answers /status with 404",
        ),
    ] {
        let ended = status(words);
        assert_eq!(ended.code(), Some(code), "{words:?}: {}", ended.log);
        assert!(ended.log.contains(says), "{words:?}: {}", ended.log);
        assert_eq!((ended.log.lines().count(), ended.output.as_str()), (1, ""));
    }
}

/// Answers every request with 200 and this body, until the process ends.
fn other_server(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    format!("--addr={address}")
}

#[test]
fn another_server_that_answers_with_json_is_not_ctmpl() {
    for body in ["{}", "[]", "\"ok\"", "{\"ready\":1,\"healthy\":\"yes\"}"] {
        let addr = other_server(body);
        for (flag, field) in [
            ("--healthy", "healthy"),
            ("--ready", "ready"),
            ("--json", "ready"),
        ] {
            let ended = status(&[flag, &addr]);
            assert_eq!(ended.code(), Some(3), "{body}: {}", ended.log);
            let error = format!(" has no field {field}\n");
            assert!(ended.log.ends_with(&error), "{body}: {}", ended.log);
            assert!(ended.log.contains("is not ctmpl"), "{}", ended.log);
        }
    }
    // The code alone says nothing either.
    let addr = other_server("{\"healthy\":false,\"ready\":false}");
    assert_eq!(status(&["--healthy", &addr]).code(), Some(1));
}

/// It was called ended.
#[test]
fn a_child_that_was_never_started_waits_for_its_files() {
    let folder = Folder::new();
    folder.write("in.ctmpl", "{{ key \"missing\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let flag = format!("unix://{}", folder.path("status.sock").display());
    let consul = embedded(Seed::default());
    let arguments = [
        "--status-addr",
        &flag,
        "--exec=sleep 60",
        "--template",
        &template,
    ];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    ctmpl.logs(LISTENING);
    let addr = format!("--addr={flag}");
    let shown = status(&[&addr]).output;
    assert!(
        shown.contains("child process: waits for its files\n"),
        "{shown}"
    );
    consul.put_key("missing", "here");
    eventually("the child runs", || {
        status(&[&addr]).output.contains("child process: running\n")
    });
}

#[test]
fn a_path_with_an_escape_sequence_does_not_reach_the_terminal() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default()));
    folder.write("in.ctmpl", "x");
    let template = folder.template("in.ctmpl", "o\u{1b}[31mut", "");
    let flag = format!("unix://{}", folder.path("status.sock").display());
    let state_dir = format!("--state-dir={}", folder.path("state").display());
    let arguments = ["--status-addr", &flag, &state_dir, "--template", &template];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    ctmpl.logs(LISTENING);
    folder.becomes("o\u{1b}[31mut", "x");
    let addr = format!("--addr={flag}");
    eventually("it is ready", || {
        status(&["--ready", &addr]).code() == Some(0)
    });
    for (words, escaped) in [
        (["status", &addr].as_slice(), "o\\u{1b}[31mut"),
        (&["status", "--json", &addr], "o\\u001b[31mut"),
        (&["history", &state_dir], "o\\u{1b}[31mut"),
    ] {
        let output = run(words).output;
        assert!(output.contains(escaped), "{words:?}: {output:?}");
        assert!(!output.contains('\u{1b}'), "{words:?}: {output:?}");
    }
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn only_the_user_of_the_daemon_and_root_may_ask_an_abstract_socket() {
    if !nix::unistd::geteuid().is_root() {
        #[expect(clippy::print_stderr, reason = "the test is skipped")]
        {
            eprintln!("skipped: only root can change the user");
        }
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    folder.write("in.ctmpl", "x");
    let (template, as_user) = (
        folder.template("in.ctmpl", "out", ""),
        |id: &'static str| {
            move |words: &[&str]| {
                let mut inner = command();
                inner.args(words).env("STATE_DIRECTORY", "/nonexistent");
                below(
                    &["setpriv", "--reuid", id, "--regid", id, "--clear-groups"],
                    &inner,
                )
            }
        },
    );
    let flag = format!("unix:@ctmpl-user-{}", std::process::id());
    let daemon = as_user("65532")(&[
        "--status-addr",
        &flag,
        "--state-dir=",
        "--log-level=info",
        "--template",
        &template,
    ]);
    let ctmpl = Ctmpl::spawn(daemon);
    ctmpl.logs(LISTENING);
    folder.becomes("out", "x");
    let question = ["status", "--healthy", "--addr", flag.as_str()];
    for id in ["0", "65532"] {
        let ended = run_command(as_user(id)(&question));
        assert_eq!(ended.code(), Some(0), "{id}: {}", ended.log);
    }
    let ended = run_command(as_user("65533")(&question));
    assert_eq!(ended.code(), Some(3), "{}", ended.log);
    let error = "a unix socket answers only the user of the daemon and root";
    assert!(ended.log.contains(error), "{}", ended.log);
}
