//! The status server of the process: none, or one on the configured address.
//!
//! Input: the configured address, at the start and at each reload. Output: a running [`server`], and log lines.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::conflict::is_conflict;
use super::listener::{BindError, Bound, Listener, SocketFile, bind, is_same_socket};
use super::pulse::{Heartbeat, Pulse};
use super::server::{self, DaemonState};
use crate::config::resolved::StatusAddr;
use crate::error_chain::chain;
use crate::report::Report;

/// The status server of the process. Dropping it stops the server and removes the file of its socket.
#[derive(Debug, Default)]
pub struct StatusServer {
    pulse: Arc<Pulse>,
    server: Option<Server>,
}

/// The file of the socket, until it is removed.
type File = Arc<Mutex<Option<SocketFile>>>;

/// A server on an address.
#[derive(Debug)]
struct Server {
    /// The address as configured.
    address: StatusAddr,
    file: File,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The socket listens, and nothing answers yet.
    Bound(Listener),
    /// It answers after the next report.
    Subscribed(Listener, watch::Receiver<Arc<Report>>),
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
    pub fn between(current: Option<&StatusAddr>, new: Option<&StatusAddr>) -> Self {
        let both = current.zip(new);
        if current == new || both.is_some_and(|(current, new)| is_same_socket(current, new)) {
            return Self::Keep;
        }
        match (new.map(bind).transpose(), both) {
            (Ok(bound), _) => Self::Replace(bound),
            // The old socket listens until the new one does, so that a failure leaves it.
            (Err(BindError::InUse(_)), Some((current, new))) if is_conflict(current, new) => {
                Self::Failed(BindError::Conflict {
                    current: current.clone(),
                    new: new.clone(),
                })
            }
            (Err(error), _) => Self::Failed(error),
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

impl Server {
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

    fn start(&mut self, listener: Listener, state: DaemonState) {
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

impl Drop for Server {
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
mod tests {
    use std::fs::OpenOptions;
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::OpenOptionsExt as _;

    use nix::fcntl::OFlag;

    use super::*;

    #[test]
    fn a_reload_starts_a_server_again_that_has_failed_in_its_thread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.sock");
        let address = StatusAddr::Socket(path.clone());
        let mut bound = bind(&address).unwrap();
        // The runtime refuses a descriptor that is no socket.
        let no_socket = OpenOptions::new()
            .write(true)
            .create_new(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(folder.path().join("file"))
            .unwrap();
        bound.listener = Listener::Tcp(TcpListener::from(OwnedFd::from(no_socket)));
        let mut server = StatusServer::new(Some(bound));
        let reports = watch::Sender::new(Arc::new(Report::example(Vec::new())));
        let begin = |server: &mut StatusServer| {
            server.subscribe(&reports);
            server.record_iteration();
        };
        assert_eq!(server.address(), Some(&address));
        begin(&mut server);
        while server.address().is_some() {
            thread::yield_now();
        }
        assert!(!path.exists(), "the file is removed");

        let change = Change::between(server.address(), Some(&address));
        assert!(matches!(change, Change::Replace(Some(_))), "{change:?}");
        server.adopt(change);
        begin(&mut server);
        assert_eq!(server.address(), Some(&address));
        assert!(path.exists());
    }

    /// The file stayed if the process ended before the thread.
    #[test]
    fn the_file_of_the_socket_is_removed_before_the_thread_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.sock");
        let bound = bind(&StatusAddr::Socket(path.clone())).unwrap();
        let server = Server::new(bound);
        let of_the_thread = Arc::clone(&server.file);
        drop(server);
        assert!(!path.exists());
        drop(of_the_thread);
    }

    #[test]
    fn an_address_in_conflict_with_the_own_one_is_no_other_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let [current, new] = ["127.0.0.1", "0.0.0.0"].map(|host| StatusAddr::Tcp {
            host: host.to_owned(),
            port,
        });
        let change = Change::between(Some(&current), Some(&new));
        let Change::Failed(error) = change else {
            panic!("{change:?}");
        };
        let expected = format!(
            "cannot listen on {new} for status_addr while this process listens on {current}; restart ctmpl to change the \
             address"
        );
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn another_spelling_of_the_path_keeps_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let [current, new] = ["s", "./s"].map(|name| {
            let path = folder.path().display();
            StatusAddr::Socket(format!("{path}/{name}").into())
        });
        let _bound = bind(&current).unwrap();
        let other = StatusAddr::Socket(folder.path().join("other"));
        let (current, new) = (Some(&current), Some(&new));
        assert!(matches!(Change::between(current, new), Change::Keep));
        let change = Change::between(current, Some(&other));
        assert!(matches!(change, Change::Replace(Some(_))));
    }
}
