//! Tests of opening, keeping and closing connections, and of the bytes sent over them.

use std::os::unix::net::UnixListener;
use std::sync::mpsc;

use tokio::task::JoinSet;

use super::header::{HeaderName, HeaderValue};
use super::*;

const SMALL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";

/// A server that keeps its connections and answers with a delay, so that simultaneous requests need
/// a connection each.
fn keeping() -> Server {
    Server::start(|stream| {
        while read_head(stream).is_some() {
            std::thread::sleep(Duration::from_millis(100));
            if stream.write_all(SMALL.as_bytes()).is_err() {
                return;
            }
        }
    })
}

#[tokio::test]
async fn as_many_idle_connections_are_kept_as_configured() {
    let usual = TransportConfig::DEFAULT;
    let cases = [
        (usual, 3),
        (
            TransportConfig {
                most_idle_of_one: 1,
                ..usual
            },
            5,
        ),
        (
            TransportConfig {
                most_idle: 2,
                ..usual
            },
            4,
        ),
        (
            TransportConfig {
                idle_limit: Some(Duration::ZERO),
                ..usual
            },
            6,
        ),
        (
            TransportConfig {
                reuse: false,
                ..usual
            },
            6,
        ),
    ];
    for (settings, expected) in cases {
        let server = keeping();
        let client = Client::new(settings, Limits::default());
        let endpoint = Arc::new(server.endpoint(&client));
        for _ in 0..2 {
            let mut requests = JoinSet::new();
            for _ in 0..3 {
                let endpoint = Arc::clone(&endpoint);
                requests.spawn(async move {
                    endpoint
                        .fetch(&Request::get("/"), LIMIT)
                        .await
                        .unwrap()
                        .body
                });
            }
            assert_eq!(requests.join_all().await, [b"[]", b"[]", b"[]"]);
        }
        assert_eq!(server.connections(), expected, "{settings:?}");
    }
}

#[tokio::test]
async fn the_limit_of_idle_connections_is_shared_by_all_servers() {
    let settings = TransportConfig {
        most_idle: 1,
        ..TransportConfig::DEFAULT
    };
    let client = Client::new(settings, Limits::default());
    let servers = [keeping(), keeping()];
    let endpoints = servers.each_ref().map(|server| server.endpoint(&client));
    for endpoint in endpoints.iter().chain(&endpoints) {
        endpoint.fetch(&Request::get("/"), LIMIT).await.unwrap();
    }
    assert_eq!(servers.each_ref().map(Server::connections), [1, 2]);
}

#[tokio::test]
async fn a_request_on_a_closed_connection_is_repeated_if_it_is_idempotent() {
    // Each connection answers once; the second request on it is read and not answered.
    let server = Server::start(|stream| {
        read_head(stream);
        let _ = stream.write_all(SMALL.as_bytes());
        read_head(stream);
    });
    let endpoint = server.endpoint(&client());
    let mut outcomes = Vec::new();
    for method in [Method::GET, Method::GET, Method::POST] {
        let request = Request::new(method, "/");
        outcomes.push(endpoint.fetch(&request, LIMIT).await.is_ok());
    }
    assert_eq!(outcomes, [true, true, false]);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_is_replaced_for_every_method() {
    let server = Server::start(|stream| {
        read_head(stream);
        let _ = stream.write_all(SMALL.as_bytes());
    });
    let endpoint = server.endpoint(&client());
    for method in [Method::GET, Method::POST, Method::GET] {
        let request = Request::new(method, "/");
        let answer = endpoint.fetch(&request, LIMIT).await.unwrap();
        assert_eq!(answer.body, b"[]");
        // Meanwhile, the client receives the end of the connection.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_request_that_is_sent_once_is_never_repeated_on_another_connection() {
    // The first connection ends while it is idle, the second one during its second request.
    let number = AtomicUsize::new(0);
    let server = Server::start(move |stream| {
        read_head(stream);
        let _ = stream.write_all(SMALL.as_bytes());
        if number.fetch_add(1, Ordering::SeqCst) == 0 {
            // Not before the client has kept the connection.
            std::thread::sleep(Duration::from_millis(50));
        } else {
            read_head(stream);
        }
    });
    let endpoint = server.endpoint(&client());
    let once = Request::get("/").sent_once();
    for connection in 1..=2 {
        assert!(endpoint.fetch(&once, LIMIT).await.is_ok());
        tokio::time::sleep(Duration::from_millis(100)).await;
        let lost = endpoint.fetch(&once, LIMIT).await;
        assert!(matches!(lost, Err(Error::ConnectionLost)), "{lost:?}");
        assert_eq!(server.connections(), connection);
    }
}

#[tokio::test]
async fn a_dropped_request_closes_its_connection() {
    let (closed, heard) = mpsc::channel();
    let server = Server::start(move |stream| {
        read_head(stream);
        closed.send(read_head(stream).is_none()).unwrap();
    });
    let limit = Duration::from_millis(200);
    let answer = server
        .endpoint(&client())
        .fetch(&Request::get("/"), limit)
        .await;
    assert!(matches!(answer, Err(Error::TimedOut)), "{answer:?}");
    assert!(heard.recv_timeout(LIMIT).unwrap());
}

#[tokio::test]
async fn method_target_headers_and_body_are_sent_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("http.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let (sent, received) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = read_head(&mut stream).unwrap();
        let mut body = [0; 5];
        stream.read_exact(&mut body).unwrap();
        stream.write_all(SMALL.as_bytes()).unwrap();
        sent.send((head, body)).unwrap();
    });
    let url = format!("unix://{}", socket.display()).parse().unwrap();
    let endpoint = client().endpoint(&url, None).unwrap();
    let headers = HeaderMap::from_iter([(
        HeaderName::from_static("x-a"),
        HeaderValue::from_static("1"),
    )]);
    let request = Request::new(Method::PUT, "/v1/kv/a%20b?cas=0")
        .headers(headers)
        .body("value");
    let answer = endpoint.fetch(&request, LIMIT).await.unwrap();
    assert_eq!(answer.body, b"[]");
    let (head, body) = received.recv().unwrap();
    let expected =
        "PUT /v1/kv/a%20b?cas=0 HTTP/1.1\r\nx-a: 1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n";
    assert_eq!((head.as_str(), &body), (expected, b"value"));
}

#[tokio::test]
async fn a_stream_of_events_is_read_as_it_arrives() {
    let (next, more) = mpsc::channel::<&'static str>();
    let more = std::sync::Mutex::new(more);
    let server = Server::start(move |stream| {
        read_head(stream);
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for event in more.lock().unwrap().iter() {
            write!(stream, "{:x}\r\n{event}\r\n", event.len()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        read_head(stream);
    });
    let endpoint = server.endpoint(&client());
    let mut answer = endpoint.send(&Request::get("/events")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    for event in ["start", "stop"] {
        next.send(event).unwrap();
        let chunk = answer.body.chunk().await.unwrap();
        assert_eq!(chunk.as_deref(), Some(event.as_bytes()));
    }
    drop(next);
    assert_eq!(answer.body.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn an_invalid_target_is_not_sent() {
    let server = Server::answering(SMALL, usize::MAX);
    let endpoint = server.endpoint(&client());
    for target in ["/a b".to_owned(), format!("/{}", "x".repeat(65_534))] {
        let answer = endpoint.fetch(&Request::get(target), LIMIT).await;
        assert!(matches!(answer, Err(Error::Invalid(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_listen_refuses() {
    let url: Url = "http://127.0.0.1:1".parse().unwrap();
    let endpoint = client().endpoint(&url, None).unwrap();
    let answer = endpoint.fetch(&Request::get("/"), LIMIT).await;
    assert!(matches!(answer, Err(Error::Refused)), "{answer:?}");
    assert!(!endpoint.has_answered());
}
