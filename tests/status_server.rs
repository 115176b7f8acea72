//! The status server, with the real binary: what it answers, where it listens, and that no client disturbs it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr as TcpAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use consul_dev::{Background, Fault, Seed};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::ctmpl::{Ctmpl, Folder, run};
use crate::support::http::{self, Answer, TIMEOUT};
use crate::support::{embedded, eventually};

/// The first line of the log about the server, before its address.
const LISTENING: &str = "the status server is listening on ";

/// The maximum number of connections at a time.
const MAX_CONNECTIONS: usize = 16;

/// Starts ctmpl with the template `{{ key "a" }}` and a status server on any free port.
fn start(folder: &Folder, consul: &Background) -> (Ctmpl, TcpAddr) {
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let arguments = ["--status-addr=127.0.0.1:0", "--template", template.as_str()];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    let address = address(&ctmpl, 1);
    (ctmpl, address)
}

/// Returns the address that the log names the `count`th time.
fn address(ctmpl: &Ctmpl, count: usize) -> TcpAddr {
    eventually("the server listens", || ctmpl.log_count(LISTENING) >= count);
    let log = ctmpl.log();
    let line = log.split(LISTENING).nth(count).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn get(address: TcpAddr, path: &str) -> (u16, Value) {
    let answer = http::get(address, path).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// Sends a GET request on a unix socket. Returns the answer as text.
fn get_on(mut stream: UnixStream, path: &str) -> String {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_template_that_waits_is_not_ready_and_says_what_for() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default()));
    let (ctmpl, address) = start(&folder, &consul);
    assert_eq!(get(address, "/healthz"), (200, json!({ "healthy": true })));
    let name = folder.path("in.ctmpl").display().to_string();
    let line = format!("{name}:1: waiting for kv.get(a): the key does not exist");
    eventually("the reason", || {
        let (code, body) = get(address, "/readyz");
        assert_eq!((code, &body["ready"]), (503, &json!(false)));
        let problem = json!({ "kind": "template", "name": name, "reason": line });
        body["problems"] == json!([problem])
    });
    let (code, body) = get(address, "/status");
    assert_eq!((code, &body["phase"]), (200, &json!("starting")));
    assert_eq!(body["templates"][0]["missing"], 1);

    consul.put_key("a", "s3cret");
    folder.becomes("out", "s3cret");
    eventually("it is ready", || get(address, "/readyz").0 == 200);
    let (code, body) = get(address, "/status");
    assert_eq!((code, &body["ready"]), (200, &json!(true)));
    assert_eq!(body["problems"], json!([]));
    assert_eq!(body["phase"], "ready");
    assert_eq!(body["templates"][0]["state"], "up_to_date");
    let destination = folder.path("out").display().to_string();
    assert_eq!(body["templates"][0]["destination"], destination);
    assert_eq!(body["dependencies"]["followed"], 1);
    assert!(!body.to_string().contains("s3cret"), "{body}");
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert!(TcpStream::connect(address).is_err(), "it has ended");
}

#[test]
fn an_outage_and_a_failed_command_are_not_ready_until_they_end() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let (_ctmpl, address) = start(&folder, &consul);
    eventually("it is ready", || get(address, "/readyz").0 == 200);

    consul.faults().stop_listening();
    let outage = json!([{ "kind": "consul", "name": null, "reason": "it does not answer" }]);
    eventually("the outage", || {
        get(address, "/readyz").1["problems"] == outage
    });
    assert_eq!(get(address, "/status").1["dependencies"]["is_outage"], true);
    assert_eq!(get(address, "/healthz").0, 200, "the loop turns");
    consul.faults().listen_again();
    eventually("it is ready", || get(address, "/readyz").0 == 200);

    folder.write("b.ctmpl", "{{ key \"a\" }}");
    let command = format!("test -e {}", folder.path("allowed").display());
    let template = folder.template("b.ctmpl", "b", &command);
    let arguments = ["--status-addr=127.0.0.1:0", "--template", template.as_str()];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    let address = self::address(&ctmpl, 1);
    eventually("the failed command", || {
        get(address, "/readyz").1["problems"][0]["kind"] == "command"
    });
    let problem = &get(address, "/readyz").1["problems"][0];
    assert_eq!(problem["name"], command);
    folder.write("allowed", "");
    eventually("it is ready", || get(address, "/readyz").0 == 200);
}

#[test]
fn other_paths_and_methods_are_refused_and_head_has_no_body() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let (_ctmpl, address) = start(&folder, &consul);
    let (code, body) = get(address, "/metric");
    let error = "there is no such page; there are /healthz, /readyz and /status";
    assert_eq!((code, &body["error"]), (404, &json!(error)));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = http::request(address, method, "/status", "x").unwrap();
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    let answer = http::request(address, "HEAD", "/healthz?verbose", "").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let head = format!("GET /status HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(head.as_bytes());
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.is_empty() || text.starts_with("HTTP/1.1 431"),
        "{text}"
    );
    assert_eq!(get(address, "/healthz").0, 200);
}

#[test]
fn slow_clients_hold_no_other_client_and_cannot_stay() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let (_ctmpl, address) = start(&folder, &consul);
    let slow = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
        stream
    };
    let mut slow: Vec<_> = (1..MAX_CONNECTIONS).map(|_| slow()).collect();
    assert_eq!(get(address, "/healthz").0, 200);

    // All places are taken: the next request is answered when one of these is closed.
    let mut last = TcpStream::connect(address).unwrap();
    last.write_all(b"G").unwrap();
    slow.push(last);
    assert_eq!(get(address, "/healthz").0, 200);
    let is_closed = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let read = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        read.is_ok()
    };
    let closed = slow
        .iter_mut()
        .filter_map(|stream| is_closed(stream).then_some(()));
    assert!(closed.count() > 0, "a connection more than the limit");
    for mut stream in slow {
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        let rest = String::from_utf8(rest).unwrap();
        assert!(
            rest.is_empty() || rest.starts_with("HTTP/1.1 408"),
            "{rest}"
        );
    }
}

#[test]
fn a_socket_of_a_path_or_in_the_abstract_namespace_answers() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let path = folder.path("status.sock");
    // A daemon that was killed leaves its socket.
    drop(UnixListener::bind(&path).unwrap());
    let name = format!("ctmpl-test-{}", std::process::id());
    let connect_abstract = || {
        let name = SocketAddr::from_abstract_name(&name).unwrap();
        UnixStream::connect_addr(&name)
    };
    let connect: [(String, &dyn Fn() -> io::Result<UnixStream>); 2] = [
        (format!("unix://{}", path.display()), &|| {
            UnixStream::connect(&path)
        }),
        (format!("unix:@{name}"), &connect_abstract),
    ];
    for (address, connect) in connect {
        let flag = format!("--status-addr={address}");
        let arguments = [flag.as_str(), "--template", template.as_str()];
        let ctmpl = Ctmpl::start(consul.address(), arguments);
        ctmpl.logs(&format!("{LISTENING}{address}"));
        let answer = get_on(connect().unwrap(), "/healthz");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

        // A second daemon does not take the address.
        let consul = format!("--consul-addr={}", consul.address());
        let second = run([consul.as_str(), flag.as_str(), "--template", &template]);
        assert_eq!(second.code(), Some(14), "{}", second.log);
        let error = format!("cannot listen on {address} for status_addr: another process does");
        assert!(second.log.contains(&error), "{}", second.log);
        let answer = get_on(connect().unwrap(), "/readyz");
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert!(connect().is_err(), "nothing listens any more");
        assert!(!path.exists(), "the file is removed");
    }
}

#[test]
fn the_file_of_the_socket_is_for_its_user_and_removed_at_a_forced_end() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let path = folder.path("status.sock");
    let flag = format!("--status-addr=unix:{}", path.display());
    let up = folder.path("up").display().to_string();
    let exec = format!("sh -c 'trap : TERM INT; echo > {up}; while :; do sleep 0.1; done'");
    let arguments = [
        flag.as_str(),
        "--template",
        template.as_str(),
        "--exec",
        exec.as_str(),
    ];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    folder.becomes("up", "\n");
    let metadata = fs::symlink_metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    ctmpl.signal(Signal::SIGTERM);
    ctmpl.logs("(daemon) ending");
    ctmpl.signal(Signal::SIGTERM);
    ctmpl.ends();
    assert!(!path.exists());
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_at_the_start() {
    let folder = Folder::new();
    folder.write("in.ctmpl", "x");
    let template = folder.template("in.ctmpl", "out", "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let file = folder.write("file", "text").display().to_string();
    let missing = folder.path("missing/s").display().to_string();
    for (address, code, says) in [
        (
            taken.clone(),
            14,
            "another process does; choose another address",
        ),
        (format!("unix://{file}"), 14, "the file is not a socket"),
        (format!("unix://{missing}"), 14, "create its directory"),
        (
            ":9700".to_owned(),
            13,
            "write 127.0.0.1:9700 for this machine only",
        ),
        (
            "9700".to_owned(),
            13,
            "write HOST:PORT, for example 127.0.0.1:9700",
        ),
    ] {
        let flag = format!("--status-addr={address}");
        let ended = run([flag.as_str(), "--template", &template]);
        assert_eq!(ended.code(), Some(code), "{address}: {}", ended.log);
        assert!(ended.log.contains(says), "{address}: {}", ended.log);
        assert_eq!(folder.read("out"), "", "nothing is rendered before");
    }
    // A run of -once has no server.
    let flag = format!("--status-addr={taken}");
    let ended = run(["--once", flag.as_str(), "--template", &template]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("file"), "text");
}

/// Writes the configuration with this address and reloads it.
fn reload(folder: &Folder, ctmpl: &Ctmpl, address: &str, count: usize) {
    configure(folder, address);
    ctmpl.signal(Signal::SIGHUP);
    eventually("configuration reloaded", || {
        ctmpl.log_count("configuration reloaded") == count
    });
}

fn configure(folder: &Folder, address: &str) {
    let out = folder.path("out").display().to_string();
    let text = format!(
        "status_addr = \"{address}\"\ntemplate {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"{out}\" }}\n"
    );
    folder.write("ct.hcl", &text);
}

fn is_ready(path: &Path) -> bool {
    let Ok(stream) = UnixStream::connect(path) else {
        return false;
    };
    get_on(stream, "/readyz").starts_with("HTTP/1.1 200")
}

#[test]
fn a_reload_moves_the_server_and_keeps_it_if_the_new_address_is_taken() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let [first, second] = ["first.sock", "second.sock"].map(|name| folder.path(name));
    let unix = |path: &Path| format!("unix://{}", path.display());
    configure(&folder, &unix(&first));
    let config = format!("--config={}", folder.path("ct.hcl").display());
    let ctmpl = Ctmpl::start(consul.address(), [config.as_str()]);
    folder.becomes("out", "1");
    eventually("the first is ready", || is_ready(&first));

    reload(&folder, &ctmpl, &unix(&second), 1);
    eventually("the second is ready", || is_ready(&second));
    eventually("the first is gone", || !first.exists());

    let other = UnixListener::bind(&first).unwrap();
    reload(&folder, &ctmpl, &unix(&first), 2);
    let warning = format!("; the status server stays on {}", unix(&second));
    assert_eq!(ctmpl.log_count(&warning), 1, "{}", ctmpl.log());
    assert!(is_ready(&second));
    drop(other);

    // The socket that was taken is stale now.
    reload(&folder, &ctmpl, &unix(&first), 3);
    eventually("the first is ready", || is_ready(&first));
    eventually("the second is gone", || !second.exists());

    reload(&folder, &ctmpl, "", 4);
    eventually("the first is gone", || !first.exists());
    reload(&folder, &ctmpl, "127.0.0.1:0", 5);
    let address = address(&ctmpl, 4);
    assert_eq!(get(address, "/readyz").0, 200);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_slow_disk_or_consul_does_not_make_the_daemon_unhealthy() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let long = Fault::Delay(Duration::from_secs(60));
    consul.faults().inject("/v1/kv/a", long);
    let (_ctmpl, address) = start(&folder, &consul);
    let Answer { status, .. } = http::get(address, "/healthz").unwrap();
    assert_eq!(status, 200);
    assert_eq!(get(address, "/readyz").0, 503);
}

#[test]
fn without_an_address_there_is_no_thread() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let threads = |ctmpl: &Ctmpl| {
        let tasks = fs::read_dir(format!("/proc/{}/task", ctmpl.pid())).unwrap();
        let name = |task: io::Result<fs::DirEntry>| {
            fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default()
        };
        tasks.map(name).filter(|name| name == "status\n").count()
    };
    for (address, count) in [("", 0), ("127.0.0.1:0", 1)] {
        let flag = format!("--status-addr={address}");
        let arguments = [flag.as_str(), "--template", template.as_str()];
        let ctmpl = Ctmpl::start(consul.address(), arguments);
        folder.becomes("out", "1");
        assert_eq!(threads(&ctmpl), count, "{address}");
        fs::remove_file(folder.path("out")).unwrap();
    }
}
