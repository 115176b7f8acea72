//! Notifies systemd: ready, reloading, stopping, a status line, and the watchdog.
//!
//! Input: the published [`Report`], and the time.
//! Output: datagrams to `NOTIFY_SOCKET`, as `sd_notify(3)` describes; nothing without that variable.
//!
//! `Notices` and `Watchdog` decide what to send, without I/O. The crate `sd-notify` is no substitute for the socket:
//! its send blocks while the socket is full, and would stop the loop.

mod notices;
mod notify_socket;
mod status;
mod watchdog;

use std::io;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

use crate::report::Report;
use notices::Notices;
use notify_socket::NotifySocket;
use status::Status;
#[cfg(test)]
pub(crate) use status::status_line;
use watchdog::Watchdog;

/// Variables for this process alone: a child process that inherits them could send notifications in its name.
pub const VARIABLES: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "JOURNAL_STREAM",
];

/// The connection to systemd, if it has started this process and wants notifications.
#[derive(Debug)]
pub struct Systemd {
    socket: Option<NotifySocket>,
    /// `None` without a socket.
    reports: Option<watch::Receiver<Report>>,
    notices: Notices,
    watchdog: Option<Watchdog>,
}

impl Systemd {
    /// Connects as the environment says. An address that cannot be used is logged.
    pub fn from_environment(reports: &watch::Sender<Report>, now: Instant) -> Self {
        let text = |name| std::env::var(name).ok();
        let address = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty());
        let socket = address.and_then(|address| {
            let failed = |error: &io::Error| {
                let address = address.display();
                tracing::warn!(
                    name: "systemd.not_told", %error,
                    "cannot notify systemd at {address} (NOTIFY_SOCKET): {error}"
                );
            };
            NotifySocket::open(&address).inspect_err(failed).ok()
        });
        let watchdog = Watchdog::new(
            text("WATCHDOG_USEC").as_deref(),
            text("WATCHDOG_PID").as_deref(),
            now,
        );
        Self {
            reports: socket.is_some().then(|| reports.subscribe()),
            socket,
            notices: Notices::default(),
            watchdog,
        }
    }

    /// Sends the status of the latest report if it has changed, and the keep-alive message if it is due.
    pub fn notify(&mut self, now: Instant) {
        if let Some(reports) = &mut self.reports {
            let status = Status::of(&reports.borrow_and_update());
            self.notify_status(status, now);
        }
    }

    fn notify_status(&mut self, status: Status, now: Instant) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        socket.retry(now);
        if let Some(message) = self.notices.next(status, monotonic()) {
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

    /// When [`notify`](Self::notify) must be called even if nothing happens.
    pub fn next_wake(&self) -> Option<Instant> {
        let socket = self.socket.as_ref()?;
        let watchdog = self.watchdog.as_ref().map(Watchdog::next_wake);
        watchdog.into_iter().chain(socket.next_wake()).min()
    }
}

/// The clock that systemd compares with.
fn monotonic() -> Duration {
    // Every Linux has this clock.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::notify_socket::RETRY_INTERVAL;
    use super::*;
    use crate::report::Phase;

    fn status(phase: Phase, text: &str) -> Status {
        Status {
            phase,
            line: text.to_owned(),
        }
    }

    fn connected(address: &OsStr, watchdog: Option<Watchdog>) -> Systemd {
        Systemd {
            socket: Some(NotifySocket::open(address).unwrap()),
            reports: None,
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
        let name = format!("ctmpl-test-{}-{}", std::process::id(), fastrand::u64(..));
        let by_name =
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let now = Instant::now();
        for (address, socket) in [
            (path.into_os_string(), by_path),
            (format!("@{name}").into(), by_name),
        ] {
            let mut systemd = connected(&address, Watchdog::new(Some("20000000"), None, now));
            assert!(systemd.next_wake().is_some_and(|wake| wake <= now));
            systemd.notify_status(status(Phase::Ready, "well"), now);
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
        systemd.notify_status(status(Phase::Ready, "well"), now);
        assert_eq!(systemd.next_wake(), Some(now + RETRY_INTERVAL));
        assert!(received(&socket).iter().all(|message| message == "x"));
        systemd.notify_status(status(Phase::Ready, "well"), now + RETRY_INTERVAL);
        assert_eq!(received(&socket), ["READY=1\nSTATUS=well"]);
        assert_eq!(systemd.next_wake(), None);
        drop(socket);
        systemd.notify_status(status(Phase::Ending, "well"), now + RETRY_INTERVAL);
        assert_eq!(
            systemd.next_wake(),
            None,
            "a message without a receiver is dropped"
        );
    }

    #[test]
    fn without_a_socket_there_is_no_reader_of_reports() {
        let report = Report {
            phase: Phase::Ready,
            templates: Vec::new(),
            dependencies: crate::report::DependencyReport::default(),
            applies: crate::report::ApplyReport::default(),
            child: None,
        };
        let reports = watch::Sender::new(report);
        let mut systemd = Systemd {
            socket: None,
            reports: None,
            notices: Notices::default(),
            watchdog: None,
        };
        systemd.notify(Instant::now());
        assert_eq!(systemd.next_wake(), None);
        assert_eq!(reports.receiver_count(), 0);
    }
}
