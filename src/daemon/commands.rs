//! The commands that are owed: one after another, and again after a failure.
//!
//! in:  the time, and how a command ended
//! out: the command to run now, and when to look again

use std::time::{Duration, Instant};

use super::event::{Action, Moment};
use super::state::{State, chain, wake_at};
use crate::apply::ledger::COMMAND_COOLDOWN;
use crate::command::{CommandError, Finished};
use crate::config::resolved::CommandLine;

/// Templates with the same command that get their data a moment apart share one run of it: at the start, the command
/// waits this long for those that have nothing yet.
pub(super) const STARTUP_BATCH_WINDOW: Duration = Duration::from_secs(1);

impl State {
    pub(super) fn command_ended(
        &mut self,
        line: &CommandLine,
        ended: Result<Finished, CommandError>,
        now: Moment,
    ) {
        self.running = self.running.saturating_sub(1);
        match ended {
            Ok(Finished { took, .. }) => {
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(
                    name: "command.succeeded", command = %line, milliseconds,
                    "command {line} succeeded after {milliseconds} ms"
                );
                self.ledger.finished(line, true, now.instant, 0.0);
            }
            Err(error) if self.is_once() => {
                let error = chain(&error);
                tracing::error!(name: "command.failed", command = %line, error, "{error}");
                self.command_failed = true;
                self.ledger.finished(line, true, now.instant, 0.0);
            }
            Err(error) => {
                let retry = self
                    .ledger
                    .finished(line, false, now.instant, fastrand::f64());
                let again = retry.map_or(String::new(), |retry| {
                    format!("; runs again in {:.1} s", retry.after.as_secs_f64())
                });
                let error = chain(&error);
                tracing::error!(name: "command.failed", command = %line, error, "{error}{again}");
            }
        }
    }

    pub(super) fn run_commands(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.writing {
            // All files of a pass, then its commands.
            return;
        }
        if self.running > 0 {
            // One after another, in the order of the templates: a command may count on the one before it.
            return;
        }
        // At the end nobody waits for the end of a rest.
        let by = if self.ending.is_some() {
            now + COMMAND_COOLDOWN
        } else {
            now
        };
        let company_until = if self.is_once() {
            None
        } else {
            Some(self.begun + STARTUP_BATCH_WINDOW)
        };
        let in_company = self.ending.is_none() && company_until.is_none_or(|until| now < until);
        let held =
            |line: &CommandLine| in_company && self.jobs.iter().any(|job| job.waits_with(line));
        if let Some(command) = self.ledger.start_next(by, held) {
            self.running += 1;
            tracing::debug!(name: "command.started", command = %command.line, "command {} starts", command.line);
            actions.push(Action::Run(command));
        } else if let Some(due) = self.ledger.next_wake() {
            // What is due and yet did not start is held: for company, or until the run that renders once is over.
            let due = if due > now { Some(due) } else { company_until };
            if let Some(due) = due {
                wake_at(&mut self.wake, due);
            }
        }
    }
}
