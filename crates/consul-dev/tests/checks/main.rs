//! Tests of running checks over HTTP: what is probed, what is refused, and when it ends.

mod redirects;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use consul_dev::{Background, Options};

const DEADLINE: Duration = Duration::from_secs(20);

fn start() -> Background {
    Background::start(Options::default()).expect("a server")
}

/// Sends a request. Returns the status line, the headers and the body.
fn send(address: SocketAddr, method: &str, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE).expect("a connection");
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn register(consul: &Background, check: &str) -> String {
    let body = format!(r#"{{"Name":"web","Check":{check}}}"#);
    send(consul.address(), "PUT", "/v1/agent/service/register", &body)
}

fn checks(consul: &Background) -> String {
    send(consul.address(), "GET", "/v1/agent/checks", "")
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The requests of a server.
#[derive(Default)]
struct Served {
    count: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Served {
    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

/// Serves this answer to every request, until the process ends. Returns the port and the requests.
fn serve(answer: String) -> (u16, Arc<Served>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let served = Arc::new(Served::default());
    let shared = Arc::clone(&served);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (answer, served) = (answer.clone(), Arc::clone(&shared));
            std::thread::spawn(move || {
                let open = served.open.fetch_add(1, Ordering::SeqCst) + 1;
                served.most_open.fetch_max(open, Ordering::SeqCst);
                let mut some = [0; 4096];
                drop(stream.read(&mut some));
                served.count.fetch_add(1, Ordering::SeqCst);
                served.open.fetch_sub(1, Ordering::SeqCst);
                drop(stream.write_all(answer.as_bytes()));
            });
        }
    });
    (port, served)
}

fn response(head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn http_check(port: u16) -> String {
    format!(r#"{{"HTTP":"http://127.0.0.1:{port}/a","Interval":"1s"}}"#)
}

#[test]
fn a_server_without_an_answer_fails_its_check_in_time() {
    let consul = start();
    // It accepts, because the system does, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    register(&consul, &http_check(port));
    eventually("a timeout", || {
        checks(&consul).contains("context deadline exceeded")
    });
}

#[test]
fn checks_end_with_their_service_and_with_the_server() {
    let consul = start();
    let (port, served) = serve(response("200 OK", ""));
    register(&consul, &http_check(port));
    eventually("a second probe", || served.count() >= 2);
    send(
        consul.address(),
        "PUT",
        "/v1/agent/service/deregister/web",
        "",
    );
    let (other, other_served) = serve(response("200 OK", ""));
    register(&consul, &http_check(other));
    eventually("probes of another service", || other_served.count() >= 3);
    // The first service was not probed any more: the second had three probes since then.
    assert!(served.count() <= 3);
    consul.stop();
    // A connection that was open at the end may still be counted.
    eventually("no probe is open", || {
        other_served.open.load(Ordering::SeqCst) == 0
    });
    let at_end = other_served.count();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(other_served.count(), at_end);
}

#[test]
fn a_running_probe_ends_with_its_check() {
    let consul = start();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let check = format!(r#"{{"HTTP":"http://127.0.0.1:{port}/","Interval":"1s","Timeout":"50s"}}"#);
    for end in [
        "/v1/agent/service/deregister/web",
        "/v1/agent/check/deregister/service:web",
    ] {
        register(&consul, &check);
        let (mut probe, _) = silent.accept().expect("a probe");
        probe
            .set_read_timeout(Some(DEADLINE))
            .expect("a time limit");
        send(consul.address(), "PUT", end, "");
        let mut request = String::new();
        let ended = probe.read_to_string(&mut request);
        assert!(
            ended.is_ok() && request.starts_with("GET / "),
            "{end}: {ended:?}"
        );
    }
}

#[test]
fn hundreds_of_checks_run_with_a_limit() {
    let consul = start();
    let (port, served) = serve(response("200 OK", ""));
    for number in 0..200 {
        let body = format!(
            r#"{{"ID":"web-{number}","Name":"web","Check":{}}}"#,
            http_check(port)
        );
        send(consul.address(), "PUT", "/v1/agent/service/register", &body);
    }
    eventually("all pass", || !checks(&consul).contains("critical"));
    assert!(served.count() >= 200);
    let most = served.most_open.load(Ordering::SeqCst);
    assert!(most <= 32, "{most} probes at a time");
}

#[test]
fn extreme_times_are_accepted_and_do_no_harm() {
    let consul = start();
    for check in [
        r#"{"TTL":"100000000000000h"}"#,
        r#"{"TTL":"99999999999999999999999999h"}"#,
        r#"{"HTTP":"http://127.0.0.1:1/","Interval":"100000000000000h","Timeout":"100000000000000h"}"#,
        r#"{"TCP":"127.0.0.1:1","Interval":"1ns","DeregisterCriticalServiceAfter":"100000000000000h"}"#,
        r#"{"TCP":"127.0.0.1:1","Interval":-1}"#,
        r#"{"TCP":"127.0.0.1:1","Interval":"1s","OutputMaxSize":9223372036854775807,"FailuresBeforeCritical":-5}"#,
    ] {
        register(&consul, check);
    }
    let session = r#"{"LockDelay":9223372036854775807}"#;
    let created = send(consul.address(), "PUT", "/v1/session/create", session);
    let id = created.rsplit('"').nth(1).expect("an ID").to_owned();
    let key = format!("/v1/kv/a?acquire={id}");
    assert!(send(consul.address(), "PUT", &key, "x").ends_with("true"));
    let end = format!("/v1/session/destroy/{id}");
    assert!(send(consul.address(), "PUT", &end, "").ends_with("true"));
    assert!(send(consul.address(), "GET", "/v1/kv/a?raw", "").ends_with('x'));
    eventually("the server still runs checks", || {
        register(&consul, r#"{"TCP":"127.0.0.1:1","Interval":"1s"}"#);
        checks(&consul).contains("connection refused")
    });
}

#[test]
fn endpoints_that_the_server_does_not_have_answer_501_with_a_text() {
    let consul = start();
    for path in consul_dev::absent_endpoints() {
        let path = if path.ends_with('/') {
            format!("{path}x")
        } else {
            (*path).to_owned()
        };
        for method in ["GET", "PUT"] {
            let answer = send(consul.address(), method, &path, "");
            assert!(
                answer.starts_with("HTTP/1.1 501 "),
                "{method} {path}: {answer}"
            );
            assert!(
                answer.contains("not part of the embedded server"),
                "{answer}"
            );
        }
    }
    let answer = send(consul.address(), "GET", "/v1/agent/nope", "");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(
        answer.contains("/v1/agent/nope is not an endpoint of Consul"),
        "{answer}"
    );
    let kind = r#"{"Name":"g","Kind":"mesh-gateway","Port":1}"#;
    let answer = send(consul.address(), "PUT", "/v1/agent/service/register", kind);
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
}

#[test]
fn a_service_that_a_client_removes_from_the_catalog_comes_back_with_its_next_report() {
    let consul = start();
    register(&consul, r#"{"TTL":"1h"}"#);
    let address = consul.address();
    for gone in [r#"{"Node":"dev","ServiceID":"web"}"#, r#"{"Node":"dev"}"#] {
        for report in ["pass", "fail"] {
            send(address, "PUT", "/v1/catalog/deregister", gone);
            let target = format!("/v1/agent/check/{report}/service:web");
            assert!(send(address, "PUT", &target, "").starts_with("HTTP/1.1 200 "));
            let health = send(address, "GET", "/v1/health/service/web", "");
            assert!(health.contains("\"CheckID\":\"service:web\""), "{health}");
        }
    }
    send(
        address,
        "PUT",
        "/v1/catalog/deregister",
        r#"{"Node":"dev"}"#,
    );
    assert!(register(&consul, r#"{"TTL":"1h"}"#).starts_with("HTTP/1.1 200 "));
    assert!(
        send(address, "PUT", "/v1/agent/maintenance?enable=true", "").starts_with("HTTP/1.1 200 ")
    );
}

#[test]
fn a_sidecar_proxy_without_a_free_port_is_refused() {
    let consul = start();
    let register = |id: &str, sidecar: &str| {
        let body =
            format!(r#"{{"ID":"{id}","Name":"web","Connect":{{"SidecarService":{sidecar}}}}}"#);
        send(consul.address(), "PUT", "/v1/agent/service/register", &body)
    };
    for number in 0..256 {
        let answer = register(&format!("web-{number}"), "{}");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{number}: {answer}");
    }
    let answer = register("one-more", "{}");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("all of 21000 to 21255 are in use; set Port"),
        "{answer}"
    );
    // The instance is not registered either.
    let services = send(consul.address(), "GET", "/v1/agent/services", "");
    assert!(!services.contains("one-more"));
    assert!(register("one-more", r#"{"Port":30000}"#).starts_with("HTTP/1.1 200 "));
    assert!(
        register("web-0", "{}").starts_with("HTTP/1.1 200 "),
        "it keeps its port"
    );
}
