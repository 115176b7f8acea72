//! Serves the endpoints on a listening socket.
//!
//! Input: the socket, the published reports, the heartbeat of the loop. Output: answers, until the server is stopped.
//!
//! A connection has one request and a limited time, and there are at most [`MAX_CONNECTIONS`]; others wait in the queue
//! of the socket.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::answer::{self, Endpoint, Reply};
use super::listener::Listener;
use super::pulse::Heartbeat;
use crate::report::{Phase, Report};

/// The maximum number of connections at a time.
pub const MAX_CONNECTIONS: usize = 16;

/// The time in which the head of a request must arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum time of a connection, with the answer to a slow reader.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum size of the head of a request, in bytes; the minimum of hyper.
const MAX_HEAD: usize = 8192;

/// The pause after a connection that cannot be accepted, for example without a free file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What the answers are made of.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) reports: watch::Receiver<Arc<Report>>,
    pub(super) heartbeat: Heartbeat,
}

/// Serves until `stop` is cancelled. Blocks the thread.
pub(super) fn run(listener: Listener, source: &Source, stop: &CancellationToken) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = AsyncListener::new(listener)?;
        serve(&listener, source, stop).await;
        Ok(())
    })
}

enum AsyncListener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

enum Stream {
    Tcp(tokio::net::TcpStream),
    Unix(UnixStream),
}

impl AsyncListener {
    fn new(listener: Listener) -> io::Result<Self> {
        Ok(match listener {
            Listener::Tcp(listener) => Self::Tcp(TcpListener::from_std(listener)?),
            Listener::Unix(listener) => Self::Unix(UnixListener::from_std(listener)?),
        })
    }

    async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(listener) => Stream::Tcp(listener.accept().await?.0),
            Self::Unix(listener) => Stream::Unix(listener.accept().await?.0),
        })
    }
}

/// Accepts connections. It owns their tasks and ends them.
async fn serve(listener: &AsyncListener, source: &Source, stop: &CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < MAX_CONNECTIONS;
        tokio::select! {
            () = stop.cancelled() => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if has_room => match accepted {
                Ok(stream) => drop(connections.spawn(answer_on(stream, source.clone()))),
                Err(error) => {
                    tracing::debug!(
                        name: "status.not_accepted", %error,
                        "the status server cannot accept a connection: {error}"
                    );
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    connections.shutdown().await;
}

async fn answer_on(stream: Stream, source: Source) {
    let answered = async {
        match stream {
            Stream::Tcp(stream) => {
                // Without `TCP_NODELAY`, an answer in two writes waits for the client's delayed acknowledgement.
                drop(stream.set_nodelay(true));
                connection(stream, source).await;
            }
            // A name in the abstract namespace has no mode that keeps other users away.
            Stream::Unix(stream) if is_permitted(&stream) => connection(stream, source).await,
            Stream::Unix(_) => {}
        }
    };
    // A connection that takes longer is closed.
    let _ = timeout(CONNECTION_TIMEOUT, answered).await;
}

/// Returns `true` if the process at the other end belongs to the user of the daemon, or to root.
fn is_permitted(stream: &UnixStream) -> bool {
    let own = nix::unistd::geteuid().as_raw();
    let is_permitted = |uid| uid == own || uid == 0;
    stream
        .peer_cred()
        .is_ok_and(|peer| is_permitted(peer.uid()))
}

/// Answers the request of a connection.
async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, source: Source) {
    let service = service_fn(|request| {
        let source = source.clone();
        async move { Ok::<_, Infallible>(respond(&request, source).await) }
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::trace!(
            name: "status.connection_cut", %error,
            "status server: connection cut: {error}"
        );
    }
}

async fn respond(request: &Request<Incoming>, source: Source) -> Response<Full<Bytes>> {
    let is_allowed = [Method::GET, Method::HEAD].contains(request.method());
    let reply = match Endpoint::of_path(request.uri().path()) {
        None => answer::not_found(),
        Some(_) if !is_allowed => answer::not_allowed(),
        Some(endpoint) => reply(endpoint, source).await,
    };
    let code = StatusCode::from_u16(reply.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Full::from(reply.body));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if code == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

async fn reply(endpoint: Endpoint, mut source: Source) -> Reply {
    let latest = Arc::clone(&source.reports.borrow());
    match endpoint {
        // The last steps of an orderly end have a limit of their own.
        Endpoint::Health if latest.phase == Phase::Ending => answer::health(true),
        Endpoint::Health => answer::health(source.heartbeat.is_beating().await),
        Endpoint::Ready => answer::readiness(&latest),
        Endpoint::Status => answer::status(&latest),
    }
}
