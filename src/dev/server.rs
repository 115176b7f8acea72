//! Listens, and answers.
//!
//! in:  [`Options`]
//! out: a [`Server`] that owns its listener and all its connections, and ends them when it is stopped or dropped

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::http::{self, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::blocking_query::ask;
use super::cluster_state::{Identity, World};
use super::contents::Contents;
use super::fault_injection;
use super::faults::{Faults, Interruptions, Listening};
use super::listener_gate::Door;
use super::record::Seen;
use super::reply::Reply;
use super::request::Request;
use super::routes::{self, Outcome};
use super::seed::Seed;
use super::store::Store;
use super::wire::{Cut, Wire};

/// The longest body that is read at all.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// How a server starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The name of the server's own node.
    pub node: String,
    /// The datacenter it is in.
    pub datacenter: String,
    /// What it holds at first.
    pub seed: Seed,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            node: "dev".into(),
            datacenter: "dc1".into(),
            seed: Seed::default(),
        }
    }
}

/// What every connection shares.
#[derive(Clone, Debug)]
struct Shared {
    store: Store,
    faults: Faults,
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    faults: Faults,
    contents: Contents,
    listening: JoinSet<()>,
    stop: CancellationToken,
}

impl Server {
    /// Starts a server; it listens when this returns.
    ///
    /// # Errors
    /// When it cannot listen at the address.
    pub async fn start(options: Options) -> io::Result<Self> {
        let Options {
            listen,
            node,
            datacenter,
            seed,
        } = options;
        let door = Door::open(listen).await?;
        let address = door.address();
        let identity = Identity {
            node,
            node_id: node_id(),
            datacenter,
            address: address.ip().to_string(),
            rpc_port: 8300,
        };
        let mut world = World::new(identity);
        seed.sow(&mut world);
        let store = Store::new(world);
        let shared = Shared {
            faults: Faults::new(store.clone()),
            store,
        };
        let (faults, contents) = (shared.faults.clone(), Contents::new(shared.store.clone()));
        let stop = CancellationToken::new();
        let mut listening = JoinSet::new();
        // From here on, before the task's first turn, no order is missed.
        let orders = faults.listening();
        listening.spawn(listen_until(stop.clone(), door, shared, orders));
        Ok(Self {
            address,
            faults,
            contents,
            listening,
            stop,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle to make it misbehave.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The handle to change what it holds.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Serves until asked to stop, then ends every connection.
    pub async fn serve(self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
        self.stop().await;
    }

    /// Ends the listener and every connection, and waits until they have ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.listening.join_next().await.is_some() {}
    }
}

/// Takes connections until stopped. It owns them: when it ends, they end.
async fn listen_until(
    stop: CancellationToken,
    mut door: Door,
    shared: Shared,
    mut orders: watch::Receiver<Listening>,
) {
    let mut connections = JoinSet::new();
    let mut cuts = Listening::default().cuts;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            stream = door.next() => {
                let most = orders.borrow().most.unwrap_or(usize::MAX);
                if connections.len() < most {
                    connections.spawn(converse(stream, shared.clone()));
                }
            }
            ordered = orders.changed() => {
                debug_assert!(ordered.is_ok(), "the faults outlive the listener");
                let order = *orders.borrow_and_update();
                door.set(!order.refused).await;
                if order.refused || order.cuts != cuts {
                    connections.shutdown().await;
                }
                cuts = order.cuts;
            }
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                if let Err(error) = ended {
                    tracing::warn!(
                        name: "dev.connection_failed", %error,
                        "a connection of the embedded server failed error={error}"
                    );
                }
            }
        }
    }
    connections.shutdown().await;
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, shared: Shared) {
    let _open = shared.faults.record().connection();
    // Without this, an answer in two writes waits for the client's delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let cuts = shared.faults.cuts();
    let cut = Cut::never();
    let wire = Wire::new(stream, cut.clone());
    let service = service_fn(|request| {
        let (shared, cut) = (&shared, &cut);
        async move {
            let response = respond(request, shared, cut).await;
            if shared.faults.cuts() != cuts {
                // Nothing is said any more on a connection that was cut a moment ago.
                std::future::pending::<()>().await;
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(wire), service);
    if let Err(error) = connection.await {
        tracing::debug!(name: "dev.connection_cut", %error, "a connection of the embedded server was cut error={error}");
    }
}

async fn respond(request: http::Request<Incoming>, shared: &Shared, cut: &Cut) -> Response<Body> {
    let (head, body) = request.into_parts();
    let token = head
        .headers
        .get("x-consul-token")
        .and_then(|value| value.to_str().ok());
    let path = head.uri.path().to_owned();
    // Whoever sees that it has arrived can interrupt it.
    let interruptions = shared.faults.interruptions();
    let _open = shared.faults.record().request(Seen {
        method: head.method.to_string(),
        path: path.clone(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        token: token.map(str::to_owned),
    });
    let Ok(body) = to_bytes(Body::new(body), LONGEST_BODY).await else {
        return Reply::text(413, "Request body too large")
            .with("Connection", "close")
            .into_response();
    };
    let request = Request::new(head.method, &head.uri, body);
    let struck = shared.faults.strike(&path);
    let reply = match fault_injection::before(&struck, &request, cut).await {
        Some(reply) => reply,
        None => fault_injection::after(&struck, honest(&request, shared, interruptions).await),
    };
    reply.into_response()
}

async fn honest(request: &Request, shared: &Shared, interruptions: Interruptions) -> Reply {
    let Shared { store, faults: _ } = shared;
    let answer = async {
        match routes::serve(store, request)? {
            Outcome::Done(reply) => Ok(reply),
            Outcome::Ask(question) => {
                ask(
                    store,
                    interruptions,
                    request,
                    &request.read_options()?,
                    &question,
                )
                .await
            }
        }
    };
    answer.await.unwrap_or_else(|refusal| refusal)
}

/// A random UUID.
fn node_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    let text = format!("{high:016x}{low:016x}");
    format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )
}
