//! Tests of the server over HTTP: faults, start and stop.

mod faults;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use consul_dev::{Background, Fault, Options, Seed, Server, Service, Status};

const DEADLINE: Duration = Duration::from_secs(10);

fn start() -> Background {
    let seed = Seed::default()
        .key("app/one", "hello")
        .service(Service::new("web").id("web-1").port(8081));
    Background::start(Options {
        seed,
        record_requests: 100,
        ..Options::default()
    })
    .expect("a server")
}

/// Returns all bytes that the server sends for one request until it closes the connection.
fn get(address: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE).expect("a connection");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time limit");
    let mut bytes = Vec::new();
    // A cut connection causes an error while writing or reading, after the bytes before the cut.
    drop(write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    ));
    drop(stream.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn an_answer_has_consuls_head() {
    let consul = start();
    let answer = get(consul.address(), "/v1/kv/app/one");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for line in [
        "Content-Type: application/json",
        "X-Consul-Index: ",
        "X-Consul-Knownleader: true",
    ] {
        assert!(
            answer.contains(&format!("\r\n{line}")),
            "{line} in {answer}"
        );
    }
}

fn waiting(consul: &Background, target: &'static str) -> std::thread::JoinHandle<String> {
    let address = consul.address();
    let asked = std::thread::spawn(move || get(address, target));
    eventually("the query waits", || {
        consul.faults().open_requests("/v1/") == 1
    });
    asked
}

#[test]
fn a_rewind_answers_waiting_queries_with_a_smaller_index() {
    let consul = start();
    let asked = waiting(&consul, "/v1/health/service/web?index=900&wait=5m");
    consul.faults().rewind(3);
    let answer = asked.join().expect("an answer");
    assert!(
        answer.contains("X-Consul-Index: 3\r\n") && answer.contains("\"web-1\""),
        "{answer}"
    );
}

/// A query that has arrived counts as waiting, even if the server has not evaluated it yet.
#[test]
fn a_rewind_answers_a_query_that_is_delayed_before_it_waits() {
    let consul = start();
    let delay = Fault::Delay(Duration::from_millis(200));
    consul.faults().inject_times("/v1/health/", 1, delay);
    let asked = waiting(&consul, "/v1/health/service/web?index=900&wait=5m");
    consul.faults().rewind(3);
    let answer = asked.join().expect("an answer");
    assert!(answer.contains("X-Consul-Index: 3\r\n"), "{answer}");
}

#[test]
fn waiting_queries_can_be_interrupted() {
    let consul = start();
    let asked = waiting(&consul, "/v1/health/service/web?index=900&wait=5m");
    consul
        .faults()
        .interrupt("/v1/health/", 500, "rpc error making call: EOF");
    assert!(
        asked
            .join()
            .expect("an answer")
            .ends_with("rpc error making call: EOF")
    );
}

#[test]
fn changes_without_http_wake_queries_too() {
    let consul = start();
    consul.register(
        Service::new("web")
            .id("web-1")
            .port(8081)
            .status(Status::Passing),
    );
    let index = consul.contents().index();
    let target: &'static str =
        Box::leak(format!("/v1/health/service/web?passing&index={index}&wait=5m").into());
    let asked = waiting(&consul, target);
    consul.set_check("web-1", "critical");
    assert!(asked.join().expect("an answer").ends_with("[]"));
    consul.set_check("service:web-1", "passing");
    assert!(get(consul.address(), "/v1/health/service/web?passing").contains("\"web-1\""));
    consul.register(
        Service::new("web")
            .id("web-2")
            .node("n2")
            .address("10.0.0.2")
            .status(Status::Warning),
    );
    assert!(get(consul.address(), "/v1/catalog/node/n2").contains("\"web-2\""));
    consul.deregister("web-1");
    consul.deregister("web-2");
    assert!(get(consul.address(), "/v1/health/service/web").ends_with("[]"));
    consul.put_key("k", "v");
    consul.delete_key("k");
    assert!(get(consul.address(), "/v1/kv/k").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_stopped_server_refuses() {
    let consul = start();
    let address = consul.address();
    let asked = waiting(&consul, "/v1/kv/app/one?index=900&wait=5m");
    consul.stop();
    assert_eq!(asked.join().expect("an end"), "");
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_taken_port_is_an_error() {
    let consul = start();
    assert!(
        Background::start(Options {
            listen: consul.address(),
            ..Options::default()
        })
        .is_err()
    );
}

#[test]
fn other_datacenters_are_seeded_and_queried_by_name() {
    let seed = Seed::parse(
        "{kv: {a: here}, datacenters: {dc2: {kv: {a: there}, services: [{name: db, node: n}]}}}",
    );
    let consul = Background::start(Options {
        seed: seed.expect("a seed"),
        ..Options::default()
    })
    .expect("a server");
    assert!(get(consul.address(), "/v1/kv/a?raw").ends_with("here"));
    assert!(get(consul.address(), "/v1/kv/a?raw&dc=dc2").ends_with("there"));
    assert!(get(consul.address(), "/v1/catalog/datacenters").ends_with(r#"["dc1","dc2"]"#));
    assert!(get(consul.address(), "/v1/catalog/services?dc=dc2").ends_with(r#"{"db":[]}"#));
    assert!(
        get(consul.address(), "/v1/health/service/db?dc=dc2").contains(r#""Datacenter":"dc2""#)
    );
    assert!(
        get(consul.address(), "/v1/catalog/services?dc=dc3").ends_with("No path to datacenter")
    );
}

#[test]
fn a_lost_datacenter_answers_no_request_and_stays_in_the_list() {
    let seed = Seed::parse("{kv: {a: here}, datacenters: {dc2: {kv: {a: there}}}}");
    let consul = Background::start(Options {
        seed: seed.expect("a seed"),
        ..Options::default()
    })
    .expect("a server");
    let address = consul.address();
    let waiting = std::thread::spawn(move || get(address, "/v1/kv/a?raw&dc=dc2&index=1000"));
    while consul.faults().open_requests("/v1/kv/a") == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    consul.faults().lose_datacenter("dc2");
    let refused = waiting.join().expect("an answer");
    assert!(refused.starts_with("HTTP/1.1 500") && refused.ends_with("No path to datacenter"));
    assert!(get(address, "/v1/kv/a?raw&dc=dc2").ends_with("No path to datacenter"));
    assert!(get(address, "/v1/kv/a?raw").ends_with("here"));
    assert!(get(address, "/v1/catalog/datacenters").ends_with(r#"["dc1","dc2"]"#));
    consul.faults().regain_datacenter("dc2");
    assert!(get(address, "/v1/kv/a?raw&dc=dc2").ends_with("there"));
}

#[test]
fn a_value_too_large_is_refused_as_consul_does() {
    let consul = start();
    let mut stream = TcpStream::connect(consul.address()).expect("a connection");
    let head = "PUT /v1/kv/big HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(&vec![b'x'; 600_000]).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("\r\nConnection: close\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("Request body(600000 bytes) too large, max size: 524288 bytes."),
        "{answer}"
    );
}

#[tokio::test]
async fn a_server_runs_on_the_runtime_of_its_program() {
    let server = Server::start(Options::default()).await.expect("a server");
    let address = server.address();
    let asked = tokio::task::spawn_blocking(move || get(address, "/v1/status/leader"))
        .await
        .expect("an answer");
    assert!(asked.ends_with("\"127.0.0.1:8300\""), "{asked}");
    server.stop().await;
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn nodes_have_the_same_id_after_each_start() {
    let ids = || {
        let seed = Seed::default()
            .service(Service::new("web").node("n1"))
            .service(Service::new("web").node("n2"));
        let consul = Background::start(Options {
            seed,
            ..Options::default()
        })
        .expect("a server");
        let nodes = get(consul.address(), "/v1/catalog/nodes");
        let ids = nodes
            .split("\"ID\":\"")
            .skip(1)
            .map(|rest| rest[..36].to_owned());
        ids.collect::<Vec<_>>()
    };
    let first = ids();
    assert_eq!(first, ids());
    assert_eq!(first.len(), 3);
    assert!(first[0] != first[1] && first[1] != first[2], "{first:?}");
    assert!(
        first.iter().all(|id| id.matches('-').count() == 4),
        "{first:?}"
    );
}
