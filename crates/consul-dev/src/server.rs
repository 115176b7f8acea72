//! The server: its options, its listener and its handles.
//!
//! Input: [`Options`]. Output: a [`Server`] that owns its listener and connections, and ends them
//! when it is stopped or dropped.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::body::BodyBudget;
use super::cluster_state::{ClusterState, Identity};
use super::connection::{self, Shared};
use super::contents::Contents;
use super::faults::{Faults, ListenerOrder};
use super::ids;
use super::listener_gate::ListenerGate;
use super::populate;
use super::scheduler;
use super::seed::Seed;
use super::store::Store;

/// The options of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on; port 0 selects a free one. Default: `127.0.0.1` with a free port.
    pub listen: SocketAddr,
    /// Name of the server's own node. Default: `dev`.
    pub node: String,
    /// The server's datacenter. Default: `dc1`.
    pub datacenter: String,
    /// The initial data. Default: none.
    pub seed: Seed,
    /// The number of requests that [`Faults::requests`] keeps; older ones are dropped. Default: 0,
    /// no recording.
    pub record_requests: usize,
    /// The time in which the head of a request must arrive after its first byte, and then its body.
    /// Connections without a request may stay open. Default: 30 s.
    pub read_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            node: "dev".into(),
            datacenter: "dc1".into(),
            seed: Seed::default(),
            record_requests: 0,
            read_timeout: Duration::from_secs(30),
        }
    }
}

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    faults: Faults,
    contents: Contents,
    tasks: JoinSet<()>,
    shutdown: CancellationToken,
}

impl Server {
    /// Starts a server on the current tokio runtime. It accepts connections when this returns.
    ///
    /// # Errors
    /// If it cannot listen on the address.
    pub async fn start(options: Options) -> io::Result<Self> {
        let Options {
            listen,
            node,
            datacenter,
            seed,
            record_requests,
            read_timeout,
        } = options;
        let gate = ListenerGate::open(listen).await?;
        let address = gate.address();
        let identity = Identity {
            node_id: ids::of_name(&format!("{datacenter}/{node}")),
            node,
            datacenter,
            address: address.ip().to_string(),
            rpc_port: 8300,
            lan_port: 8301,
            wan_port: 8302,
        };
        let mut cluster = ClusterState::new(identity);
        populate::seed(&mut cluster, seed);
        let store = Store::new(cluster);
        let faults = Faults::new(store.clone(), record_requests);
        let contents = Contents::new(store.clone());
        let shutdown = CancellationToken::new();
        // Subscribe before the task starts, so that it misses no order.
        let orders = faults.listener_orders();
        let shared = Shared {
            store,
            faults: faults.clone(),
            bodies: BodyBudget::default(),
            read_timeout,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(scheduler::run(shared.store.clone(), shutdown.clone()));
        tasks.spawn(listen_until(shutdown.clone(), gate, shared, orders));
        Ok(Self {
            address,
            faults,
            contents,
            tasks,
            shutdown,
        })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the handle to inject faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the handle to change the server's data.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Serves until `shutdown` is cancelled, then closes all connections.
    pub async fn serve(self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
        self.stop().await;
    }

    /// Closes the listener and all connections, stops the checks, and waits until all tasks have
    /// ended.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Accepts connections until `shutdown`. It owns the tasks of the connections and ends them.
async fn listen_until(
    shutdown: CancellationToken,
    mut gate: ListenerGate,
    shared: Shared,
    mut orders: watch::Receiver<ListenerOrder>,
) {
    let mut connections = JoinSet::new();
    let mut cuts = ListenerOrder::default().cuts;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            stream = gate.next() => {
                let max = orders.borrow().max_connections.unwrap_or(usize::MAX);
                if connections.len() < max {
                    connections.spawn(connection::serve(stream, shared.clone()));
                }
            }
            ordered = orders.changed() => {
                debug_assert!(ordered.is_ok(), "the faults outlive the listener");
                let order = *orders.borrow_and_update();
                gate.set(!order.refuse).await;
                if order.refuse || order.cuts != cuts {
                    connections.shutdown().await;
                }
                cuts = order.cuts;
            }
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                if let Err(error) = ended {
                    tracing::warn!(
                        name: "dev.connection_failed", %error,
                        "embedded server: connection failed: {error}"
                    );
                }
            }
        }
    }
    connections.shutdown().await;
}
