//! The status server, with the real binary: what it answers, and that no client disturbs it.

mod addresses;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, io};

use consul_dev::{Background, Fault, Seed};
use serde_json::{Value, json};

use crate::support::ctmpl::{Ctmpl, Folder, command};
use crate::support::http::{self, TIMEOUT};
use crate::support::mount::FreezableMount;
use crate::support::{embedded, eventually};

/// The first line of the log about the server, before its address.
const LISTENING: &str = "the status server is listening on ";

/// The maximum number of connections at a time.
const MAX_CONNECTIONS: usize = 16;

/// A little more than the time after an iteration of the loop in which the server does not wake it up.
const FRESH: Duration = Duration::from_millis(1100);

/// Starts ctmpl with the template `{{ key "a" }}` and a status server on any free port.
fn start(folder: &Folder, consul: &Background) -> (Ctmpl, SocketAddr) {
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "out", "");
    let arguments = ["--status-addr=127.0.0.1:0", "--template", template.as_str()];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    let address = address(&ctmpl, 1);
    (ctmpl, address)
}

/// Returns the address that the log names the `count`th time.
fn address(ctmpl: &Ctmpl, count: usize) -> SocketAddr {
    eventually("the server listens", || ctmpl.log_count(LISTENING) >= count);
    let log = ctmpl.log();
    let line = log.split(LISTENING).nth(count).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn get(address: SocketAddr, path: &str) -> (u16, Value) {
    let answer = http::get(address, path).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[test]
fn a_template_that_waits_is_not_ready_and_says_what_for() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default()));
    let (ctmpl, address) = start(&folder, &consul);
    assert_eq!(get(address, "/healthz"), (200, json!({ "healthy": true })));
    let name = folder.path("in.ctmpl").display().to_string();
    let line = format!("{name}:1: waiting for kv.get(a): the key does not exist");
    let destination = folder.path("out").display().to_string();
    eventually("the reason", || {
        let (code, body) = get(address, "/readyz");
        assert_eq!((code, &body["ready"]), (503, &json!(false)));
        let problem =
            json!({ "kind": "template", "name": name, "destination": destination, "reason": line });
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
    let outage = json!([{ "kind": "consul", "name": null, "destination": null, "reason": "it does not answer" }]);
    eventually("the outage", || {
        get(address, "/readyz").1["problems"] == outage
    });
    assert_eq!(get(address, "/status").1["dependencies"]["is_outage"], true);
    assert_eq!(get(address, "/healthz").0, 200, "the loop works");
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

/// Returns how often the thread of the event loop has begun to wait.
fn waits(ctmpl: &Ctmpl) -> String {
    let pid = ctmpl.pid();
    let status = fs::read_to_string(format!("/proc/{pid}/task/{pid}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find(|line| line.starts_with("voluntary_ctxt_switches:"));
    line.unwrap().to_owned()
}

/// Waits until the event loop has been idle for so long that a request for the health must wake it up.
fn becomes_idle(ctmpl: &Ctmpl) {
    let mut last = (waits(ctmpl), Instant::now());
    eventually("the loop is idle", || {
        let now = waits(ctmpl);
        if now != last.0 {
            last = (now, Instant::now());
        }
        last.1.elapsed() > FRESH
    });
}

/// Asks an idle daemon for its health: the loop must wake up for the answer.
fn is_woken_up(ctmpl: &Ctmpl, address: SocketAddr) {
    becomes_idle(ctmpl);
    let before = waits(ctmpl);
    assert_eq!(get(address, "/healthz"), (200, json!({ "healthy": true })));
    eventually("the loop waits again", || waits(ctmpl) != before);
}

#[test]
fn a_consul_that_hangs_does_not_make_an_idle_daemon_unhealthy() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let long = Fault::Delay(Duration::from_secs(60));
    consul.faults().inject("/v1/kv/a", long);
    let (ctmpl, address) = start(&folder, &consul);
    is_woken_up(&ctmpl, address);
    assert_eq!(get(address, "/readyz").0, 503);
}

#[test]
fn a_disk_that_hangs_does_not_make_an_idle_daemon_unhealthy() {
    let (folder, consul) = (Folder::new(), embedded(Seed::default().key("a", "1")));
    let path = folder.path("frozen");
    let Some(mount) = FreezableMount::at(&path) else {
        return;
    };
    folder.write("in.ctmpl", "{{ key \"a\" }}");
    let template = folder.template("in.ctmpl", "frozen/out", "");
    let arguments = ["--status-addr=127.0.0.1:0", "--template", template.as_str()];
    let ctmpl = Ctmpl::start(consul.address(), arguments);
    let address = address(&ctmpl, 1);
    folder.becomes("frozen/out", "1");
    let frozen = mount.freeze();
    consul.put_key("a", "2");
    eventually("the write hangs", || {
        get(address, "/status").1["applies"]["is_writing"] == true
    });
    is_woken_up(&ctmpl, address);
    assert_eq!(get(address, "/status").1["applies"]["is_writing"], true);
    drop(frozen);
    folder.becomes("frozen/out", "2");
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

#[test]
fn no_answer_has_a_value_a_token_or_a_content() {
    let seed = Seed::default().key("a", "s3cret-value").key("b", "1");
    let (folder, consul) = (Folder::new(), embedded(seed));
    folder.write("in.ctmpl", "{{ key \"a\" }}{{ env \"OF_TEST\" }}");
    folder.write("broken.ctmpl", "{{ key \"a\" | parseInt }}");
    let printed = format!("cat {} >&2; exit 1", folder.path("b").display());
    folder.write("b.ctmpl", "{{ key \"a\" }}");
    let template = |source: &str, destination: &str, command: &str| {
        format!(
            "--template={}",
            folder.template(source, destination, command)
        )
    };
    let arguments = [
        "--status-addr=127.0.0.1:0".to_owned(),
        "--consul-token=s3cret-token".to_owned(),
        "--check=sh -c 'cat $1; ! grep -q value $1' sh {staged}".to_owned(),
        "--exec=sh -c 'sleep 60'".to_owned(),
        template("in.ctmpl", "out", "true"),
        template("broken.ctmpl", "broken", ""),
        template("b.ctmpl", "b", &printed),
    ];
    let mut command = command();
    command.arg(format!("--consul-addr={}", consul.address()));
    command.args(["--log-level=info"]).args(arguments);
    command.env("OF_TEST", "s3cret-variable");
    let ctmpl = Ctmpl::spawn(command);
    let address = address(&ctmpl, 1);
    eventually("a refused group and a failed template", || {
        let (_, body) = get(address, "/status");
        let has = |kind: &str| body["problems"].to_string().contains(kind);
        has("\"group\"") && has("it fails")
    });
    for path in ["/readyz", "/status", "/healthz"] {
        let (_, body) = get(address, path);
        assert!(!body.to_string().contains("s3cret"), "{path}: {body:#}");
    }
}
