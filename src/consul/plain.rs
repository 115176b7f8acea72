//! Plain HTTP/1.1, with as little as possible between a long poll and its socket.
//!
//! in:  an address and headers
//! out: the whole answer, or why there is none
//!
//! A daemon holds a long poll for each of its queries, so what a waiting connection costs is what the daemon costs:
//! here it is one `hyper` connection, polled by whoever waits for its answer, without a pool's tasks and layers in
//! between. TLS and proxies are left to `reqwest`.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use reqwest::header::{HOST, HeaderMap, HeaderValue};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::transport::{CONNECT_LIMIT, Fetched, LONGEST_ANSWER, Lost};

/// Connections that wait for their next question; those of one server stand together with those of others.
#[derive(Debug, Default)]
pub(super) struct Plain {
    idle: Mutex<Vec<Open>>,
    /// Some answer had a head that needs the large buffer.
    has_large_heads: AtomicBool,
}

/// A connection, and the side of it that must be polled for anything to move.
#[derive(Debug)]
struct Open {
    authority: String,
    sender: SendRequest<Empty<Bytes>>,
    /// Boxed, as it is moved from poll to poll.
    connection: Box<Connection<TokioIo<TcpStream>, Empty<Bytes>>>,
    since: Instant,
}

/// A connection that has been idle for longer is not trusted any more.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// The buffer that a connection keeps for as long as it lives. The head of an answer has to fit in; a body need not.
const BUFFER: usize = 4096;
/// The same for servers whose heads are larger: gateways add headers of their own. Go's client has the same limit.
const LARGE_BUFFER: usize = 1 << 20;

impl Plain {
    /// Asks, on a connection that is open already if there is one.
    pub(super) async fn get(&self, address: &Url, headers: &HeaderMap) -> Result<Fetched, Lost> {
        let authority = authority(address);
        while let Some(open) = self.take(&authority) {
            match open.ask(address, headers).await {
                // It may have been closed by the other side in the meantime: then a new one is tried.
                Err(Lost::HungUp | Lost::LargeHead) => {}
                Err(lost) => return Err(lost),
                Ok((fetched, open)) => {
                    self.put_back(open);
                    return Ok(fetched);
                }
            }
        }
        let large = self.has_large_heads.load(Ordering::Relaxed);
        let asked = self.get_anew(address, authority.clone(), headers, if large { LARGE_BUFFER } else { BUFFER }).await;
        match asked {
            Err(Lost::LargeHead) if !large => {
                self.has_large_heads.store(true, Ordering::Relaxed);
                self.get_anew(address, authority, headers, LARGE_BUFFER).await
            }
            asked => asked,
        }
    }

    async fn get_anew(
        &self,
        address: &Url,
        authority: String,
        headers: &HeaderMap,
        buffer: usize,
    ) -> Result<Fetched, Lost> {
        let open = Open::to(address, authority, buffer).await?;
        let (fetched, open) = open.ask(address, headers).await?;
        self.put_back(open);
        Ok(fetched)
    }

    fn take(&self, authority: &str) -> Option<Open> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|open| open.since.elapsed() < LONGEST_IDLE);
        let place = idle.iter().rposition(|open| open.authority == authority)?;
        Some(idle.swap_remove(place))
    }

    fn put_back(&self, open: Option<Open>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(open);
    }
}

impl Open {
    async fn to(address: &Url, authority: String, buffer: usize) -> Result<Self, Lost> {
        let late = |_| Lost::Unreachable(format!("connecting took longer than {} s", CONNECT_LIMIT.as_secs()));
        let connected = timeout(CONNECT_LIMIT, connect(address)).await.map_err(late)?;
        let stream = connected.map_err(|error| Lost::Unreachable(error.to_string()))?;
        let mut builder = Builder::new();
        builder.read_buf_exact_size(Some(buffer));
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| lost(&error))?;
        Ok(Self { authority, sender, connection: Box::new(connection), since: Instant::now() })
    }

    /// Asks once. The connection comes back if it can be used again.
    async fn ask(self, address: &Url, headers: &HeaderMap) -> Result<(Fetched, Option<Self>), Lost> {
        let Self { authority, mut sender, connection, since: _ } = self;
        let mut connection = Some(connection);
        let fetched = {
            let mut answer = pin!(exchange(&mut sender, address, &authority, headers));
            loop {
                let Some(open) = &mut connection else { break answer.await? };
                tokio::select! {
                    biased;
                    fetched = &mut answer => break fetched?,
                    // What it has read before its end is still to be taken; but it holds the other end of what
                    // `answer` waits for, so it has to go.
                    _ = open => connection = None,
                }
            }
        };
        let connection = connection.filter(|_| !sender.is_closed());
        let open = connection.map(|connection| Self { authority, sender, connection, since: Instant::now() });
        Ok((fetched, open))
    }
}

async fn exchange(
    sender: &mut SendRequest<Empty<Bytes>>,
    address: &Url,
    authority: &str,
    headers: &HeaderMap,
) -> Result<Fetched, Lost> {
    let target =
        address.query().map_or_else(|| address.path().to_owned(), |query| format!("{}?{query}", address.path()));
    let mut request = hyper::Request::new(Empty::new());
    *request.uri_mut() =
        target.parse().map_err(|error: hyper::http::uri::InvalidUri| Lost::Unaskable(error.to_string()))?;
    *request.headers_mut() = headers.clone();
    let host = HeaderValue::from_str(authority).map_err(|error| Lost::Unaskable(error.to_string()))?;
    request.headers_mut().insert(HOST, host);
    sender.ready().await.map_err(|error| lost(&error))?;
    let response = sender.send_request(request).await.map_err(|error| lost(&error))?;
    let (parts, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Lost::CutOff(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if body.len() + data.len() > LONGEST_ANSWER {
            return Err(Lost::TooLong);
        }
        body.extend_from_slice(&data);
    }
    Ok(Fetched { status: parts.status, headers: parts.headers, body })
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
fn lost(error: &hyper::Error) -> Lost {
    if error.is_parse_too_large() {
        Lost::LargeHead
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() || super::error::hung_up(error)
    {
        Lost::HungUp
    } else {
        Lost::Unreachable(super::error::reason(error))
    }
}
