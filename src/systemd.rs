//! Notifies systemd: ready, reloading, stopping, a status line, and the watchdog.
//!
//! Input: the published [`Report`], and the time. Output: datagrams to `NOTIFY_SOCKET`, by the
//! crate `systemd-notifier`; none without that variable.

mod status;

use std::sync::Arc;
use std::time::Instant;

use systemd_notifier::{Notifier, State};
use tokio::sync::watch;

use crate::report::{Phase, Report};
use error_line::chain;
pub(crate) use status::status_line;

/// The connection to systemd, if systemd has started this process and expects notifications.
#[derive(Debug)]
pub struct Systemd {
    notifier: Notifier,
    /// The reports; `None` without a connection.
    reports: Option<watch::Receiver<Arc<Report>>>,
}

impl Systemd {
    /// Connects to the socket in the environment. An unusable address is logged.
    pub fn from_environment(reports: &watch::Sender<Arc<Report>>, now: Instant) -> Self {
        let notifier = Notifier::from_environment(now).unwrap_or_else(|failure| {
            let (message, error) = (chain(&failure), failure.source);
            tracing::warn!(name: "systemd.not_told", %error, "{message}");
            Notifier::default()
        });
        Self::new(notifier, reports)
    }

    fn new(notifier: Notifier, reports: &watch::Sender<Arc<Report>>) -> Self {
        Self {
            reports: notifier.is_connected().then(|| reports.subscribe()),
            notifier,
        }
    }

    /// Sends the state of the latest report if it has changed, and the watchdog message if it is due.
    pub fn notify(&mut self, now: Instant) {
        if let Some(reports) = &mut self.reports {
            let (state, line) = {
                let report = reports.borrow_and_update();
                (state(report.phase), status_line(&report))
            };
            self.notifier.notify(state, &line, now);
        }
    }

    /// The time at which [`notify`](Self::notify) must be called even without an event.
    pub fn next_wake(&self) -> Option<Instant> {
        self.notifier.next_wake()
    }
}

/// Converts a phase to systemd's state. `Starting` after a reload means that new templates wait for
/// data while the daemon serves the others; the notifier then treats it as ready.
fn state(phase: Phase) -> State {
    match phase {
        Phase::Starting => State::Starting,
        Phase::Ready => State::Ready,
        Phase::Reloading => State::Reloading,
        Phase::Ending => State::Stopping,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_socket_there_is_no_reader_of_reports() {
        let report = Report {
            phase: Phase::Ready,
            templates: Vec::new(),
            dependencies: crate::report::DependencyReport::default(),
            applies: crate::report::ApplyReport::default(),
            child: None,
        };
        let reports = watch::Sender::new(Arc::new(report));
        let mut systemd = Systemd::new(Notifier::default(), &reports);
        systemd.notify(Instant::now());
        assert_eq!(systemd.next_wake(), None);
        assert_eq!(reports.receiver_count(), 0);
    }
}
