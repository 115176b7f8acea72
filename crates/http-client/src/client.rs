//! Sends requests over connections to a server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::body::{Answer, Body, Link, Response};
use crate::dial::{Address, Dialer};
use crate::error::Error;
use crate::http1::{self, Failed, Idle, IdleLimits};
use crate::http2::{self, Connections};
use crate::in_flight::InFlight;
use crate::limits::Limits;
use crate::proxy::Route;
use crate::request::{Form, Message, Request};
use crate::settings::TransportConfig;
use crate::tls::{Tls, TlsError};

/// Longer than any process lives, and short enough for the clock.
const NO_LIMIT: Duration = Duration::from_secs(u32::MAX as u64);

/// The settings of connections and the limits of answers, shared by all endpoints of a program. A
/// clone is the same client.
#[derive(Clone, Debug)]
pub struct Client {
    settings: TransportConfig,
    limits: Limits,
    idle: Arc<AtomicUsize>,
    pub(crate) in_flight: Arc<InFlight>,
}

impl Client {
    /// Creates a client with these settings.
    #[must_use]
    pub fn new(settings: TransportConfig, limits: Limits) -> Self {
        Self {
            settings,
            limits,
            idle: Arc::default(),
            in_flight: Arc::new(InFlight::new(limits.in_flight)),
        }
    }

    /// Creates an endpoint for a server: `http://`, `https://` or `unix://`. The path of a `unix`
    /// URL is the socket; that of other URLs is ignored. `tls` is required only for `https`.
    ///
    /// # Errors
    /// [`TlsError`] if TLS for a proxy cannot be set up.
    pub fn endpoint(&self, server: &Url, tls: Option<Tls>) -> Result<Endpoint, TlsError> {
        let TransportConfig {
            connect_limit,
            handshake_limit,
            keep_alive,
            reuse,
            idle_limit,
            most_idle,
            most_idle_of_one,
        } = self.settings;
        let is_tls = server.scheme() == "https";
        let route = Route::to(server)?;
        let limits = IdleLimits {
            reuse,
            time: idle_limit,
            total: most_idle,
            per_server: most_idle_of_one,
        };
        let tls = tls.filter(|_| is_tls);
        let alias = tls.as_ref().and_then(Tls::alias);
        Ok(Endpoint {
            client: self.clone(),
            authority: authority(server, alias.filter(|_| route.is_direct())),
            dialer: Address::of(server).map(|address| Dialer {
                address,
                route,
                tls,
                keep_alive,
                connect_limit,
                handshake_limit,
            }),
            is_tls,
            idle: Arc::new(Idle::new(Arc::clone(&self.idle), limits)),
            http2: Connections::default(),
            opening: Mutex::default(),
            speaks_http1: AtomicBool::new(!is_tls),
            has_answered: AtomicBool::new(false),
        })
    }
}

/// A server with the connections to it.
pub struct Endpoint {
    client: Client,
    /// The dialer. The error of an address without a host is returned by the first request.
    dialer: Result<Dialer, Error>,
    authority: String,
    is_tls: bool,
    idle: Arc<Idle>,
    http2: Connections,
    /// The lock that is held while a connection is opened that other requests may share.
    opening: Mutex<()>,
    /// `true` if the latest connection uses HTTP/1.1, which cannot be shared.
    speaks_http1: AtomicBool,
    has_answered: AtomicBool,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Returns `true` if the server has answered a request.
    pub fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }

    /// The number of requests that share one connection: 1 with HTTP/1.1, and before the first answer.
    pub fn sharing(&self) -> usize {
        let is_shared = self.is_tls
            && self.client.settings.reuse
            && self.has_answered()
            && !self.speaks_http1.load(Ordering::Relaxed);
        if is_shared { http2::MAX_SHARING } else { 1 }
    }

    /// Sends a request and reads the complete answer. The time limit begins when the connection is open; connecting
    /// has a limit of its own, and without one that of the answer.
    ///
    /// # Errors
    /// [`Error`] if no answer arrives within the limits of time and size.
    pub async fn fetch(&self, request: &Request, limit: Duration) -> Result<Answer, Error> {
        let dial_limit = self.dialer.as_ref().map(Dialer::limit).unwrap_or_default();
        let fetched = async {
            let (response, deadline) = self.send_within(request, limit).await?;
            let Response {
                status,
                headers,
                body,
            } = response;
            let body = body.collect(self.client.limits, &self.client.in_flight);
            let body = timeout_at(deadline, body).await;
            Ok(Answer {
                status,
                headers,
                body: body.unwrap_or(Err(Error::TimedOut))?,
            })
        };
        timeout(limit.saturating_add(dial_limit), fetched)
            .await
            .unwrap_or(Err(Error::TimedOut))
    }

    /// Sends a request and waits for the head of the answer. Returns the end of the time limit for the answer too.
    async fn send_within(
        &self,
        request: &Request,
        limit: Duration,
    ) -> Result<(Response, Instant), Error> {
        loop {
            let link = self.link().await?;
            let now = Instant::now();
            let deadline = now.checked_add(limit).unwrap_or(now + NO_LIMIT);
            let exchanged = timeout_at(deadline, self.exchange(link, request)).await;
            if let Some(response) = exchanged.unwrap_or(Err(Error::TimedOut))? {
                return Ok((response, deadline));
            }
        }
    }

    /// Sends a request and waits for the head of the answer, without a time limit. If the server had closed
    /// a reused connection meanwhile, a request that may be repeated is sent again on another connection, unless
    /// it is [sent once](Request::sent_once).
    ///
    /// # Errors
    /// [`Error`] if no head arrives.
    pub async fn send(&self, request: &Request) -> Result<Response, Error> {
        loop {
            let link = self.link().await?;
            if let Some(response) = self.exchange(link, request).await? {
                return Ok(response);
            }
        }
    }

    /// Sends a request over a link. Returns `None` if it has to be sent again over another one.
    async fn exchange(&self, mut link: Link, request: &Request) -> Result<Option<Response>, Error> {
        let (is_used, sent) = match &mut link {
            Link::Http2(slot) => {
                let message = self.message(request, true)?;
                (slot.is_used(), slot.send(message).await)
            }
            Link::Http1 { connection, .. } => {
                let Some(connection) = connection else {
                    return Err(Error::Closed);
                };
                let message = self.message(request, false)?;
                (connection.is_used(), connection.send(message).await)
            }
        };
        match sent {
            Ok(answer) => {
                self.has_answered.store(true, Ordering::Relaxed);
                let (head, incoming) = answer.into_parts();
                Ok(Some(Response {
                    status: head.status,
                    headers: head.headers,
                    body: Body::new(incoming, link),
                }))
            }
            Err(failed) if is_used && may_repeat(request, &failed) => {
                if request.is_sent_once {
                    Err(Error::ConnectionLost)
                } else {
                    Ok(None)
                }
            }
            Err(failed) => Err(failed.error),
        }
    }

    fn message(&self, request: &Request, is_http2: bool) -> Result<Message, Error> {
        let forward = self
            .dialer
            .as_ref()
            .ok()
            .and_then(|dialer| match &dialer.route {
                Route::Forward(proxy) => Some(proxy),
                _ => None,
            });
        let scheme = if self.is_tls { "https" } else { "http" };
        request.message(&Form {
            scheme: (is_http2 || forward.is_some()).then_some(scheme),
            authority: &self.authority,
            host: !is_http2,
            close: !is_http2 && !self.client.settings.reuse,
            proxy_authorization: forward.and_then(|proxy| proxy.authorization.as_ref()),
        })
    }

    /// Returns a connection for one request: an idle one, a slot on a shared one, or a new one.
    async fn link(&self) -> Result<Link, Error> {
        if let Some(link) = self.open_link() {
            return Ok(link);
        }
        let opening = if self.speaks_http1.load(Ordering::Relaxed) {
            None
        } else {
            let opening = self.opening.lock().await;
            if let Some(link) = self.open_link() {
                return Ok(link);
            }
            Some(opening)
        };
        // Another request may have found meanwhile that connections cannot be shared.
        let opening = opening.filter(|_| !self.speaks_http1.load(Ordering::Relaxed));
        let link = self.new_link().await;
        drop(opening);
        link
    }

    /// Returns a link over an open connection.
    fn open_link(&self) -> Option<Link> {
        if let Some(connection) = self.idle.take() {
            return Some(self.http1(connection));
        }
        if !self.is_tls {
            return None;
        }
        self.http2
            .slot(self.client.settings.idle_limit)
            .map(Link::Http2)
    }

    async fn new_link(&self) -> Result<Link, Error> {
        let dialer = self
            .dialer
            .as_ref()
            .map_err(|error| Error::Invalid(error.to_string()))?;
        let (stream, is_http2) = dialer.dial().await?;
        self.speaks_http1.store(!is_http2, Ordering::Relaxed);
        if is_http2 {
            let connection = http2::Connection::new(stream).await?;
            let slot = self.http2.add(connection, self.client.settings.reuse);
            return Ok(Link::Http2(slot));
        }
        let connection = http1::Connection::new(stream).await?;
        Ok(self.http1(Box::new(connection)))
    }

    fn http1(&self, connection: Box<http1::Connection>) -> Link {
        Link::Http1 {
            connection: Some(connection),
            idle: Arc::clone(&self.idle),
        }
    }
}

/// Returns `true` if a request that failed on a reused connection may be sent again.
fn may_repeat(request: &Request, failed: &Failed) -> bool {
    failed.is_unsent || (request.method.is_idempotent() && matches!(failed.error, Error::Closed))
}

/// Returns host and port for the `Host` header.
fn authority(server: &Url, alias: Option<&str>) -> String {
    let host = alias
        .or_else(|| server.host_str())
        .filter(|host| !host.is_empty())
        .unwrap_or("localhost");
    server
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
