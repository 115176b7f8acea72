//! Answers that are errors, and servers that fail.

use super::*;

#[tokio::test]
async fn a_server_without_a_leader_reports_the_age_of_its_answer() {
    let reply = fixture(&service("web"), "noleader-2srv-stale-200")
        .await
        .unwrap();
    assert!(
        reply.last_contact > Duration::from_secs(2),
        "{:?}",
        reply.last_contact
    );
}

#[tokio::test]
async fn every_error_has_its_class() {
    use ErrorClass::{Denied, Outage, Throttled};
    let cases = [
        ("noleader-2srv-default-500", Outage, false),
        ("client-no-known-servers-health", Outage, false),
        ("acl-health-bad-token", Denied, false),
        ("acl-via-client-agent-health-bad-token", Denied, false),
        ("acl-kv-get-no-token", Denied, false),
        ("error-unknown-dc-500", ErrorClass::Datacenter, false),
        ("error-bad-filter-500", ErrorClass::Query, false),
        ("error-bad-index-400", ErrorClass::Query, false),
        ("error-stale-and-consistent-400", ErrorClass::Query, false),
        ("error-404-path", ErrorClass::Query, true),
        ("error-405", ErrorClass::Query, true),
        ("SYNTHETIC-429-newer-consul", Throttled, false),
        ("gzip-encoded-health", ErrorClass::Query, false),
    ];
    for (name, class, is_final) in cases {
        let error = fixture(&service("web"), name).await.expect_err(name);
        assert_eq!(
            (error.class(), error.is_final()),
            (class, is_final),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn the_pause_that_a_server_requests_is_part_of_the_error() {
    for (status, seconds) in [(429, Some(7)), (503, Some(7)), (500, None), (400, None)] {
        let answer =
            format!("HTTP/1.1 {status} x\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy");
        let error = ask(&service("web"), answer.into_bytes()).await.unwrap_err();
        assert_eq!(
            error.retry_after(),
            seconds.map(Duration::from_secs),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_answers_anything_passes_the_probe() {
    let leader = fs::read("tests/fixtures/consul/status-leader.http").unwrap();
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    for (bytes, passes) in [
        (leader, true),
        (answer("404 Not Found").into_bytes(), true),
        (answer("302 Found").into_bytes(), true),
        (answer("429 Too Many Requests").into_bytes(), false),
        (answer("503 Service Unavailable").into_bytes(), false),
        (Vec::new(), false),
    ] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let probed = client(replay(bytes)).probe(0).await;
        assert_eq!(probed.is_ok(), passes, "{text}: {probed:?}");
        let class = probed.map_err(|error| error.class());
        assert_ne!(class, Err(ErrorClass::Query), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_answer_is_an_error_and_never_read_as_data() {
    let ok = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let cases = [
        (
            ok("<html><body>Welcome to nginx!</body></html>"),
            "it is HTML",
        ),
        (
            ok("[{\"Node\":{\"Node\":\"s1\""),
            "the JSON ends too early, at line 1 column",
        ),
        (ok("{\"a\":1}"), "another shape than expected"),
        (ok("nonsense"), "it is not JSON"),
        (ok(""), "the JSON ends too early"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[".to_vec(),
            "the answer is cut off",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"No".to_vec(),
            "the answer is cut off",
        ),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                .to_vec(),
            "answered 301",
        ),
        (b"".to_vec(), "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "cannot reach Consul"),
    ];
    for (bytes, expected) in cases {
        let error = ask(&service("web"), bytes)
            .await
            .expect_err(expected)
            .to_string();
        assert!(
            error.contains(expected),
            "{error:?} does not say {expected:?}"
        );
    }
}

#[tokio::test]
async fn headers_that_a_gateway_adds_do_not_hide_the_answer() {
    for size in [100, 6_000, 60_000] {
        let padding = "x".repeat(size);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nX-Trace: {padding}\r\nX-Consul-Index: 7\r\nContent-Length: 2\r\n\r\n[]"
        );
        let reply = ask(&service("web"), answer.into_bytes()).await.unwrap();
        assert_eq!(
            (reply.index, instances(reply).len()),
            (Some(7), 0),
            "{size}"
        );
    }
}

/// The moment when the server process ends.
#[derive(Clone, Copy, Debug)]
enum Dies {
    /// Between two requests: the connection closes before the second one is sent on it.
    BetweenRequests,
    /// After it has read the request: the system closes the connection.
    AfterReading,
    /// Before it has read the request: the system resets the connection.
    BeforeReading,
}

/// Starts a server that answers one request, and ends before it answers a second one on the same
/// connection.
fn dies(how: Dies) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nContent-Length: 2\r\n\r\n[]")
            .unwrap();
        drop(listener);
        match how {
            Dies::BetweenRequests => {}
            Dies::AfterReading => drop(stream.read(&mut request)),
            Dies::BeforeReading => while stream.peek(&mut request).unwrap() == 0 {},
        }
    });
    address
}

/// Regression test: a closed connection was kept for the waiting request, which then exceeded its
/// time limit.
#[tokio::test]
async fn a_server_that_dies_during_a_long_poll_is_noticed_at_once() {
    for how in [
        Dies::BetweenRequests,
        Dies::AfterReading,
        Dies::BeforeReading,
    ] {
        let client = client(dies(how));
        let poll = |index| Poll {
            server: 0,
            index,
            wait: Duration::from_secs(60),
            stale: true,
        };
        client.poll(consul(&service("web")), poll(0)).await.unwrap();
        // Wait until the end of the connection has arrived.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let lost = tokio::time::timeout(
            Duration::from_secs(10),
            client.poll(consul(&service("web")), poll(7)),
        )
        .await;
        let error = lost
            .unwrap_or_else(|_| panic!("{how:?}: nothing is noticed"))
            .expect_err("it is dead");
        assert_eq!(error.class(), ErrorClass::Outage, "{how:?}: {error}");
    }
}
