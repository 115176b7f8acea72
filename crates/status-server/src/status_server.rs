//! The status server of the process: none, or one on the configured address.
//!
//! Input: the configured address, at the start and at each reload. Output: a running [`server`], and log lines.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::conflict::is_conflict;
use super::listener::{BindError, Bound, Listener, SocketFile, bind, is_same_socket};
use super::pulse::{Heartbeat, Pulse};
use super::server::{self, DaemonState};
use crate::address::StatusAddr;
use crate::names::SettingNames;
use crate::report::DaemonReport;
use error_line::chain;

/// The time that dropping waits for the removal of the files of sockets. A file system may hang.
const REMOVAL_TIMEOUT: Duration = Duration::from_millis(500);

/// The status server of the process. Dropping it stops the server and removes the file of its socket.
#[derive(Debug)]
pub struct StatusServer<R: DaemonReport> {
    pulse: Arc<Pulse>,
    server: Option<Server<R>>,
    /// The removals of the files of earlier sockets that may not have ended.
    removals: Vec<Removal>,
}

/// The file of the socket, until it is removed.
type File = Arc<Mutex<Option<SocketFile>>>;

/// A server on an address.
#[derive(Debug)]
struct Server<R> {
    /// The address as configured.
    address: StatusAddr,
    file: File,
    state: State<R>,
}

#[derive(Debug)]
enum State<R> {
    /// The socket listens, and nothing answers yet.
    Bound(Listener),
    /// It answers after the next report.
    Subscribed(Listener, watch::Receiver<Arc<R>>),
    /// A thread answers.
    Running {
        _stop: DropGuard,
        thread: JoinHandle<()>,
    },
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
    pub fn between(
        current: Option<&StatusAddr>,
        new: Option<&StatusAddr>,
        names: SettingNames,
    ) -> Self {
        let both = current.zip(new);
        if current == new || both.is_some_and(|(current, new)| is_same_socket(current, new)) {
            return Self::Keep;
        }
        let bound = new.map(|new| bind(new, names)).transpose();
        match (bound, both) {
            (Ok(bound), _) => Self::Replace(bound),
            // The old socket listens until the new one does, so that a failure leaves it.
            (Err(BindError::InUse { .. }), Some((current, new))) if is_conflict(current, new) => {
                Self::Failed(BindError::Conflict {
                    current: current.clone(),
                    new: new.clone(),
                    names,
                })
            }
            (Err(error), _) => Self::Failed(error),
        }
    }
}

impl<R: DaemonReport> StatusServer<R> {
    /// Creates the server on a socket that listens already; `None`: there is none.
    #[must_use]
    pub fn new(bound: Option<Bound>) -> Self {
        Self {
            pulse: Arc::default(),
            server: bound.map(Server::new),
            removals: Vec::new(),
        }
    }

    /// The address as configured; `None` without a server, and if it has failed.
    #[must_use]
    pub fn address(&self) -> Option<&StatusAddr> {
        let server = self.server.as_ref().filter(|server| !server.has_failed())?;
        Some(&server.address)
    }

    /// The iterations of the loop, which the server can wake up.
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
                self.removals.retain(|removal| !removal.has_ended());
                self.removals.extend(old.map(Removal::start));
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
    pub fn subscribe(&mut self, reports: &watch::Sender<Arc<R>>) {
        if let Some(server) = &mut self.server
            && matches!(server.state, State::Bound(_))
            && let State::Bound(listener) = std::mem::replace(&mut server.state, State::Failed)
        {
            server.state = State::Subscribed(listener, reports.subscribe());
        }
    }

    /// Records an iteration of the loop, after it has published its report. A new server begins to answer.
    pub fn record_iteration(&mut self) {
        self.pulse.record_iteration();
        if let Some(server) = &mut self.server
            && matches!(server.state, State::Subscribed(..))
            && let State::Subscribed(listener, reports) =
                std::mem::replace(&mut server.state, State::Failed)
        {
            let heartbeat = Heartbeat::new(&self.pulse);
            server.start(listener, DaemonState { reports, heartbeat });
        }
    }
}

impl<R: DaemonReport> Drop for StatusServer<R> {
    fn drop(&mut self) {
        let until = Instant::now() + REMOVAL_TIMEOUT;
        let last = self.server.take().map(Removal::start);
        for removal in self.removals.drain(..).chain(last) {
            removal.wait(until);
        }
    }
}

/// A thread that stops a server and removes the file of its socket.
#[derive(Debug)]
struct Removal {
    /// The thread has the sender, and drops it when it ends.
    ended: mpsc::Receiver<Infallible>,
}

impl Removal {
    fn start<R: Send + Sync + 'static>(server: Server<R>) -> Self {
        let (running, ended) = mpsc::channel();
        let remove = move || {
            drop(server);
            drop(running);
        };
        // If no thread can be started, the server is dropped here.
        let _ = thread::Builder::new().spawn(remove);
        Self { ended }
    }

    fn has_ended(&self) -> bool {
        self.ended.try_recv() == Err(mpsc::TryRecvError::Disconnected)
    }

    fn wait(&self, until: Instant) {
        let timeout = until.saturating_duration_since(Instant::now());
        let _ = self.ended.recv_timeout(timeout);
    }
}

impl<R: DaemonReport> Server<R> {
    fn new(bound: Bound) -> Self {
        Self {
            address: bound.address,
            file: Arc::new(Mutex::new(bound.file)),
            state: State::Bound(bound.listener),
        }
    }

    /// Returns `true` if nothing answers, and nothing will.
    fn has_failed(&self) -> bool {
        match &self.state {
            State::Bound(_) | State::Subscribed(..) => false,
            // It ends earlier than its guard only if it fails.
            State::Running { thread, .. } => thread.is_finished(),
            State::Failed => true,
        }
    }

    fn start(&mut self, listener: Listener, state: DaemonState<R>) {
        let address = match &listener {
            // The port that was chosen for port 0.
            Listener::Tcp(listener) => listener.local_addr().map(|address| address.to_string()),
            Listener::Unix(_) => Ok(self.address.to_string()),
        };
        let address = address.unwrap_or_else(|_| self.address.to_string());
        let stop = CancellationToken::new();
        let (stopped, file) = (stop.clone(), Arc::clone(&self.file));
        let on_listening = move || {
            tracing::info!(
                name: "status.listening", address,
                "the status server is listening on {address}"
            );
        };
        let run = move || {
            if let Err(error) = server::run(listener, &state, &stopped, on_listening) {
                failed(&error, &file);
            }
        };
        match thread::Builder::new().name("status".to_owned()).spawn(run) {
            Ok(thread) => {
                self.state = State::Running {
                    _stop: stop.drop_guard(),
                    thread,
                };
            }
            Err(error) => failed(&error, &self.file),
        }
    }
}

impl<R> Drop for Server<R> {
    fn drop(&mut self) {
        // The thread has the file too, and the process may end before the thread.
        remove(&self.file);
    }
}

fn remove(file: &File) {
    drop(file.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// Logs that the server cannot start, and removes the file of its socket: the next server may have the same one.
fn failed(error: &std::io::Error, file: &File) {
    remove(file);
    let error = chain(error);
    tracing::warn!(
        name: "status.not_started", error,
        "cannot start the status server: {error}; everything else continues, and a reload tries again"
    );
}

#[cfg(test)]
mod tests;
