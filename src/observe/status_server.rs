//! The status server of the process: none, or one on the configured address.
//!
//! Input: the configured address, at the start and at each reload. Output: a running [`server`], and log lines.

use std::sync::Arc;
use std::thread;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::listener::{BindError, Bound, Listener, SocketFile, bind};
use super::pulse::{Heartbeat, Pulse};
use super::server::{self, Source};
use crate::config::resolved::StatusAddr;
use crate::error_chain::chain;
use crate::report::Report;

/// The status server of the process. Dropping it stops the server and removes the file of its socket.
#[derive(Debug, Default)]
pub struct StatusServer {
    pulse: Arc<Pulse>,
    server: Option<Server>,
}

/// A server on an address.
#[derive(Debug)]
struct Server {
    /// The address as configured.
    address: StatusAddr,
    _file: Option<SocketFile>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The socket listens, and nothing answers yet.
    Bound(Listener),
    /// It answers after the next report.
    Subscribed(Listener, watch::Receiver<Arc<Report>>),
    /// A thread answers.
    Running { _stop: DropGuard },
    /// The thread cannot be started.
    Failed,
}

/// The difference between the addresses of two configurations.
#[derive(Debug)]
pub enum Change {
    /// The server stays.
    Keep,
    /// Another one, or none, takes its place.
    Replace(Option<Bound>),
    /// The new address cannot be used, so the server stays.
    Failed(BindError),
}

impl Change {
    /// Listens on the new address if it differs from the current one. May block.
    #[must_use]
    pub fn between(current: Option<&StatusAddr>, new: Option<&StatusAddr>) -> Self {
        if current == new {
            return Self::Keep;
        }
        match new.map(bind).transpose() {
            Ok(bound) => Self::Replace(bound),
            Err(error) => Self::Failed(error),
        }
    }
}

impl StatusServer {
    /// Creates the server on a socket that listens already; `None`: there is none.
    #[must_use]
    pub fn new(bound: Option<Bound>) -> Self {
        Self {
            pulse: Arc::default(),
            server: bound.map(Server::new),
        }
    }

    /// The address as configured.
    #[must_use]
    pub fn address(&self) -> Option<&StatusAddr> {
        self.server.as_ref().map(|server| &server.address)
    }

    /// The turns of the loop, which the server may ask for.
    #[must_use]
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Adopts the address of a new configuration.
    pub fn adopt(&mut self, change: Change) {
        match change {
            Change::Keep => {}
            Change::Replace(bound) => {
                let old = std::mem::replace(&mut self.server, bound.map(Server::new));
                // Removing the file of the old socket may block.
                let _ = thread::Builder::new().spawn(move || drop(old));
            }
            Change::Failed(error) => {
                let error = chain(&error);
                let stays = match self.address() {
                    Some(address) => format!("the status server stays on {address}"),
                    None => "there is still no status server".to_owned(),
                };
                tracing::warn!(name: "status.not_moved", error, "{error}; {stays}");
            }
        }
    }

    /// Subscribes a new server to the reports, so that the next one is published.
    pub fn subscribe(&mut self, reports: &watch::Sender<Arc<Report>>) {
        if let Some(server) = &mut self.server
            && matches!(server.state, State::Bound(_))
            && let State::Bound(listener) = std::mem::replace(&mut server.state, State::Failed)
        {
            server.state = State::Subscribed(listener, reports.subscribe());
        }
    }

    /// Records a turn of the loop, after it has published its report. A new server begins to answer.
    pub fn turned(&mut self) {
        self.pulse.turned();
        if let Some(server) = &mut self.server
            && matches!(server.state, State::Subscribed(..))
            && let State::Subscribed(listener, reports) =
                std::mem::replace(&mut server.state, State::Failed)
        {
            let heartbeat = Heartbeat::new(&self.pulse);
            server.start(listener, Source { reports, heartbeat });
        }
    }
}

impl Server {
    fn new(bound: Bound) -> Self {
        Self {
            address: bound.address,
            _file: bound.file,
            state: State::Bound(bound.listener),
        }
    }

    fn start(&mut self, listener: Listener, source: Source) {
        let address = match &listener {
            // The port that was chosen for port 0.
            Listener::Tcp(listener) => listener.local_addr().map(|address| address.to_string()),
            Listener::Unix(_) => Ok(self.address.to_string()),
        };
        let address = address.unwrap_or_else(|_| self.address.to_string());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let run = move || {
            if let Err(error) = server::run(listener, &source, &stopped) {
                failed(&error);
            }
        };
        match thread::Builder::new().name("status".to_owned()).spawn(run) {
            Ok(_) => {
                self.state = State::Running {
                    _stop: stop.drop_guard(),
                };
                tracing::info!(
                    name: "status.listening", address,
                    "the status server is listening on {address}"
                );
            }
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &std::io::Error) {
    let error = chain(error);
    tracing::warn!(
        name: "status.not_started", error,
        "cannot start the status server: {error}; everything else continues"
    );
}
