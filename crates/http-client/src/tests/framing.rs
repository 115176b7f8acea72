//! Tests of the end of answers, and of answers that are not HTTP.

use super::*;

/// An answer, its status and body, and whether the connection can be reused.
const GOOD: [(&str, u16, &str, bool); 12] = [
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        200,
        "[]",
        true,
    ),
    (
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        200,
        "",
        true,
    ),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n[]",
        200,
        "[]",
        true,
    ),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: foo, Close\r\n\r\n[]",
        200,
        "[]",
        false,
    ),
    (
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        200,
        "[]",
        false,
    ),
    (
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n[]",
        200,
        "[]",
        true,
    ),
    ("HTTP/1.1 200 OK\r\n\r\n[1]", 200, "[1]", false),
    ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
    (
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
        404,
        "x",
        true,
    ),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\n",
        200,
        "[]",
        false,
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
        200,
        "abc0123456789",
        true,
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n",
        200,
        "a",
        true,
    ),
];

/// A server that answers each request; after an answer that ends with its connection, it closes the
/// connection.
fn answering(answer: &'static str, piece: usize) -> Server {
    Server::start(move |stream| {
        while read_head(stream).is_some() {
            for piece in answer.as_bytes().chunks(piece) {
                if stream.write_all(piece).is_err() {
                    return;
                }
            }
            if answer.ends_with("[1]") {
                return;
            }
        }
    })
}

#[tokio::test]
async fn a_body_ends_where_its_head_says() {
    for (answer, status, body, is_kept) in GOOD {
        for piece in [1, 7, usize::MAX] {
            let server = answering(answer, piece);
            let endpoint = server.endpoint(&client());
            for _ in 0..2 {
                let answered = endpoint.fetch(&Request::get("/"), LIMIT).await.unwrap();
                assert_eq!(
                    (answered.status.as_u16(), answered.body.as_slice()),
                    (status, body.as_bytes()),
                    "{answer:?}"
                );
            }
            let expected = if is_kept { 1 } else { 2 };
            assert_eq!(server.connections(), expected, "{answer:?} by {piece}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_complete_or_not_http_is_an_error() {
    let large = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(2 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(10_000));
    let chunked =
        |chunks: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    let length = |lengths: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n{body}");
    let cases = [
        (String::new(), "Closed"),
        ("HTTP/1.1 20".to_owned(), "CutOff"),
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), "CutOff"),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), "Malformed"),
        (length("Content-Length: 3", "[]"), "CutOff"),
        (
            length("Content-Length: 3\r\nContent-Length: 4", "[]"),
            "Malformed",
        ),
        (length("Content-Length: -3", "[]"), "Malformed"),
        (length("Content-Length: 99999999999", "[]"), "TooLong"),
        (chunked("3\r\nabc\r\n"), "CutOff"),
        (chunked("3\r\nabcd\r\n"), "CutOff"),
        (chunked("xyz\r\n"), "CutOff"),
        (chunked("fffffffffffffffff\r\n"), "CutOff"),
        (large, "HeadTooLong"),
        (many, "HeadTooLong"),
    ];
    for (answer, expected) in cases {
        let sent = answer.clone();
        let server = Server::start(move |stream| {
            read_head(stream);
            let _ = stream.write_all(sent.as_bytes());
        });
        let error = fetch(&server, &client()).await.unwrap_err();
        let begin = answer.get(..answer.len().min(80)).unwrap_or_default();
        assert!(
            format!("{error:?}").starts_with(expected),
            "{begin:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn random_bytes_do_not_become_a_longer_body() {
    let mut random = fastrand::Rng::with_seed(7);
    let heads = [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];
    for _ in 0..200 {
        let mut bytes = random.choice(heads).unwrap().as_bytes().to_vec();
        bytes.extend((0..random.usize(0..200)).map(|_| random.u8(..)));
        let len = bytes.len();
        let server = Server::start(move |stream| {
            read_head(stream);
            let _ = stream.write_all(&bytes);
        });
        let answer = server
            .endpoint(&client())
            .fetch(&Request::get("/"), LIMIT)
            .await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.body.len() <= len));
    }
}
