//! HTTP/2 connections, shared by many requests.
//!
//! A server limits the simultaneous requests on one connection (100 with HAProxy, 250 with Consul),
//! and blocking queries are open for long. Therefore, further connections are opened as needed.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::Error;
use crate::http1::Failed;
use crate::limits::MAX_HEAD;
use crate::request::Message;
use crate::stream::{Paced, Stream};
use crate::wire::Wire;

/// The maximum number of requests that share one connection.
pub(crate) const MAX_SHARING: usize = 90;
/// The time without incoming data after which a connection with pending requests is probed.
const PING_AFTER: Duration = Duration::from_secs(20);
/// The time limit for the answer to a probe.
const PING_LIMIT: Duration = Duration::from_secs(10);
/// The flow control windows in bytes: of one body, and of all bodies of a connection.
const WINDOWS: (u32, u32) = (256 << 10, 1 << 20);

/// An HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    wire: Arc<Wire>,
    /// The tasks of the connection, which end with it.
    _tasks: Arc<Mutex<JoinSet<()>>>,
    /// The number of requests on the connection.
    requests: AtomicUsize,
    idle_since: Mutex<Instant>,
    /// `true` after a request was answered on this connection.
    is_used: AtomicBool,
}

/// Spawns tasks of a connection while the connection exists.
#[derive(Clone)]
struct Tasks(Weak<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        if let Some(tasks) = self.0.upgrade() {
            let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}

impl Connection {
    /// Creates an HTTP/2 connection over a stream.
    pub(crate) async fn new(stream: Stream) -> Result<Self, Error> {
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let wire = Arc::new(Wire::new());
        let paced = Paced::new(stream, Arc::clone(&wire));
        let mut builder = http2::Builder::new(Tasks(Arc::downgrade(&tasks)));
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_AFTER)
            .keep_alive_timeout(PING_LIMIT);
        let handshake = builder.handshake(TokioIo::new(paced)).await;
        let (sender, connection) = handshake.map_err(|error| Error::head(&error, &wire))?;
        let driver = async move {
            // Ignore an error: hyper reports it to the requests.
            let _ = connection.await;
        };
        tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .spawn(driver);
        Ok(Self {
            sender,
            wire,
            _tasks: tasks,
            requests: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
            is_used: AtomicBool::new(false),
        })
    }

    fn idle_time(&self) -> Option<Duration> {
        let since = *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        (self.requests.load(Ordering::Relaxed) == 0).then(|| since.elapsed())
    }
}

/// The slot of one request on a connection.
#[derive(Debug)]
pub(crate) struct Slot(Arc<Connection>);

impl Slot {
    /// Takes a slot on a connection.
    fn new(connection: &Arc<Connection>) -> Self {
        connection.requests.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }

    /// Returns `true` if a request was answered on this connection before.
    pub(crate) fn is_used(&self) -> bool {
        self.0.is_used.load(Ordering::Relaxed)
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(&self, message: Message) -> Result<Response<Incoming>, Failed> {
        let mut sender = self.0.sender.clone();
        let answer = sender.try_send_request(message).await;
        if answer.is_ok() {
            self.0.is_used.store(true, Ordering::Relaxed);
        }
        answer.map_err(|mut failed| Failed {
            is_unsent: failed.take_message().is_some(),
            error: Error::head(failed.error(), &self.0.wire),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self
                .0
                .idle_since
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }
}

/// The connections to one server.
#[derive(Debug, Default)]
pub(crate) struct Connections(Mutex<Vec<Arc<Connection>>>);

impl Connections {
    /// Takes a slot on the first connection with room. Connections that are closed or were idle for
    /// too long are dropped.
    pub(crate) fn slot(&self, idle_limit: Option<Duration>) -> Option<Slot> {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|connection| {
            let is_stale = idle_limit
                .is_some_and(|limit| connection.idle_time().is_some_and(|time| time >= limit));
            !connection.sender.is_closed() && !is_stale
        });
        let has_room = |connection: &&Arc<Connection>| {
            connection.requests.load(Ordering::Relaxed) < MAX_SHARING
        };
        connections.iter().find(has_room).map(Slot::new)
    }

    /// Takes a slot on a new connection. If `keep`, other requests may share the connection.
    pub(crate) fn add(&self, connection: Connection, keep: bool) -> Slot {
        let connection = Arc::new(connection);
        let slot = Slot::new(&connection);
        if keep {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
        slot
    }
}
