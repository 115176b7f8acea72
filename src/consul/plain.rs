//! Plain HTTP/1.1, with as little as possible between a long poll and its socket.
//!
//! in:  an address and headers
//! out: the whole answer, or why there is none
//!
//! A daemon holds a long poll for each of its queries, so what a waiting connection costs is what the daemon costs:
//! here it is a socket, and no buffer until the first byte of the answer has come. TLS and proxies are left to
//! `reqwest`.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderMap;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
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
    authority: String,
    stream: TcpStream,
    since: Instant,
}

/// A connection that has been idle for longer is not trusted any more.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// So much is read at a time.
const PIECE: usize = 16 << 10;

impl Plain {
    /// Asks, on a connection that is open already if there is one.
    pub(super) async fn get(&self, address: &Url, headers: &HeaderMap) -> Result<Fetched, Lost> {
        let authority = authority(address);
        let request = http1::request(address, &authority, headers)?;
        while let Some(mut stream) = self.take(&authority) {
            match ask(&mut stream, &request).await {
                // It may have been closed by the other side in the meantime: then a new one is tried.
                Err(Lost::HungUp) => {}
                Err(lost) => return Err(lost),
                Ok((fetched, keeps)) => {
                    self.put_back(authority, stream, keeps);
                    return Ok(fetched);
                }
            }
        }
        let late = |_| Lost::Unreachable(format!("connecting took longer than {} s", CONNECT_LIMIT.as_secs()));
        let connected = timeout(CONNECT_LIMIT, connect(address)).await.map_err(late)?;
        let mut stream = connected.map_err(|error| Lost::Unreachable(error.to_string()))?;
        let (fetched, keeps) = ask(&mut stream, &request).await?;
        self.put_back(authority, stream, keeps);
        Ok(fetched)
    }

    fn take(&self, authority: &str) -> Option<TcpStream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < LONGEST_IDLE);
        let place = idle.iter().rposition(|idle| idle.authority == authority)?;
        Some(idle.swap_remove(place).stream)
    }

    fn put_back(&self, authority: String, stream: TcpStream, keeps: bool) {
        if keeps {
            let idle = Idle { authority, stream, since: Instant::now() };
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        }
    }
}

/// Asks once; says also whether the connection can be used again.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<(Fetched, bool), Lost> {
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
fn read(stream: &TcpStream, answering: &mut Answering) -> Result<Read, Lost> {
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

/// Connects to the first of the host's addresses that can be connected to.
async fn connect(address: &Url) -> io::Result<TcpStream> {
    let port = address.port_or_known_default().unwrap_or(80);
    let nowhere = || io::Error::new(io::ErrorKind::InvalidInput, "the address has no host");
    let stream = match address.host().ok_or_else(nowhere)? {
        url::Host::Domain(name) => TcpStream::connect((name, port)).await?,
        url::Host::Ipv4(ip) => TcpStream::connect((ip, port)).await?,
        url::Host::Ipv6(ip) => TcpStream::connect((ip, port)).await?,
    };
    stream.set_nodelay(true)?;
    // A host that is gone without a word is noticed after half a minute, not at the end of the wait.
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(5));
    SockRef::from(&stream).set_tcp_keepalive(&keepalive.with_retries(3))?;
    Ok(stream)
}

fn authority(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
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
