//! A minimal HTTP client: one connection, one request, one answer.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

/// Sends a PUT on a new connection.
pub(crate) fn put(server: SocketAddr, path: &str, body: &str) {
    let mut connection = Connection::open(server);
    let (status, _, answer) = connection.request("PUT", path, body);
    assert_eq!(
        status,
        200,
        "PUT {path}: {}",
        String::from_utf8_lossy(&answer)
    );
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        Self(BufReader::new(stream))
    }

    /// Sends a request. Returns status, index and body. The answer must have a `Content-Length`.
    fn request(&mut self, method: &str, path: &str, body: &str) -> (u16, u64, Vec<u8>) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: c\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0
            .get_mut()
            .write_all(request.as_bytes())
            .expect("the server reads");
        let (mut status, mut index, mut length) = (0, 0, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("the server answers");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(value) = line.strip_prefix("x-consul-index: ") {
                index = value.parse().expect("an index");
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            } else if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).expect("the whole answer");
        (status, index, answer)
    }
}

/// Polls a key for a number of changes, and writes each answer to the file with write, fsync and
/// rename.
pub(crate) fn follow(
    server: SocketAddr,
    path: &str,
    to: PathBuf,
    changes: usize,
) -> (JoinHandle<()>, Receiver<()>) {
    let path = path.to_owned();
    let (ready, is_ready) = channel();
    let follower = std::thread::spawn(move || {
        let mut connection = Connection::open(server);
        let (_, mut index, _) = connection.request("GET", &path, "");
        let _ = ready.send(());
        let beside = to.with_extension("new");
        for _ in 0..changes {
            let (_, next, body) =
                connection.request("GET", &format!("{path}?index={index}&wait=60s"), "");
            index = next;
            let mut file = File::create(&beside).expect("a file");
            file.write_all(&body).expect("it is written");
            file.sync_all().expect("it is flushed");
            fs::rename(&beside, &to).expect("it is renamed");
        }
    });
    (follower, is_ready)
}
