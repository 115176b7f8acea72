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
use nix::errno::Errno;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::answer::{self, Endpoint, Reply};
use super::listener::Listener;
use super::pulse::Heartbeat;
use crate::report::DaemonReport;

/// The maximum number of connections at a time.
pub const MAX_CONNECTIONS: usize = 16;

/// The time in which the head of a request must arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum time of a connection, with the answer to a slow reader.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum size of the head of a request, in bytes; the minimum of hyper.
const MAX_HEAD: usize = 8192;

/// The pause before the next connection is accepted if there is no free file descriptor or no memory.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// The state of the daemon that the answers show.
#[derive(Debug)]
pub(super) struct DaemonState<R> {
    pub(super) reports: watch::Receiver<Arc<R>>,
    pub(super) heartbeat: Heartbeat,
}

impl<R> Clone for DaemonState<R> {
    fn clone(&self) -> Self {
        Self {
            reports: self.reports.clone(),
            heartbeat: self.heartbeat.clone(),
        }
    }
}

/// Serves until `stop` is cancelled, and calls `on_listening` before. Blocks the thread.
///
/// # Errors
/// The server cannot start.
pub(super) fn run(
    listener: Listener,
    state: &DaemonState<impl DaemonReport>,
    stop: &CancellationToken,
    on_listening: impl FnOnce(),
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = AsyncListener::new(listener)?;
        on_listening();
        serve(|| listener.accept(), state, stop).await;
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
async fn serve(
    accept: impl AsyncFn() -> io::Result<Stream>,
    state: &DaemonState<impl DaemonReport>,
    stop: &CancellationToken,
) {
    let mut connections = JoinSet::new();
    let mut resume_at: Option<Instant> = None;
    loop {
        let has_room = connections.len() < MAX_CONNECTIONS && resume_at.is_none();
        tokio::select! {
            () = stop.cancelled() => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            () = sleep_until(resume_at.unwrap_or_else(Instant::now)), if resume_at.is_some() => {
                resume_at = None;
            }
            accepted = accept(), if has_room => match accepted {
                Ok(stream) => drop(connections.spawn(answer_on(stream, state.clone()))),
                Err(error) => {
                    tracing::debug!(
                        name: "status.not_accepted", %error,
                        "the status server cannot accept a connection: {error}"
                    );
                    if is_shortage(&error) {
                        resume_at = Some(Instant::now() + ACCEPT_PAUSE);
                    }
                }
            },
        }
    }
    connections.shutdown().await;
}

/// Returns `true` if connections cannot be accepted for the time being. Other errors concern one client, for example
/// `ECONNABORTED`.
fn is_shortage(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(
        code,
        Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::ENOBUFS)
    )
}

async fn answer_on(stream: Stream, state: DaemonState<impl DaemonReport>) {
    let answered = async {
        match stream {
            Stream::Tcp(stream) => {
                // Without `TCP_NODELAY`, an answer in two writes waits for the client's delayed acknowledgement.
                drop(stream.set_nodelay(true));
                connection(stream, state).await;
            }
            // A name in the abstract namespace has no mode that keeps other users away.
            Stream::Unix(stream) if is_permitted(&stream) => connection(stream, state).await,
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
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    state: DaemonState<impl DaemonReport>,
) {
    let service = service_fn(|request| {
        let state = state.clone();
        async move { Ok::<_, Infallible>(respond(&request, state).await) }
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

async fn respond(
    request: &Request<Incoming>,
    state: DaemonState<impl DaemonReport>,
) -> Response<Full<Bytes>> {
    let is_allowed = [Method::GET, Method::HEAD].contains(request.method());
    let reply = match Endpoint::of_path(request.uri().path()) {
        None => answer::not_found(),
        Some(_) if !is_allowed => answer::not_allowed(),
        Some(endpoint) => reply(endpoint, state).await,
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

async fn reply(endpoint: Endpoint, mut state: DaemonState<impl DaemonReport>) -> Reply {
    let latest = Arc::clone(&state.reports.borrow());
    match endpoint {
        // The last steps of an orderly end have a limit of their own.
        Endpoint::Health if latest.is_ending() => answer::health(true),
        Endpoint::Health => answer::health(state.heartbeat.is_beating().await),
        Endpoint::Ready => answer::readiness(&*latest),
        Endpoint::Status => answer::status(&*latest),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::sleep;

    use super::*;
    use crate::pulse::{Pulse, WAKE_UP_TIMEOUT};
    use crate::report::Example;

    fn state(pulse: &Arc<Pulse>, report: Example) -> DaemonState<Example> {
        DaemonState {
            reports: watch::channel(Arc::new(report)).1,
            heartbeat: Heartbeat::new(pulse),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_answered_with_503_except_at_the_end() {
        let pulse = Arc::default();
        let (ready, ending) = (
            state(&pulse, Example::default()),
            state(&pulse, Example::ending()),
        );
        tokio::time::advance(Duration::from_secs(60)).await;
        let begun = Instant::now();
        assert_eq!(reply(Endpoint::Health, ready.clone()).await.code, 503);
        assert_eq!(begun.elapsed(), WAKE_UP_TIMEOUT);
        assert_eq!(reply(Endpoint::Health, ending).await.code, 200);
        assert_eq!(reply(Endpoint::Ready, ready.clone()).await.code, 200);

        let works = async {
            // The last wake-up is still outstanding.
            pulse.woken_up().await;
            pulse.record_iteration();
        };
        let (answer, ()) = tokio::join!(reply(Endpoint::Health, ready), works);
        assert_eq!(answer.code, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shortage_pauses_the_server_and_does_not_delay_its_end() {
        let (accepted, stop) = (Cell::new(0), CancellationToken::new());
        let accept = async || {
            accepted.set(accepted.get() + 1);
            Err(Errno::EMFILE.into())
        };
        let (begun, state) = (Instant::now(), state(&Arc::default(), Example::default()));
        let ends = async {
            sleep(ACCEPT_PAUSE + ACCEPT_PAUSE / 2).await;
            stop.cancel();
        };
        tokio::join!(serve(accept, &state, &stop), ends);
        assert_eq!(begun.elapsed(), ACCEPT_PAUSE + ACCEPT_PAUSE / 2);
        assert_eq!(accepted.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_has_gone_delays_no_other() {
        let (accepted, stop) = (Cell::new(0), CancellationToken::new());
        let accept = async || {
            accepted.set(accepted.get() + 1);
            if accepted.get() == 3 {
                stop.cancel();
            }
            Err(Errno::ECONNABORTED.into())
        };
        let (begun, state) = (Instant::now(), state(&Arc::default(), Example::default()));
        serve(accept, &state, &stop).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
