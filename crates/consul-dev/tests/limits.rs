//! Tests of the limits: no client can use unbounded memory or connections, or abort the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use consul_dev::{Background, Options};

const DEADLINE: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_millis(200);

fn start() -> Background {
    Background::start(Options {
        read_timeout: READ_TIMEOUT,
        ..Options::default()
    })
    .expect("a server")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, DEADLINE).expect("a connection");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time limit");
    stream
}

/// Sends a request, given as head and body, and reads the answer until the server closes the
/// connection.
fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connect(address);
    stream.write_all(request).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn get(address: SocketAddr, target: &str) -> String {
    let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    send(address, head.as_bytes())
}

fn put(address: SocketAddr, target: &str, length: usize) -> String {
    let head = format!(
        "PUT {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    send(address, &[head.as_bytes(), &vec![b'x'; length]].concat())
}

#[test]
fn a_deeply_nested_filter_is_refused() {
    let consul = start();
    for (part, count) in [("(", 60_000), ("not%20", 10_000), ("(not%20", 8_000)] {
        let filter = part.repeat(count);
        let answer = get(
            consul.address(),
            &format!("/v1/catalog/nodes?filter={filter}"),
        );
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(
            answer.ends_with("the filter is nested more than 64 levels deep"),
            "{answer}"
        );
    }
    assert!(get(consul.address(), "/v1/catalog/nodes").starts_with("HTTP/1.1 200"));
}

#[test]
fn half_a_request_is_dropped_and_an_idle_connection_is_not() {
    let consul = start();
    let mut half = connect(consul.address());
    let mut idle = connect(consul.address());
    let keep_alive = "GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n\r\n";
    idle.write_all(keep_alive.as_bytes()).expect("sent");
    assert!(idle.read(&mut [0; 4096]).expect("an answer") > 0);
    half.write_all(b"GET /v1/status/leader HTTP/1.1\r\nHost:")
        .expect("sent");
    let begun = Instant::now();
    let mut rest = Vec::new();
    drop(half.read_to_end(&mut rest));
    assert!(begun.elapsed() >= READ_TIMEOUT / 2, "{:?}", begun.elapsed());
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    std::thread::sleep(READ_TIMEOUT * 2);
    idle.write_all(keep_alive.as_bytes()).expect("sent");
    assert!(idle.read(&mut [0; 4096]).expect("an answer") > 0);
    assert_eq!(consul.faults().connections(), 1);
}

#[test]
fn half_a_body_is_refused() {
    let consul = start();
    let head = "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf";
    let answer = send(consul.address(), head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn a_long_body_is_refused() {
    let consul = start();
    for (target, limit, setting) in [
        ("/v1/kv/a", 524_288, "kv_max_value_size"),
        ("/v1/txn", 524_288, "txn_max_req_len"),
        ("/v1/catalog/register", 4_194_304, ""),
    ] {
        let answer = put(consul.address(), target, limit + 1);
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        let length = limit + 1;
        let text = format!("Request body({length} bytes) too large, max size: {limit} bytes.");
        assert!(answer.contains(&text), "{answer}");
        assert!(answer.contains(setting), "{answer}");
    }
}

#[test]
fn a_long_body_without_a_length_is_refused() {
    let consul = start();
    let head = "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"20000\r\n".as_slice(), &vec![b'x'; 0x20000], b"\r\n"].concat();
    let request = [head.as_bytes(), &chunk.repeat(5), b"0\r\n\r\n"].concat();
    let answer = send(consul.address(), &request);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn bodies_wait_for_each_other_beyond_their_sum() {
    let consul = start();
    let address = consul.address();
    // Ten incomplete bodies of 4 MiB occupy the whole 32 MiB until they are refused.
    let halves: Vec<_> = (0..10)
        .map(|_| {
            let mut stream = connect(address);
            let head =
                "PUT /v1/catalog/register HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n";
            stream.write_all(head.as_bytes()).expect("sent");
            stream
        })
        .collect();
    let begun = Instant::now();
    while !put(address, "/v1/kv/a", 500_000).starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < DEADLINE, "no body is accepted again");
    }
    drop(halves);
}

#[test]
#[should_panic(expected = "does not record requests")]
fn requests_panics_without_a_recording() {
    let consul = start();
    get(consul.address(), "/v1/status/leader");
    consul.faults().requests("/");
}
