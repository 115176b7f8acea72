//! A minimal HTTP server that answers with its name.
//!
//! Input: a name. Output: a server whose `/health` can be set to fail; all other requests succeed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running server. Dropping it stops it.
pub struct Backend {
    name: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    healthy: AtomicBool,
    stop: AtomicBool,
}

impl Backend {
    /// Starts a healthy server.
    pub fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            healthy: AtomicBool::new(true),
            stop: AtomicBool::new(false),
        });
        let (own, text) = (Arc::clone(&shared), name.to_owned());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if own.stop.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let (own, text) = (Arc::clone(&own), text.clone());
                    std::thread::spawn(move || answer(stream, &own, &text));
                }
            }
        });
        Self {
            name: name.to_owned(),
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the URL for its health check.
    pub fn health(&self) -> String {
        format!("http://{}/health", self.address)
    }

    /// Sets the result of the health check; other requests still succeed.
    pub fn set_healthy(&self, healthy: bool) {
        self.shared.healthy.store(healthy, Ordering::SeqCst);
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Reads one request, answers it, and closes the connection. A client that has disconnected is
/// ignored.
fn answer(mut stream: TcpStream, shared: &Shared, name: &str) {
    drop(stream.set_read_timeout(Some(Duration::from_secs(10))));
    let mut request = Vec::new();
    let mut some = [0; 2048];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut some) {
            Ok(count @ 1..) => request.extend_from_slice(&some[..count]),
            _ => return,
        }
    }
    let sick = request.starts_with(b"GET /health ") && !shared.healthy.load(Ordering::SeqCst);
    let (status, body) = if sick {
        ("503 Service Unavailable", "sick")
    } else {
        ("200 OK", name)
    };
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    drop(stream.write_all(answer.as_bytes()));
}
