//! A server that gives every request the same answer, and remembers what was asked.
//!
//! Input: the body of its answer. Output: the heads of the requests.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

/// It runs as long as the test does.
pub struct Recorder {
    address: SocketAddr,
    heads: mpsc::Receiver<String>,
}

impl Recorder {
    /// Starts it.
    pub fn start(body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (recorded, heads) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // The test may have ended.
                let _ = recorded.send(answer(&stream.unwrap(), body));
            }
        });
        Self { address, heads }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of all requests since this was called last.
    pub fn heads(&self) -> Vec<String> {
        self.heads.try_iter().collect()
    }
}

/// Answers one request; gives its head.
fn answer(mut stream: &TcpStream, body: &str) -> String {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    head.join("\n")
}
