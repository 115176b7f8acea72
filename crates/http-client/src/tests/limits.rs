//! Tests with servers that send too much, too slowly or without a pause.

use std::time::Instant;

use tokio::task::JoinSet;

use super::*;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const SMALL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";

fn chunk(len: usize) -> Vec<u8> {
    format!("{len:x}\r\n{}\r\n", "x".repeat(len)).into_bytes()
}

#[tokio::test]
async fn an_endless_body_fails_at_the_limit() {
    let limits = Limits {
        answer: 4 << 20,
        ..Limits::default()
    };
    for server in [
        Server::endless(CHUNKED, chunk(60_000)),
        Server::endless("HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 60_000]),
    ] {
        let error = fetch(&server, &client_with(limits)).await.unwrap_err();
        assert!(matches!(error, Error::TooLong(_)), "{error:?}");
        assert_eq!(error.to_string(), "it is longer than 4 MiB");
    }
}

#[tokio::test]
async fn endless_bodies_share_one_limit_and_small_answers_still_arrive() {
    let limits = Limits {
        in_flight: 16 << 20,
        ..Limits::default()
    };
    let client = client_with(limits);
    let endless = Arc::new(Server::endless(CHUNKED, chunk(60_000)));
    let small = Server::answering(SMALL, usize::MAX);
    let mut polls = JoinSet::new();
    for _ in 0..20 {
        let (endless, client) = (Arc::clone(&endless), client.clone());
        polls.spawn(async move { fetch(&endless, &client).await.unwrap_err() });
    }
    let (mut most, mut failed) = (0, 0);
    // The last ones have enough room to reach the limit of a single answer.
    while failed < 15 {
        assert_eq!(fetch(&small, &client).await.unwrap().1, "[]");
        most = most.max(client.in_flight.bytes());
        while let Some(error) = polls.try_join_next() {
            let error = error.unwrap();
            assert!(matches!(error, Error::TooMuchInFlight(_)), "{error:?}");
            failed += 1;
        }
    }
    assert!(most > 4 << 20, "{most} bytes were never near the limit");
    assert!(most <= limits.in_flight, "{most} bytes are above the limit");
}

#[tokio::test]
async fn a_body_that_stalls_is_an_error_and_a_late_head_is_not() {
    let limits = Limits {
        stall: Duration::from_millis(200),
        ..Limits::default()
    };
    for beginning in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        "HTTP/1.1 200 OK\r\n\r\nx",
    ] {
        let server = Server::start(move |stream| {
            read_head(stream);
            stream.write_all(beginning.as_bytes()).unwrap();
            read_head(stream);
        });
        let begun = Instant::now();
        let error = fetch(&server, &client_with(limits)).await.unwrap_err();
        assert!(matches!(error, Error::Stalled(_)), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{beginning:?}");
    }
    let late = Server::start(|stream| {
        read_head(stream);
        std::thread::sleep(Duration::from_millis(600));
        let _ = stream.write_all(SMALL.as_bytes());
    });
    let answer = fetch(&late, &client_with(limits)).await.unwrap();
    assert_eq!(answer.1, "[]");
    assert!(Limits::default().stall < Duration::from_secs(15));
}

#[tokio::test]
async fn a_switch_of_protocols_is_an_answer_without_a_body() {
    let server = Server::answering(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        usize::MAX,
    );
    let begun = Instant::now();
    let answer = fetch(&server, &client()).await.unwrap();
    assert_eq!(answer, (101, String::new()));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn endless_interim_answers_and_trailers_fail() {
    let interim = Server::endless("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000));
    let error = fetch(&interim, &client()).await.unwrap_err();
    assert!(matches!(error, Error::HeadTooLong), "{error:?}");
    let trailers = Server::endless(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
        "X-Trailer: 1\r\n".repeat(1000),
    );
    let error = fetch(&trailers, &client()).await.unwrap_err();
    assert!(matches!(error, Error::CutOff(_)), "{error:?}");
}

#[tokio::test]
async fn a_sender_without_pause_does_not_delay_other_answers() {
    let limits = Limits {
        answer: 1 << 30,
        in_flight: 1 << 30,
        ..Limits::default()
    };
    let client = client_with(limits);
    let small = Server::answering(SMALL, usize::MAX);
    let endpoint = small.endpoint(&client);
    for endless in [
        Server::endless(CHUNKED, b"1\r\nx\r\n".repeat(10_000)),
        Server::endless("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)),
    ] {
        let mut polls = JoinSet::new();
        let flood = client.clone();
        polls.spawn(async move {
            // Interim answers end at their limit, so they are requested repeatedly.
            while !matches!(fetch(&endless, &flood).await, Err(Error::TooLong(_))) {}
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let begun = Instant::now();
            let answer = endpoint.fetch(&Request::get("/"), LIMIT).await.unwrap();
            assert_eq!(answer.body, b"[]");
            slowest = slowest.max(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // A wide margin for an unoptimized build on a busy machine; a starved loop takes seconds.
        assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    }
}

#[tokio::test]
async fn a_request_has_a_time_limit_from_its_beginning_to_the_end_of_the_body() {
    let silent = Server::start(|stream| while read_head(stream).is_some() {});
    let slow = Server::start(|stream| {
        read_head(stream);
        let _ = stream.write_all(CHUNKED.as_bytes());
        while stream.write_all(b"1\r\nx\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    for server in [silent, slow] {
        let begun = Instant::now();
        let limit = Duration::from_millis(400);
        let answer = server
            .endpoint(&client())
            .fetch(&Request::get("/"), limit)
            .await;
        assert!(matches!(answer, Err(Error::TimedOut)), "{answer:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
