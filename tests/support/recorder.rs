//! A server that gives every request the same answer, and records the requests.
//!
//! Input: the body of the answer. Output: the heads of the requests.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

/// A server that runs until the test ends.
pub struct Recorder {
    address: SocketAddr,
    heads: mpsc::Receiver<String>,
}

impl Recorder {
    /// Starts the server.
    pub fn start(body: &'static str) -> Self {
        Self::start_with("X-Consul-KnownLeader: true", body)
    }

    /// Starts the server. Its answers have this header, too.
    pub fn start_with(header: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (recorded, heads) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // The receiver is gone if the test has ended.
                let _ = recorded.send(answer(&stream.unwrap(), header, body));
            }
        });
        Self { address, heads }
    }

    /// Returns the listening address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the heads of all requests since the last call.
    pub fn heads(&self) -> Vec<String> {
        self.heads.try_iter().collect()
    }
}

/// Answers one request. Returns its head.
fn answer(mut stream: &TcpStream, header: &str, body: &str) -> String {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\n{header}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    head.join("\n")
}
