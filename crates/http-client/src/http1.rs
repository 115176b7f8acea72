//! HTTP/1.1 connections, one request at a time.
//!
//! A connection has no task of its own: its current request drives it. Therefore, dropping the
//! request closes the connection, and an idle connection costs only its buffers.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;
use std::time::Duration;

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::error::Error;
use crate::limits::MAX_HEAD;
use crate::request::Message;
use crate::stream::{Paced, Stream};
use crate::wire::Wire;

/// The maximum number of headers in an answer.
const MAX_HEADERS: usize = 256;

/// An HTTP/1.1 connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    wire: Arc<Wire>,
    /// `true` after a request was answered on this connection.
    is_used: bool,
}

/// The part of the connection that reads and writes. It is `None` after its end, because hyper
/// reports the end to a request only when this part is dropped.
struct Driver(Option<Pin<Box<Inner>>>);

type Inner = http1::Connection<TokioIo<Paced>, Full<Bytes>>;

impl Driver {
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            // Ignore an error: hyper reports it to the request or its body.
            && connection.as_mut().poll(cx).is_ready()
        {
            self.0 = None;
        }
    }
}

/// The error of a request without a head, and whether the request was sent at all.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) is_unsent: bool,
}

impl Connection {
    /// Creates an HTTP connection over a stream.
    pub(crate) async fn new(stream: Stream) -> Result<Self, Error> {
        let wire = Arc::new(Wire::new());
        let paced = Paced::new(stream, Arc::clone(&wire));
        let mut builder = http1::Builder::new();
        builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
        let handshake = builder.handshake(TokioIo::new(paced)).await;
        let (sender, connection) = handshake.map_err(|error| Error::head(&error, &wire))?;
        Ok(Self {
            sender,
            driver: Driver(Some(Box::pin(connection))),
            wire,
            is_used: false,
        })
    }

    /// Returns `true` if a request was answered on this connection before.
    pub(crate) fn is_used(&self) -> bool {
        self.is_used
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(&mut self, message: Message) -> Result<Response<Incoming>, Failed> {
        let Self {
            sender,
            driver,
            wire,
            ..
        } = self;
        wire.expect_head();
        let answered = {
            let mut answer = pin!(sender.try_send_request(message));
            poll_fn(|cx| {
                driver.drive(cx);
                answer.as_mut().poll(cx)
            })
            .await
        };
        let answered = answered.map_err(|mut failed| Failed {
            is_unsent: failed.take_message().is_some(),
            error: Error::head(failed.error(), wire),
        });
        wire.expect_body();
        self.is_used = true;
        answered
    }

    /// Reads and writes as much as is possible now.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        self.driver.drive(cx);
    }

    /// Returns `true` if the connection can take another request after its last answer.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        poll_fn(|cx| {
            self.driver.drive(cx);
            std::task::Poll::Ready(())
        })
        .await;
        self.driver.0.is_some() && self.sender.is_ready()
    }
}

/// The idle connections to one server.
#[derive(Debug)]
pub(crate) struct Idle {
    connections: Mutex<Vec<IdleConnection>>,
    /// The number of idle connections to all servers.
    total: Arc<AtomicUsize>,
    limits: IdleLimits,
}

/// The limits of idle connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleLimits {
    pub(crate) reuse: bool,
    pub(crate) time: Option<Duration>,
    pub(crate) total: usize,
    pub(crate) per_server: usize,
}

struct IdleConnection {
    connection: Box<Connection>,
    since: Instant,
    _counted: Counted,
}

impl std::fmt::Debug for IdleConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdleConnection").finish_non_exhaustive()
    }
}

/// Counts an idle connection until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Idle {
    /// Creates an empty pool that shares its total with others.
    pub(crate) fn new(total: Arc<AtomicUsize>, limits: IdleLimits) -> Self {
        Self {
            connections: Mutex::default(),
            total,
            limits,
        }
    }

    /// Removes the connection that became idle last; `None` if there is none.
    pub(crate) fn take(&self) -> Option<Box<Connection>> {
        let mut idle = self.lock();
        // A firewall may have dropped a connection that has been idle for long.
        if let Some(limit) = self.limits.time {
            idle.retain(|idle| idle.since.elapsed() < limit);
        }
        idle.pop().map(|idle| idle.connection)
    }

    /// Keeps a connection for another request if the limits allow it, else closes it.
    pub(crate) fn put_back(&self, connection: Box<Connection>) {
        let IdleLimits {
            reuse,
            total,
            per_server,
            ..
        } = self.limits;
        let mut idle = self.lock();
        if reuse && idle.len() < per_server && self.total.load(Ordering::Relaxed) < total {
            self.total.fetch_add(1, Ordering::Relaxed);
            idle.push(IdleConnection {
                connection,
                since: Instant::now(),
                _counted: Counted(Arc::clone(&self.total)),
            });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<IdleConnection>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
