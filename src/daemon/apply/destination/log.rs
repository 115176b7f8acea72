//! Failed writes, and the log messages of a destination.

use ctmpl_options::config::resolved::{Mode, OnError};
use error_line::chain;
use file_writer::WriteError;
use group_apply::change::Effect;
use group_apply::debts::RETRY;

use super::{Destination, MAX_RETRY_WAIT};
use crate::daemon::apply::pending::WriteFailure;
use crate::daemon::apply::remedy::remedy;
use crate::daemon::event::Moment;

impl Destination {
    pub(super) fn log_success(&self, effect: Effect) {
        let (template, destination) = self.names();
        if effect == Effect::Written {
            tracing::info!(name: "file.written", template, destination, "{template} is written to {destination}");
        } else {
            tracing::debug!(
                name: "file.unchanged", template, destination,
                "{template} is unchanged in {destination}"
            );
        }
    }

    /// Delays the write, because another file of the group could not be written.
    pub(super) fn defer(&mut self, now: Moment) {
        self.failure.get_or_insert_with(|| WriteFailure {
            count: 1,
            text: String::new(),
            retry: now.instant + RETRY.pause(1, now.jitter),
        });
    }

    pub(super) fn failed(&mut self, error: &WriteError, now: Moment) {
        let before = self.failure.take();
        let count = before
            .as_ref()
            .map_or(1, |failure| failure.count.saturating_add(1));
        let wait = RETRY.pause(count, now.jitter).min(MAX_RETRY_WAIT);
        let remedy = remedy(error).map_or(String::new(), |remedy| format!("; {remedy}"));
        // A requested hold is refused, not repeated.
        let again = if self.has_hold_request() {
            String::new()
        } else {
            format!("; {}", self.repetition())
        };
        let text = format!("{}{remedy}{again}", chain(error));
        if before.is_none_or(|failure| failure.text != text) {
            let (template, destination) = self.names();
            tracing::error!(name: "file.failed", template, destination, "{text}");
        }
        self.failure = Some(WriteFailure {
            count,
            text,
            retry: now.instant + wait,
        });
    }

    /// What follows a failed write.
    pub(super) fn repetition(&self) -> &'static str {
        match (self.mode, self.job.on_error) {
            (Mode::Once { .. }, _) => "it is not retried with --once",
            (Mode::Daemon, OnError::Fatal) => "it is not retried, because error_fatal is true",
            (Mode::Daemon, OnError::Default | OnError::Logged) => "it is retried until it succeeds",
        }
    }

    /// The names of template and destination in log lines.
    pub(super) fn names(&self) -> (String, String) {
        let template = self.job.source.name();
        let destination = self.job.destination.as_ref().map_or_else(
            || "standard output".to_owned(),
            |path| path.display().to_string(),
        );
        (template, destination)
    }
}
