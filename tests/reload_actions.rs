//! Actions in place of commands, with the real binary: signals, requests, systemd.

use std::process::{Command, Stdio};

use crate::support::ctmpl::{Ended, Folder, command, run_command};
use crate::support::recorder::Recorder;

/// Runs `-once` with a template that has these keys.
fn once(folder: &Folder, keys: &str) -> Ended {
    let text = format!("template {{\n contents = \"x\"\n destination = \"out\"\n {keys}\n}}");
    folder.write("ct.hcl", &text);
    let mut command = command();
    command.current_dir(folder.path(""));
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", folder.path("bin").display()));
    command.args(["-once", "-config=ct.hcl", "-consul-retry-attempts=1"]);
    run_command(command)
}

#[test]
fn a_request_reloads_a_program() {
    let (folder, recorder) = (Folder::new(), Recorder::start("ok"));
    let address = recorder.address();
    let keys = format!("http {{ url = \"http://{address}/-/reload\" headers = [\"X-Token: t\"] }}");
    let ended = once(&folder, &keys);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out"), "x");
    let heads = recorder.heads();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(
        heads[0].starts_with("POST /-/reload HTTP/1.1\n"),
        "{heads:?}"
    );
    assert!(
        heads[0].to_ascii_lowercase().contains("x-token: t"),
        "{heads:?}"
    );
    // Nothing changes, so that nothing is reloaded.
    assert_eq!(once(&folder, &keys).code(), Some(0));
    assert_eq!(recorder.heads(), [""; 0]);
}

#[test]
fn a_signal_reloads_a_program() {
    let folder = Folder::new();
    let mut program = Command::new("sh")
        .args([
            "-c",
            "trap 'echo got > got; exit 3' HUP; echo $$ > pid; while :; do sleep 0.05; done",
        ])
        .current_dir(folder.path(""))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    folder.eventually("pid", "the ID of the process", |text| text.ends_with('\n'));
    let ended = once(&folder, "signal { pidfile = \"pid\" }");
    let status = if ended.code() == Some(0) {
        program.wait()
    } else {
        program.kill().and_then(|()| program.wait())
    };
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(status.unwrap().code(), Some(3));
    assert_eq!(folder.read("got"), "got\n");
}

#[test]
fn an_action_that_fails_is_named_without_secrets() {
    let folder = Folder::new();
    let ended = once(&folder, "signal { pidfile = \"none.pid\" }");
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    for part in [
        "`signal SIGHUP none.pid` failed",
        "cannot read the PID file none.pid: No such file",
    ] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
    let folder = Folder::new();
    let ended = once(
        &folder,
        "http { url = \"http://u:s3cret@127.0.0.1:1/p?s3cret\" headers = [\"A: s3cret\"] body = \"s3cret\" }",
    );
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    let expected = "`http POST http://***@127.0.0.1:1/p?***` failed: cannot send the request: Connection refused";
    assert!(ended.log.contains(expected), "{}", ended.log);
    assert!(!ended.log.contains("s3cret"), "{}", ended.log);
}

#[test]
fn systemctl_reloads_a_unit() {
    let folder = Folder::new();
    folder.program(
        "bin/systemctl",
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > called\n",
    );
    let ended = once(&folder, "systemd { unit = \"nginx.service\" }");
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(
        folder.read("called"),
        "--no-ask-password\nreload\n--\nnginx.service\n"
    );
}
