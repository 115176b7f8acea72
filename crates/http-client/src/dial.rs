//! Opens connections: to a unix socket, over TCP, through a proxy, with TLS.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};
use tower_service::Service;
use url::{Host, Url};

use crate::error::Error;
use crate::proxy::{Proxy, Route};
use crate::stream::Stream;
use crate::tls::Tls;

/// The address of a server.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Tcp { host: Host<String>, port: u16 },
    Unix(PathBuf),
}

impl Address {
    /// Returns the address in a URL whose scheme is `http`, `https` or `unix`.
    pub(crate) fn of(url: &Url) -> Result<Self, Error> {
        let missing = || Error::Invalid("the address has no host".to_owned());
        if url.scheme() == "unix" {
            let path = url.to_file_path().map_err(|()| missing())?;
            return Ok(Self::Unix(path));
        }
        Ok(Self::Tcp {
            host: url.host().ok_or_else(missing)?.to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
        })
    }

    /// Connects to the socket, or to the first address of the host that accepts.
    async fn connect(&self, keep_alive: Duration) -> io::Result<Stream> {
        let (host, port) = match self {
            Self::Unix(path) => return UnixStream::connect(path).await.map(Stream::Unix),
            Self::Tcp { host, port } => (host, *port),
        };
        let stream = match host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), port)).await?,
            Host::Ipv4(ip) => TcpStream::connect((*ip, port)).await?,
            Host::Ipv6(ip) => TcpStream::connect((*ip, port)).await?,
        };
        stream.set_nodelay(true)?;
        // With the defaults, a host that disappears is detected within 45 s, not at the end of a
        // blocking query.
        let probes = TcpKeepalive::new()
            .with_time(keep_alive)
            .with_interval((keep_alive / 6).max(Duration::from_secs(1)));
        SockRef::from(&stream).set_tcp_keepalive(&probes.with_retries(3))?;
        Ok(Stream::Tcp(stream))
    }
}

/// The parameters for opening connections to one server.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    pub(crate) address: Address,
    pub(crate) route: Route,
    /// The TLS settings; `None` for clear text.
    pub(crate) tls: Option<Tls>,
    pub(crate) keep_alive: Duration,
    /// The time limit for connecting; `None`: that of the request.
    pub(crate) connect_limit: Option<Duration>,
    /// The time limit for the TLS handshake; `None`: that of the request.
    pub(crate) handshake_limit: Option<Duration>,
}

/// A new connection, and `true` if HTTP/2 was negotiated.
pub(crate) type Dialed = (Stream, bool);

impl Dialer {
    /// The time limit for opening a connection; zero if there is none.
    pub(crate) fn limit(&self) -> Duration {
        let handshake = self.handshake_limit.filter(|_| self.tls.is_some());
        let limit = self.connect_limit.unwrap_or_default();
        limit.saturating_add(handshake.unwrap_or_default())
    }

    /// Opens a connection within the time limits.
    pub(crate) async fn dial(&self) -> Result<Dialed, Error> {
        // Boxed, because the futures are large and requests that wait for an answer do not need them any more.
        let connecting = Box::pin(self.connect());
        let stream = within(self.connect_limit, connecting, Error::ConnectTimeout).await?;
        let (Some(tls), Address::Tcp { host, .. }) = (&self.tls, &self.address) else {
            return Ok((stream, false));
        };
        let shaking_hands = Box::pin(tls.connect(host, stream));
        let stream = within(self.handshake_limit, shaking_hands, Error::HandshakeTimeout).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Stream::Tls(Box::new(stream)), http2))
    }

    /// Connects to the server, or to the proxy in front of it.
    async fn connect(&self) -> Result<Stream, Error> {
        match &self.route {
            Route::Direct => {
                let connected = self.address.connect(self.keep_alive).await;
                connected.map_err(|error| Error::connect(&error))
            }
            Route::Forward(proxy) => proxy.connect(self.keep_alive).await,
            Route::Tunnel(proxy) => proxy.tunnel(&self.address, self.keep_alive).await,
        }
    }
}

/// Waits within a time limit, if there is one.
async fn within<T>(
    limit: Option<Duration>,
    step: impl Future<Output = Result<T, Error>>,
    exceeded: fn(Duration) -> Error,
) -> Result<T, Error> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, step)
            .await
            .unwrap_or_else(|_| Err(exceeded(limit))),
        None => step.await,
    }
}

impl Proxy {
    /// Connects to the proxy.
    async fn connect(&self, keep_alive: Duration) -> Result<Stream, Error> {
        let failed = |error| Error::Unreachable(format!("the proxy {}: {error}", self.uri));
        let url: Url = self.uri.to_string().parse().map_err(|_| {
            failed(Error::Invalid(
                "this is not the address of a proxy".to_owned(),
            ))
        })?;
        let address = Address::of(&url).map_err(failed)?;
        let connected = address.connect(keep_alive).await;
        let stream = connected.map_err(|error| failed(Error::connect(&error)))?;
        let (Some(tls), Address::Tcp { host, .. }) = (&self.tls, &address) else {
            return Ok(stream);
        };
        let stream = tls.connect(host, stream).await.map_err(failed)?;
        Ok(Stream::Tls(Box::new(stream)))
    }

    /// Opens a tunnel to a server through the proxy.
    async fn tunnel(&self, address: &Address, keep_alive: Duration) -> Result<Stream, Error> {
        let Address::Tcp { host, port } = address else {
            return self.connect(keep_alive).await;
        };
        let target: Uri = format!("https://{host}:{port}")
            .parse()
            .map_err(|_| Error::Invalid(format!("no proxy can connect to the host {host}")))?;
        let hop = Hop {
            proxy: self.clone(),
            keep_alive,
        };
        let mut tunnel = Tunnel::new(self.uri.clone(), hop);
        if let Some(authorization) = &self.authorization {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let connected = tunnel.call(target).await;
        connected.map(TokioIo::into_inner).map_err(|error| {
            let cause = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            Error::Unreachable(format!("the proxy {} opens no tunnel: {cause}", self.uri))
        })
    }
}

/// The connection to the proxy, in the form that [`Tunnel`] requires.
#[derive(Clone)]
struct Hop {
    proxy: Proxy,
    keep_alive: Duration,
}

impl Service<Uri> for Hop {
    type Response = TokioIo<Stream>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { proxy, keep_alive } = self.clone();
        Box::pin(async move { proxy.connect(keep_alive).await.map(TokioIo::new) })
    }
}
