//! Plain HTTP/1.1, with as little as possible between a long poll and its socket.
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

use super::http1::{self, Answering, Malformed};
use super::transport::{CONNECT_LIMIT, Fetched, Lost};

/// Connections that wait for their next question; those of one server stand together with those of others.
#[derive(Debug, Default)]
pub(super) struct Plain {
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    place: String,
    stream: Stream,
    since: Instant,
}

/// A connection that has been idle for longer is not trusted any more.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// So much is read at a time.
const PIECE: usize = 16 << 10;

impl Plain {
    /// Asks, on a connection that is open already if there is one.
    pub(super) async fn get(&self, server: &Url, address: &Url, headers: &HeaderMap) -> Result<Fetched, Lost> {
        let request = http1::request(address, &authority(address), headers)?;
        let place = place(server);
        while let Some(mut stream) = self.take(&place) {
            match ask(&mut stream, &request).await {
                // It may have been closed by the other side in the meantime: then a new one is tried.
                Err(Lost::HungUp) => {}
                Err(lost) => return Err(lost),
                Ok((fetched, keeps)) => {
                    self.put_back(place, stream, keeps);
                    return Ok(fetched);
                }
            }
        }
        let late = |_| Lost::Unreachable(format!("connecting took longer than {} s", CONNECT_LIMIT.as_secs()));
        let connected = timeout(CONNECT_LIMIT, connect(server)).await.map_err(late)?;
        let mut stream = connected.map_err(|error| Lost::Unreachable(error.to_string()))?;
        let (fetched, keeps) = ask(&mut stream, &request).await?;
        self.put_back(place, stream, keeps);
        Ok(fetched)
    }

    fn take(&self, place: &str) -> Option<Stream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < LONGEST_IDLE);
        let found = idle.iter().rposition(|idle| idle.place == place)?;
        Some(idle.swap_remove(found).stream)
    }

    fn put_back(&self, place: String, stream: Stream, keeps: bool) {
        if keeps {
            let idle = Idle { place, stream, since: Instant::now() };
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        }
    }
}

/// Asks once; says also whether the connection can be used again.
async fn ask(stream: &mut Stream, request: &[u8]) -> Result<(Fetched, bool), Lost> {
    stream.write_all(request).await.map_err(|error| lost(&error))?;
    let mut answering = Answering::default();
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
fn read(stream: &Stream, answering: &mut Answering) -> Result<Read, Lost> {
    // On the stack, so that nobody holds it who waits.
    let mut piece = [0; PIECE];
    while !answering.is_complete() {
        match stream.try_read(&mut piece) {
            Ok(0) => return Ok(Read::Ended),
            Ok(len) => answering.take(&piece[..len]).map_err(malformed)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if answering.has_begun() => return Err(Lost::CutOff(error.to_string())),
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
async fn connect(server: &Url) -> io::Result<Stream> {
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
    // A host that is gone without a word is noticed after half a minute, not at the end of the wait.
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(5));
    SockRef::from(&stream).set_tcp_keepalive(&keepalive.with_retries(3))?;
    Ok(Stream::Tcp(stream))
}

/// What tells connections to one server from those to another.
fn place(server: &Url) -> String {
    if server.scheme() == "unix" { server.path().to_owned() } else { authority(server) }
}

fn authority(address: &Url) -> String {
    let host = address.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether the other side hung up before it said anything, or something else went wrong.
fn lost(error: &io::Error) -> Lost {
    if super::error::hung_up(error) { Lost::HungUp } else { Lost::Unreachable(super::error::reason(error)) }
}

fn malformed(malformed: Malformed) -> Lost {
    match malformed {
        Malformed::Head(reason) => Lost::Unreachable(reason),
        Malformed::LargeHead => Lost::LargeHead,
        Malformed::Body(reason) => Lost::CutOff(reason),
        Malformed::TooLong => Lost::TooLong,
        Malformed::CutOff => Lost::CutOff("the connection ended".to_owned()),
        Malformed::Nothing => Lost::HungUp,
    }
}
