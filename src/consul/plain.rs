//! HTTP/1.1 in clear text, with as little as possible between a long poll and its socket.
//!
//! in:  an address and headers
//! out: the whole answer, or why there is none
//!
//! A daemon holds a long poll for each of its queries, so what a waiting connection costs is what the daemon costs:
//! here it is a socket, of TCP or of this machine, and no buffer until the first byte of the answer has come. TLS and
//! proxies are left to `reqwest`.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderMap;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout};

use super::http1::{self, Malformed, ResponseParser};
use super::transport::{RawResponse, TransportError};
use crate::config::resolved::TransportConfig;

/// Connections that wait for their next question; those of one server stand together with those of others.
#[derive(Debug)]
pub(super) struct TcpTransport {
    settings: TransportConfig,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    place: String,
    stream: Stream,
    since: Instant,
}

/// So much is read at a time.
const PIECE: usize = 16 << 10;

impl TcpTransport {
    pub(super) fn new(settings: TransportConfig) -> Self {
        Self {
            settings,
            idle: Mutex::default(),
        }
    }

    /// Asks, on a connection that is open already if there is one.
    pub(super) async fn get(
        &self,
        server: &Url,
        address: &Url,
        headers: &HeaderMap,
    ) -> Result<RawResponse, TransportError> {
        let request = http1::request(address, &authority(address), headers, self.settings.reuse)?;
        let place = place(server);
        while let Some(mut stream) = self.take(&place) {
            match ask(&mut stream, &request).await {
                // It may have been closed by the other side in the meantime: then a new one is tried.
                Err(TransportError::HungUp) => {}
                Err(lost) => return Err(lost),
                Ok((fetched, keeps)) => {
                    self.put_back(place, stream, keeps);
                    return Ok(fetched);
                }
            }
        }
        let mut stream = self.connect(server).await?;
        let (fetched, keeps) = ask(&mut stream, &request).await?;
        self.put_back(place, stream, keeps);
        Ok(fetched)
    }

    async fn connect(&self, server: &Url) -> Result<Stream, TransportError> {
        let connect = connect(server, self.settings.keep_alive);
        let connected = match self.settings.connect_limit {
            Some(limit) => timeout(limit, connect)
                .await
                .map_err(|_| TransportError::late(limit))?,
            None => connect.await,
        };
        connected.map_err(|error| TransportError::Unreachable(error.to_string()))
    }

    fn take(&self, place: &str) -> Option<Stream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has been idle for longer is not trusted any more.
        idle.retain(|idle| {
            self.settings
                .idle_limit
                .is_none_or(|limit| idle.since.elapsed() < limit)
        });
        let found = idle.iter().rposition(|idle| idle.place == place)?;
        Some(idle.swap_remove(found).stream)
    }

    fn put_back(&self, place: String, stream: Stream, keeps: bool) {
        let TransportConfig {
            reuse,
            most_idle,
            most_idle_of_one,
            ..
        } = self.settings;
        if !keeps || !reuse {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = || idle.iter().filter(|idle| idle.place == place).count();
        if idle.len() < most_idle && (most_idle_of_one == usize::MAX || of_one() < most_idle_of_one)
        {
            idle.push(Idle {
                place,
                stream,
                since: Instant::now(),
            });
        }
    }
}

/// Asks once; says also whether the connection can be used again.
async fn ask(stream: &mut Stream, request: &[u8]) -> Result<(RawResponse, bool), TransportError> {
    stream
        .write_all(request)
        .await
        .map_err(|error| lost(&error))?;
    let mut answering = ResponseParser::default();
    while !answering.is_complete() {
        stream.readable().await.map_err(|error| lost(&error))?;
        if let Read::Ended = read(stream, &mut answering)? {
            break;
        }
    }
    answering.finish().map_err(malformed)
}

enum Read {
    /// There may come more.
    Some,
    /// The other side has nothing more to say.
    Ended,
}

/// Reads what has come.
fn read(stream: &Stream, answering: &mut ResponseParser) -> Result<Read, TransportError> {
    // On the stack, so that nobody holds it who waits.
    let mut piece = [0; PIECE];
    while !answering.is_complete() {
        match stream.try_read(&mut piece) {
            Ok(0) => return Ok(Read::Ended),
            Ok(len) => answering.take(&piece[..len]).map_err(malformed)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if answering.has_begun() => {
                return Err(TransportError::CutOff(error.to_string()));
            }
            Err(error) => return Err(lost(&error)),
        }
    }
    Ok(Read::Some)
}

/// A connection, on whatever leads to the server.
#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes).await,
            Self::Unix(stream) => stream.write_all(bytes).await,
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    fn try_read(&self, piece: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(piece),
            Self::Unix(stream) => stream.try_read(piece),
        }
    }
}

/// Connects to the socket, or to the first of the host's addresses that can be connected to.
async fn connect(server: &Url, keep_alive: Duration) -> io::Result<Stream> {
    let nowhere = || io::Error::new(io::ErrorKind::InvalidInput, "the address has no host");
    if server.scheme() == "unix" {
        let path = server.to_file_path().map_err(|()| nowhere())?;
        return UnixStream::connect(path).await.map(Stream::Unix);
    }
    let port = server.port_or_known_default().unwrap_or(80);
    let stream = match server.host().ok_or_else(nowhere)? {
        url::Host::Domain(name) => TcpStream::connect((name, port)).await?,
        url::Host::Ipv4(ip) => TcpStream::connect((ip, port)).await?,
        url::Host::Ipv6(ip) => TcpStream::connect((ip, port)).await?,
    };
    stream.set_nodelay(true)?;
    // A host that is gone without a word is noticed after half a minute by default, not at the end of the wait.
    let probes = TcpKeepalive::new()
        .with_time(keep_alive)
        .with_interval((keep_alive / 2).max(Duration::from_secs(1)));
    SockRef::from(&stream).set_tcp_keepalive(&probes.with_retries(3))?;
    Ok(Stream::Tcp(stream))
}

/// What tells connections to one server from those to another.
fn place(server: &Url) -> String {
    if server.scheme() == "unix" {
        server.path().to_owned()
    } else {
        authority(server)
    }
}

fn authority(address: &Url) -> String {
    let host = address
        .host_str()
        .filter(|host| !host.is_empty())
        .unwrap_or("localhost");
    address
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether the other side hung up before it said anything, or something else went wrong.
fn lost(error: &io::Error) -> TransportError {
    if super::error::hung_up(error) {
        TransportError::HungUp
    } else {
        TransportError::Unreachable(super::error::reason(error))
    }
}

fn malformed(malformed: Malformed) -> TransportError {
    match malformed {
        Malformed::Head(reason) => TransportError::Unreachable(reason),
        Malformed::LargeHead => TransportError::LargeHead,
        Malformed::Body(reason) => TransportError::CutOff(reason),
        Malformed::TooLong => TransportError::TooLong,
        Malformed::CutOff => TransportError::CutOff("the connection ended".to_owned()),
        Malformed::Nothing => TransportError::HungUp,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::*;

    /// A server that keeps its connections; how many there were, and its address.
    async fn server() -> (Arc<AtomicUsize>, Url) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut piece = [0; 4096];
                    while stream.read(&mut piece).await.is_ok_and(|len| len > 0) {
                        // So that those who ask at the same time need a connection each.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        let _ = stream
                            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
                            .await;
                    }
                });
            }
        });
        (connections, address)
    }

    #[tokio::test]
    async fn as_many_connections_are_kept_as_is_said() {
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
            let (connections, address) = server().await;
            let plain = Arc::new(TcpTransport::new(settings));
            for _ in 0..2 {
                let mut questions = JoinSet::new();
                for _ in 0..3 {
                    let (plain, address) = (Arc::clone(&plain), address.clone());
                    questions.spawn(async move {
                        plain
                            .get(&address, &address, &HeaderMap::new())
                            .await
                            .unwrap()
                            .body
                    });
                }
                assert_eq!(questions.join_all().await, [b"[]", b"[]", b"[]"]);
            }
            assert_eq!(connections.load(Ordering::SeqCst), expected, "{settings:?}");
        }
    }
}
