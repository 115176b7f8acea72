//! The connection to systemd.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::notices::{Notices, State};
use crate::notify_socket::NotifySocket;
use crate::watchdog::Watchdog;

/// The environment variables for the service itself. A child process that inherits them could send
/// notifications in its name.
pub const VARIABLES: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "JOURNAL_STREAM",
];

/// The error for an address that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot notify systemd at {} (NOTIFY_SOCKET)", address.display())]
pub struct ConnectError {
    /// The address.
    pub address: OsString,
    /// The cause.
    pub source: io::Error,
}

/// The connection to systemd. By default, it is not connected.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<NotifySocket>,
    notices: Notices,
    watchdog: Option<Watchdog>,
}

impl Notifier {
    /// Connects to the address in the environment. Without `NOTIFY_SOCKET`, the result is not
    /// connected.
    ///
    /// # Errors
    /// [`ConnectError`] if the address cannot be used.
    pub fn from_environment(now: Instant) -> Result<Self, ConnectError> {
        let text = |name| std::env::var(name).ok();
        let address = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty());
        let open = |address: OsString| {
            NotifySocket::open(&address).map_err(|source| ConnectError { address, source })
        };
        let watchdog = Watchdog::new(
            text("WATCHDOG_USEC").as_deref(),
            text("WATCHDOG_PID").as_deref(),
            now,
        );
        Ok(Self {
            socket: address.map(open).transpose()?,
            notices: Notices::default(),
            watchdog,
        })
    }

    /// Returns `true` if there is a connection, so that notifications are sent.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// Sends the state and the status line if they changed, and a keep-alive message if it is due.
    pub fn notify(&mut self, state: State, status: &str, now: Instant) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        socket.retry(now);
        if let Some(message) = self.notices.next(state, status, monotonic()) {
            socket.send(message, now);
        }
        if self
            .watchdog
            .as_mut()
            .is_some_and(|watchdog| watchdog.is_due(now))
        {
            socket.send("WATCHDOG=1".to_owned(), now);
        }
    }

    /// Returns the time at which [`notify`](Self::notify) must be called, even without an event.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let socket = self.socket.as_ref()?;
        let watchdog = self.watchdog.as_ref().map(Watchdog::next_wake);
        watchdog.into_iter().chain(socket.next_wake()).min()
    }
}

/// Returns the time of the clock that systemd compares with.
fn monotonic() -> Duration {
    // Every Linux kernel has this clock.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::*;
    use crate::notify_socket::RETRY_INTERVAL;

    fn connected(address: &OsStr, watchdog: Option<Watchdog>) -> Notifier {
        Notifier {
            socket: Some(NotifySocket::open(address).unwrap()),
            notices: Notices::default(),
            watchdog,
        }
    }

    fn received(socket: &UnixDatagram) -> Vec<String> {
        socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 4096];
        let next = || {
            socket
                .recv(&mut buffer)
                .ok()
                .map(|length| String::from_utf8_lossy(&buffer[..length]).into_owned())
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn notifications_go_to_a_path_or_an_abstract_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        let name = format!("notifier-{}-{}", std::process::id(), fastrand::u64(..));
        let by_name =
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let now = Instant::now();
        for (address, socket) in [
            (path.into_os_string(), by_path),
            (format!("@{name}").into(), by_name),
        ] {
            let mut systemd = connected(&address, Watchdog::new(Some("20000000"), None, now));
            assert!(systemd.next_wake().is_some_and(|wake| wake <= now));
            systemd.notify(State::Ready, "well", now);
            assert_eq!(received(&socket), ["READY=1\nSTATUS=well", "WATCHDOG=1"]);
            assert_eq!(systemd.next_wake(), Some(now + Duration::from_secs(10)));
        }
    }

    #[test]
    fn a_message_that_does_not_fit_is_sent_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        filler.set_nonblocking(true).unwrap();
        while filler.send_to(b"x", &path).is_ok() {}
        let (mut systemd, now) = (connected(path.as_os_str(), None), Instant::now());
        systemd.notify(State::Ready, "well", now);
        assert_eq!(systemd.next_wake(), Some(now + RETRY_INTERVAL));
        assert!(received(&socket).iter().all(|message| message == "x"));
        systemd.notify(State::Ready, "well", now + RETRY_INTERVAL);
        assert_eq!(received(&socket), ["READY=1\nSTATUS=well"]);
        assert_eq!(systemd.next_wake(), None);
        drop(socket);
        systemd.notify(State::Stopping, "well", now + RETRY_INTERVAL);
        assert_eq!(
            systemd.next_wake(),
            None,
            "a message without a receiver is dropped"
        );
    }

    #[test]
    fn the_default_is_not_connected_and_sends_nothing() {
        let mut systemd = Notifier::default();
        systemd.notify(State::Ready, "well", Instant::now());
        assert_eq!((systemd.is_connected(), systemd.next_wake()), (false, None));
    }
}
