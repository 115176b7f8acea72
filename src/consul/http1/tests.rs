use proptest::prelude::*;

use super::*;

fn read(pieces: &[&[u8]]) -> Result<(u16, String, bool), Malformed> {
    let mut answering = ResponseParser::default();
    for piece in pieces {
        answering.take(piece)?;
    }
    let (fetched, keeps) = answering.finish()?;
    Ok((
        fetched.status.as_u16(),
        String::from_utf8(fetched.body).unwrap(),
        keeps,
    ))
}

#[test]
fn a_request_names_host_path_and_headers() {
    let address: Url = "http://u:p@consul:8500/v1/kv/a%20b?wait=5s&stale"
        .parse()
        .unwrap();
    let headers = HeaderMap::from_iter([(
        HeaderName::from_static("x-a"),
        HeaderValue::from_static("1"),
    )]);
    let request = request(&address, "consul:8500", &headers, true).unwrap();
    let expected = "GET /v1/kv/a%20b?wait=5s&stale HTTP/1.1\r\nhost: consul:8500\r\nx-a: 1\r\n\r\n";
    assert_eq!(String::from_utf8(request).unwrap(), expected);
    let long: Url = format!("http://consul/{}", "x".repeat(LONGEST_TARGET))
        .parse()
        .unwrap();
    assert!(matches!(
        super::request(&long, "consul", &headers, true),
        Err(TransportError::Unaskable(_))
    ));
}

#[test]
fn a_body_ends_where_its_head_says() {
    let cases: [(&str, u16, &str, bool); 12] = [
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
    for (bytes, status, body, keeps) in cases {
        assert_eq!(
            read(&[bytes.as_bytes()]),
            Ok((status, body.to_owned(), keeps)),
            "{bytes:?}"
        );
        let singly: Vec<_> = bytes.as_bytes().chunks(1).collect();
        assert_eq!(
            read(&singly),
            Ok((status, body.to_owned(), keeps)),
            "byte by byte: {bytes:?}"
        );
    }
}

#[test]
fn what_is_no_answer_is_said() {
    let body = |reason: &str| Malformed::Body(reason.to_owned());
    let cases = [
        ("", Malformed::Nothing),
        ("HTTP/1.1 20", Malformed::CutOff),
        ("HTTP/1.1 100 Continue\r\n\r\n", Malformed::Nothing),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]",
            Malformed::CutOff,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n[]",
            body("its length is no number"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n[]",
            body("its length is no number"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n[]",
            Malformed::TooLong,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            Malformed::CutOff,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            body("a chunk is longer than it says"),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            body("a chunk has no size"),
        ),
    ];
    for (bytes, malformed) in cases {
        assert_eq!(read(&[bytes.as_bytes()]), Err(malformed), "{bytes:?}");
    }
    assert!(matches!(
        read(&[b"SSH-2.0-OpenSSH_9.2\r\n"]),
        Err(Malformed::Head(_))
    ));
    let large = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(LONGEST_HEAD));
    assert_eq!(read(&[large.as_bytes()]), Err(Malformed::LargeHead));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(10_000));
    assert_eq!(read(&[many.as_bytes()]), Err(Malformed::LargeHead));
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        body in "[a-z]{0,60}",
        chunk in 1..20_usize,
        chunked: bool,
        piece in 1..30_usize,
    ) {
        let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
        if chunked {
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for part in body.as_bytes().chunks(chunk) {
                bytes.extend(format!("{:x}\r\n", part.len()).bytes().chain(part.iter().copied()).chain(*b"\r\n"));
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).bytes());
        }
        let pieces: Vec<_> = bytes.chunks(piece).collect();
        prop_assert_eq!(read(&pieces), Ok((200, body, true)));
    }

    #[test]
    fn nothing_panics_and_nothing_is_made_up(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        begin in "(HTTP/1.1 200 OK\r\n)?(Transfer-Encoding: chunked\r\n\r\n|Content-Length: [0-9]{1,20}\r\n\r\n)?",
        piece in 1..50_usize,
    ) {
        let all: Vec<u8> = begin.into_bytes().into_iter().chain(bytes).collect();
        let mut answering = ResponseParser::default();
        for piece in all.chunks(piece) {
            if answering.take(piece).is_err() {
                return Ok(());
            }
        }
        if let Ok((fetched, _)) = answering.finish() {
            prop_assert!(fetched.body.len() <= all.len());
        }
    }
}
