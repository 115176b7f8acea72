//! Owed reload commands: runs them one after another and retries failed ones.
//!
//! Input: files that were written, the time, the end of a command. Output: the command to run now.

use std::path::Path;
use std::time::{Duration, Instant};

use process_tree::Finished;

use crate::apply::ledger::{COMMAND_COOLDOWN, Ledger};
use crate::command::CommandFailure;
use crate::config::resolved::{CommandConfig, CommandLine, Mode};
use crate::daemon::event::Moment;
use crate::error_chain::chain;

/// At startup, a command waits this long for templates with the same command that are not written
/// yet, so that they share one run.
pub(crate) const STARTUP_BATCH_WINDOW: Duration = Duration::from_secs(1);

/// The owed commands, and the state of the running one.
#[derive(Debug)]
pub(super) struct Commands {
    mode: Mode,
    begun: Instant,
    ledger: Ledger,
    run: Run,
    failures: FinalFailures,
    /// The number of runs that succeeded.
    succeeded: u64,
}

/// The state of execution. A command may depend on an earlier one, so only one runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// No command runs.
    Idle,
    /// A command is due, but waits for other templates until this time; `None`: until an event.
    Held { until: Option<Instant> },
    /// A command runs.
    Running,
}

/// Failures that are not retried, as in `-once`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FinalFailures {
    None,
    Some,
}

impl Commands {
    /// Creates a queue without owed commands.
    pub(super) fn new(mode: Mode, begun: Instant) -> Self {
        Self {
            mode,
            begun,
            ledger: Ledger::default(),
            run: Run::Idle,
            failures: FinalFailures::None,
            succeeded: 0,
        }
    }

    /// The ledger of owed commands.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The number of runs that succeeded.
    pub(super) fn succeeded(&self) -> u64 {
        self.succeeded
    }

    /// Returns `true` while a command runs.
    pub(super) fn is_running(&self) -> bool {
        self.run == Run::Running
    }

    /// Returns `true` if a command failed that is not retried.
    pub(super) fn has_failed(&self) -> bool {
        self.failures == FinalFailures::Some
    }

    /// Records that these files were written. `rank` orders the commands.
    pub(super) fn owe(
        &mut self,
        command: &CommandConfig,
        rank: usize,
        destinations: Vec<&Path>,
        now: Instant,
    ) {
        self.ledger.owe(command, rank, destinations, now);
    }

    /// Logs each command that is owed, with its files, because the process ends.
    pub(super) fn warn_of_owed(&self) {
        let mut owed: Vec<(&CommandLine, Vec<String>)> = Vec::new();
        for (file, command) in self.ledger.unapplied() {
            let (line, file) = (&command.line, file.display().to_string());
            match owed.iter_mut().find(|(known, _)| *known == line) {
                Some((_, files)) => files.push(file),
                None => owed.push((line, vec![file])),
            }
        }
        for (line, files) in owed {
            let files = files.join(", ");
            tracing::warn!(
                name: "command.owed", command = %line, files,
                "ctmpl ends, but `{line}` has not succeeded since these files were written: {files}"
            );
        }
    }

    /// Retries failed commands without further delay.
    pub(super) fn retry_now(&mut self, now: Instant) {
        self.ledger.retry_now(now);
    }

    /// Adopts a new configuration. `command_of` returns the command of a file with its rank.
    pub(super) fn renew(
        &mut self,
        now: Instant,
        command_of: impl Fn(&Path) -> Option<(CommandConfig, usize)>,
    ) {
        self.ledger.renew(now, command_of);
    }

    /// Handles the end of a command.
    pub(super) fn ended(
        &mut self,
        line: &CommandLine,
        ended: &Result<Finished, CommandFailure>,
        now: Moment,
    ) {
        self.run = Run::Idle;
        match ended {
            Ok(Finished { took, .. }) => {
                self.succeeded += 1;
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(
                    name: "command.succeeded", command = %line, milliseconds,
                    "command {line} succeeded after {milliseconds} ms"
                );
                self.ledger.finished(line, true, now.instant, now.jitter);
            }
            Err(failure) if self.mode == Mode::Daemon => {
                let retry = self.ledger.finished(line, false, now.instant, now.jitter);
                let again = retry.map_or(String::new(), |retry| {
                    format!("; runs again in {:.1} s", retry.after.as_secs_f64())
                });
                log_failure(line, failure, &again);
            }
            Err(failure) => {
                log_failure(line, failure, "");
                self.failures = FinalFailures::Some;
                self.ledger.finished(line, true, now.instant, now.jitter);
            }
        }
    }

    /// Returns the command to run now and marks it as running. `is_ending`: the process is shutting
    /// down. `waits` returns `true` if the first write of a template with this command is
    /// outstanding.
    pub(super) fn start_next(
        &mut self,
        is_ending: bool,
        waits: impl Fn(&CommandLine) -> bool,
        now: Instant,
    ) -> Option<CommandConfig> {
        if self.run == Run::Running {
            return None;
        }
        // During shutdown, a cooldown does not delay a command.
        let by = if is_ending {
            now + COMMAND_COOLDOWN
        } else {
            now
        };
        let batch_until = match self.mode {
            Mode::Daemon => Some(self.begun + STARTUP_BATCH_WINDOW),
            Mode::Once { .. } => None,
        };
        let is_starting = !is_ending && batch_until.is_none_or(|until| now < until);
        let started = self
            .ledger
            .start_next(by, |line| is_starting && waits(line));
        let is_held = self.ledger.next_wake().is_some_and(|due| due <= now);
        self.run = match started {
            Some(_) => Run::Running,
            None if is_held => Run::Held { until: batch_until },
            None => Run::Idle,
        };
        started.inspect(|command| {
            tracing::debug!(name: "command.started", command = %command.line, "command {} starts", command.line);
        })
    }

    /// The time at which a command may become due.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        match self.run {
            Run::Idle => self.ledger.next_wake(),
            Run::Held { until } => until,
            Run::Running => None,
        }
    }
}

/// Logs a failure with the last lines of output. `again`: the time of the next run, in words.
fn log_failure(line: &CommandLine, failure: &CommandFailure, again: &str) {
    let error = chain(&failure.error);
    let output = failure.last_lines.join("\n");
    let shown = if output.is_empty() {
        String::new()
    } else {
        format!("; the end of its output:\n{output}")
    };
    tracing::error!(name: "command.failed", command = %line, error, output, "{error}{again}{shown}");
}
