//! Tests of the client with servers that send bytes from a script.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use url::Url;

use super::*;
use crate::settings::TransportConfig;

mod connections;
mod framing;
mod limits;

/// The time limit of requests that are expected to end earlier.
const LIMIT: Duration = Duration::from_secs(20);

/// A server with threads of its own, so that it sends regardless of the client's event loop.
struct Server {
    url: Url,
    connections: Arc<AtomicUsize>,
}

/// A connection on the side of the server.
trait Connection: Read + Write + Send + 'static {}

impl<T: Read + Write + Send + 'static> Connection for T {}

impl Server {
    /// Starts a server that handles each connection with this function.
    fn start(handle: impl Fn(&mut dyn Connection) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, handle) = (Arc::clone(&connections), Arc::new(handle));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let (handle, mut stream) = (Arc::clone(&handle), stream.unwrap());
                std::thread::spawn(move || handle(&mut stream));
            }
        });
        Self {
            url: url.parse().unwrap(),
            connections,
        }
    }

    /// Starts a server that answers each request with the same bytes, in pieces of this size.
    fn answering(answer: impl Into<Vec<u8>>, piece: usize) -> Self {
        let answer = answer.into();
        Self::start(move |stream| {
            while read_head(stream).is_some() {
                for piece in answer.chunks(piece) {
                    if stream.write_all(piece).is_err() {
                        return;
                    }
                }
            }
        })
    }

    /// Starts a server that sends a head and then repeats the same bytes for as long as the client reads.
    fn endless(head: &'static str, repeated: impl Into<Vec<u8>>) -> Self {
        let repeated = repeated.into();
        Self::start(move |stream| {
            read_head(stream);
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(&repeated).is_ok() {}
        })
    }

    fn endpoint(&self, client: &Client) -> Endpoint {
        client.endpoint(&self.url, None).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads the head of a request; `None` if the client closed the connection.
fn read_head(stream: &mut dyn Connection) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn client() -> Client {
    client_with(Limits::default())
}

fn client_with(limits: Limits) -> Client {
    Client::new(TransportConfig::DEFAULT, limits)
}

/// Fetches the root of a server. Returns the status and the body.
async fn fetch(server: &Server, client: &Client) -> Result<(u16, String), Error> {
    let answer = server
        .endpoint(client)
        .fetch(&Request::get("/"), LIMIT)
        .await?;
    Ok((
        answer.status.as_u16(),
        String::from_utf8(answer.body).unwrap(),
    ))
}
