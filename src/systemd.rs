//! Notifies systemd: ready, reloading, ending, and alive.
//!
//! Input: the published [`Report`], and the time. Output: datagrams to `NOTIFY_SOCKET`, as in `sd_notify(3)`; without a
//! socket, nothing.
//!
//! [`Notices`] and [`Watchdog`] decide what is sent, without I/O. A socket that is full is retried, and delays nothing.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

use crate::report::{Phase, Report, TemplateReport, TemplateState};

/// Variables that are not passed to children: they must not notify systemd on our behalf.
pub const VARIABLES: [&str; 4] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "JOURNAL_STREAM",
];

/// The wait before a message that the socket had no room for is sent again.
const AGAIN: Duration = Duration::from_secs(1);
/// The most messages that wait for room.
const MOST_UNSENT: usize = 16;

/// What systemd shows of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Status {
    phase: Phase,
    /// The status line.
    line: String,
}

impl Status {
    fn of(report: &Report) -> Self {
        Self {
            phase: report.phase,
            line: status_line(report),
        }
    }
}

/// One line for people, which changes only with failures and phases.
pub(crate) fn status_line(report: &Report) -> String {
    let mut items = Vec::new();
    match report.phase {
        Phase::Ending => items.push("ending".to_owned()),
        Phase::Reloading => items.push("reloading".to_owned()),
        Phase::Starting | Phase::Ready => {}
    }
    let before = items.len();
    if report.dependencies.is_outage {
        items.push("Consul does not answer (retrying)".to_owned());
    }
    match report.dependencies.failing {
        0 => {}
        1 => items.push("1 query fails".to_owned()),
        count => items.push(format!("{count} queries fail")),
    }
    let templates = &report.templates;
    let mut failing = templates
        .iter()
        .filter(|template| template.state == TemplateState::Failed);
    if let Some(TemplateReport { name, .. }) = failing.next() {
        items.push(match failing.count() {
            0 => format!("{name} fails"),
            more => format!("{name} and {more} more fail"),
        });
    }
    if let Some(command) = report.applies.failing_commands.first() {
        items.push(format!("command {command} failed (retrying)"));
    }
    let count = templates.len();
    let noun = if count == 1 { "template" } else { "templates" };
    items.push(if report.phase == Phase::Starting {
        let is_written = |template: &&TemplateReport| template.is_written;
        let written = templates.iter().filter(is_written).count();
        format!("{written} of {count} {noun} written")
    } else if items.len() == before {
        format!("{count} {noun} up to date")
    } else {
        format!("{count} {noun} written")
    });
    items.join("; ")
}

/// The last message, and so the news for the next one.
#[derive(Debug, Default)]
struct Notices {
    told: Option<Status>,
}

impl Notices {
    /// The message, if there is news. `monotonic` is the time on the clock of that name.
    fn about(&mut self, mut status: Status, monotonic: Duration) -> Option<String> {
        if status.phase == Phase::Starting
            && self
                .told
                .as_ref()
                .is_some_and(|told| told.phase != Phase::Starting)
        {
            // A reload brought templates that wait for data; the others are served.
            status.phase = Phase::Ready;
        }
        let before = self.told.as_ref();
        let phase = before.map_or(Phase::Starting, |told| told.phase);
        let mut lines = Vec::new();
        match status.phase {
            same if same == phase => {}
            Phase::Starting => {}
            Phase::Ready => lines.push("READY=1".to_owned()),
            Phase::Reloading => {
                lines.push("RELOADING=1".to_owned());
                lines.push(format!("MONOTONIC_USEC={}", monotonic.as_micros()));
            }
            Phase::Ending => lines.push("STOPPING=1".to_owned()),
        }
        if before.is_none_or(|told| told.line != status.line) {
            let one_line: String = status
                .line
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .collect();
            lines.push(format!("STATUS={one_line}"));
        }
        self.told = Some(status);
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// When to tell systemd that the loop still turns.
#[derive(Debug)]
struct Watchdog {
    /// Half of systemd's limit.
    pace: Duration,
    due: Instant,
}

impl Watchdog {
    /// Creates a watchdog from systemd's limit, if it is meant for this process.
    fn of(microseconds: Option<&str>, process: Option<&str>, now: Instant) -> Option<Self> {
        let meant = process.is_none_or(|id| id.parse() == Ok(std::process::id()));
        let pace = Duration::from_micros(microseconds?.parse().ok()?) / 2;
        (meant && !pace.is_zero()).then_some(Self { pace, due: now })
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + self.pace;
        }
        due
    }
}

/// The connection to systemd, if it has started this process and wants to be notified.
#[derive(Debug)]
pub struct Systemd {
    link: Option<Link>,
    /// `None` without a link.
    reports: Option<watch::Receiver<Report>>,
    notices: Notices,
    watchdog: Option<Watchdog>,
}

#[derive(Debug)]
struct Link {
    socket: UnixDatagram,
    address: SocketAddr,
    /// The messages that there was no room for, and when they are sent again.
    unsent: VecDeque<String>,
    again: Option<Instant>,
}

impl Systemd {
    /// Connects as the environment of the process requires. An address that cannot be used is logged.
    pub fn here(reports: &watch::Sender<Report>, now: Instant) -> Self {
        let text = |name| std::env::var(name).ok();
        let address = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty());
        let link = address.and_then(|address| {
            let refused = |error: &io::Error| {
                let address = address.display();
                tracing::warn!(
                    name: "systemd.not_told", %error,
                    "cannot notify systemd at {address} (NOTIFY_SOCKET): {error}"
                );
            };
            Link::to(&address).inspect_err(refused).ok()
        });
        let watchdog = Watchdog::of(
            text("WATCHDOG_USEC").as_deref(),
            text("WATCHDOG_PID").as_deref(),
            now,
        );
        Self {
            reports: link.is_some().then(|| reports.subscribe()),
            link,
            notices: Notices::default(),
            watchdog,
        }
    }

    /// Notifies systemd of the latest report, if it is news, and of the turning loop, if it is time.
    pub fn tell(&mut self, now: Instant) {
        if let Some(reports) = &mut self.reports {
            let status = Status::of(&reports.borrow_and_update());
            self.tell_status(status, now);
        }
    }

    fn tell_status(&mut self, status: Status, now: Instant) {
        let Some(link) = &mut self.link else { return };
        if link.again.is_some_and(|again| now >= again) {
            link.send_unsent(now);
        }
        if let Some(message) = self.notices.about(status, monotonic()) {
            link.send(message, now);
        }
        if self
            .watchdog
            .as_mut()
            .is_some_and(|watchdog| watchdog.is_due(now))
        {
            link.send("WATCHDOG=1".to_owned(), now);
        }
    }

    /// When [`tell`](Self::tell) is to be called, even if nothing happens.
    pub fn next_wake(&self) -> Option<Instant> {
        let link = self.link.as_ref()?;
        self.watchdog
            .as_ref()
            .map(|watchdog| watchdog.due)
            .into_iter()
            .chain(link.again)
            .min()
    }
}

impl Link {
    fn to(address: &OsStr) -> io::Result<Self> {
        let address = match address.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            address,
            unsent: VecDeque::new(),
            again: None,
        })
    }

    fn send(&mut self, message: String, now: Instant) {
        if self.unsent.len() >= MOST_UNSENT {
            return;
        }
        self.unsent.push_back(message);
        if self.again.is_none() {
            self.send_unsent(now);
        }
    }

    fn send_unsent(&mut self, now: Instant) {
        self.again = None;
        while let Some(message) = self.unsent.front() {
            match self.socket.send_to_addr(message.as_bytes(), &self.address) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.again = Some(now + AGAIN);
                    return;
                }
                // There is no listener: systemd is being replaced, or was never there.
                Ok(_) | Err(_) => drop(self.unsent.pop_front()),
            }
        }
    }
}

/// The clock that systemd compares with.
fn monotonic() -> Duration {
    // Every Linux has this clock.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(phase: Phase, line: &str) -> Status {
        Status {
            phase,
            line: line.to_owned(),
        }
    }

    fn linked(address: &OsStr, watchdog: Option<Watchdog>) -> Systemd {
        Systemd {
            link: Some(Link::to(address).unwrap()),
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
    fn each_phase_is_told_once_and_each_status() {
        let mut notices = Notices::default();
        let clock = Duration::from_micros(42);
        for (phase, line, expected) in [
            (Phase::Starting, "0 of 1", Some("STATUS=0 of 1")),
            (Phase::Starting, "0 of 1", None),
            (
                Phase::Ready,
                "1\nREADY=0",
                Some("READY=1\nSTATUS=1 READY=0"),
            ),
            (Phase::Ready, "1\nREADY=0", None),
            (Phase::Ready, "trouble", Some("STATUS=trouble")),
            (
                Phase::Reloading,
                "trouble",
                Some("RELOADING=1\nMONOTONIC_USEC=42"),
            ),
            (Phase::Reloading, "trouble", None),
            (Phase::Ready, "1", Some("READY=1\nSTATUS=1")),
            (Phase::Ending, "1", Some("STOPPING=1")),
            (Phase::Ending, "1", None),
        ] {
            assert_eq!(
                notices.about(status(phase, line), clock).as_deref(),
                expected,
                "{phase:?} {line}"
            );
        }
    }

    #[test]
    fn the_watchdog_is_fed_at_half_its_time() {
        let now = Instant::now();
        let own = std::process::id().to_string();
        let mut watchdog =
            Watchdog::of(Some("2000000"), Some(&own), now).expect("it is meant for us");
        assert!(watchdog.is_due(now) && !watchdog.is_due(now));
        assert!(!watchdog.is_due(now + Duration::from_millis(999)));
        assert!(watchdog.is_due(now + Duration::from_secs(1)));
        for (microseconds, process) in [
            (None, None),
            (Some("0"), None),
            (Some("x"), None),
            (Some("2000000"), Some("1")),
        ] {
            assert!(
                Watchdog::of(microseconds, process, now).is_none(),
                "{microseconds:?} {process:?}"
            );
        }
    }

    #[test]
    fn a_socket_is_told_by_path_and_by_abstract_name() {
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
            let mut systemd = linked(&address, Watchdog::of(Some("20000000"), None, now));
            assert!(systemd.next_wake().is_some_and(|wake| wake <= now));
            systemd.tell_status(status(Phase::Ready, "well"), now);
            assert_eq!(received(&socket), ["READY=1\nSTATUS=well", "WATCHDOG=1"]);
            assert_eq!(systemd.next_wake(), Some(now + Duration::from_secs(10)));
        }
    }

    #[test]
    fn a_message_without_room_is_sent_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        filler.set_nonblocking(true).unwrap();
        while filler.send_to(b"x", &path).is_ok() {}
        let (mut systemd, now) = (linked(path.as_os_str(), None), Instant::now());
        systemd.tell_status(status(Phase::Ready, "well"), now);
        assert_eq!(systemd.next_wake(), Some(now + AGAIN));
        assert!(received(&socket).iter().all(|message| message == "x"));
        systemd.tell_status(status(Phase::Ready, "well"), now + AGAIN);
        assert_eq!(received(&socket), ["READY=1\nSTATUS=well"]);
        assert_eq!(systemd.next_wake(), None);
        drop(socket);
        systemd.tell_status(status(Phase::Ending, "well"), now + AGAIN);
        assert_eq!(systemd.next_wake(), None, "nobody is there to be told");
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
            link: None,
            reports: None,
            notices: Notices::default(),
            watchdog: None,
        };
        systemd.tell(Instant::now());
        assert_eq!(systemd.next_wake(), None);
        assert_eq!(reports.receiver_count(), 0);
    }
}
