//! Owed reload commands and their verification: starts them in order, and retries failed ones.
//!
//! Input: files that were written, the time, the end of a command. Output: the commands to run now.
//!
//! The commands of groups without a name run one after another, in the order of their templates,
//! because one may depend on an earlier one. In the daemon, a command that takes long delays no
//! others. Named groups neither wait nor are waited for.

mod failure;
mod messages;
mod phase;
mod queue;
mod transfer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use process_tree::Finished;

pub(super) use self::messages::shown_output;
use self::messages::{FailedRun, name, unfinished};
use self::phase::RunPhase;
use self::queue::{Hold, Queue};
#[cfg(test)]
pub(crate) use self::queue::{ORDER_WINDOW, STARTUP_BATCH_WINDOW};
pub(super) use self::transfer::{transfers, warn_of_dropped};
use crate::command::CommandFailure;
use crate::daemon::event::{Action, Moment, VerifyFailure};
use ctmpl_options::config::resolved::Mode;
use error_line::chain;
use group_apply::budget::DiffSize;
use group_apply::debts::{Debts, Division};
use group_apply::options::{GroupConfig, GroupKey};

/// The owed commands, and the running ones.
#[derive(Debug)]
pub(super) struct Commands {
    mode: Mode,
    begun: Instant,
    debts: Debts,
    runs: Vec<Run>,
    /// The time at which a command that is held may start; `None`: after an event, or none is held.
    held_until: Option<Instant>,
    /// The time of the last decision.
    decided: Instant,
    failures: FinalFailures,
    /// The number of runs of commands that have succeeded.
    succeeded: u64,
}

/// A command or a verification in progress.
#[derive(Debug)]
struct Run {
    group: Arc<GroupConfig>,
    phase: RunPhase,
    begun: Instant,
}

/// Failures that are not retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FinalFailures {
    None,
    /// A failure in `-once`.
    Some,
    /// A failure of a group that ends the process.
    Fatal,
}

/// The consequence of a command or a verification that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// Nothing: it was not expected.
    None,
    /// The effect of the command is verified.
    Verify(Arc<GroupConfig>),
    /// The command and its verification have succeeded.
    Succeeded,
    /// One of them has failed. It is repeated, or final in `-once`.
    Failed {
        /// `true` if files of the group were written meanwhile, for which another run is owed.
        is_rewritten: bool,
    },
    /// One of them has failed, and a new configuration has no command for its files any more.
    Dropped(Arc<GroupConfig>),
    /// One of them has failed, and other groups owe the command for its files.
    Inherited,
    /// One of them has failed, in this phase, and the files of the group are restored.
    RollBack(RunPhase),
}

impl Commands {
    /// Creates a queue without owed commands.
    pub(super) fn new(mode: Mode, begun: Instant) -> Self {
        Self {
            mode,
            begun,
            debts: Debts::default(),
            runs: Vec::new(),
            held_until: None,
            decided: begun,
            failures: FinalFailures::None,
            succeeded: 0,
        }
    }

    /// The owed commands.
    pub(super) fn debts(&self) -> &Debts {
        &self.debts
    }

    /// The number of runs of commands that have succeeded.
    pub(super) fn succeeded(&self) -> u64 {
        self.succeeded
    }

    /// Returns `true` while a command or a verification runs.
    pub(super) fn is_running(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Returns `true` if a command failed that is not retried.
    pub(super) fn has_failed(&self) -> bool {
        self.failures != FinalFailures::None
    }

    /// Returns `true` if a command failed whose failure ends the process.
    pub(super) fn has_failed_fatally(&self) -> bool {
        self.failures == FinalFailures::Fatal
    }

    /// Records that files of a group were written. `rank` orders the commands.
    pub(super) fn owe<P: Into<PathBuf>>(
        &mut self,
        group: &Arc<GroupConfig>,
        rank: usize,
        destinations: Vec<P>,
        now: Instant,
    ) {
        self.debts.owe(group, rank, destinations, now);
    }

    /// Adds the size of a change, for the message about a failure.
    pub(super) fn changed(&mut self, key: &GroupKey, size: DiffSize) {
        self.debts.changed(key, size);
    }

    /// Logs each command that is owed, with its files, because the process ends.
    pub(super) fn warn_of_owed(&self) {
        let mut owed: Vec<(&GroupConfig, Vec<String>)> = Vec::new();
        for (file, group) in self.debts.unapplied() {
            let file = file.display().to_string();
            match owed.iter_mut().find(|(known, _)| known.key == group.key) {
                Some((_, files)) => files.push(file),
                None => owed.push((group, vec![file])),
            }
        }
        for (group, files) in owed {
            let (line, files) = (name(group), files.join(", "));
            let mut runs = self.runs.iter();
            let run = runs.find(|run| run.group.key == group.key);
            let unfinished = unfinished(group, run.map(|run| run.phase));
            tracing::warn!(
                name: "command.owed", command = line, files,
                "ctmpl ends, but {unfinished} has not succeeded since these files were written: {files}"
            );
        }
    }

    /// Retries failed commands without further delay.
    pub(super) fn retry_now(&mut self, now: Instant) {
        self.debts.retry_now(now);
    }

    /// Handles a group that has another key in a new configuration.
    pub(super) fn succeed(&mut self, before: &GroupConfig, group: &GroupConfig, now: Instant) {
        self.debts.succeed(before, group, now);
    }

    /// Adopts a new configuration. `group_of` returns the group of a file with its rank. Returns what is recorded about
    /// the files whose command another group owes now, or none.
    pub(super) fn renew(
        &mut self,
        now: Instant,
        group_of: impl Fn(&Path) -> Option<(Arc<GroupConfig>, usize)>,
    ) -> Vec<Action> {
        let divisions = self.debts.renew(now, group_of);
        let divisions = divisions.iter();
        transfers(divisions.map(|Division { group, heirs }| (&**group, heirs.clone())))
    }

    /// Handles the end of a command. `restores`: the files of its group can be restored. Returns what follows.
    pub(super) fn ended(
        &mut self,
        key: &GroupKey,
        ended: &Result<Finished, CommandFailure>,
        restores: bool,
        now: Moment,
    ) -> Consequence {
        let Some(at) = self.runs.iter().position(|run| run.group.key == *key) else {
            return Consequence::None;
        };
        let group = Arc::clone(&self.runs[at].group);
        let line = name(&group);
        match ended {
            Ok(Finished { took, .. }) => {
                self.succeeded += 1;
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(
                    name: "command.succeeded", command = line, milliseconds,
                    "command {line} succeeded after {milliseconds} ms"
                );
                if group.verify.is_some() {
                    self.runs[at].phase = RunPhase::Verification;
                    self.runs[at].begun = now.instant;
                    return Consequence::Verify(group);
                }
                self.end_run(at, true, now);
                Consequence::Succeeded
            }
            Err(failure) => self.failed(at, restores, now, |run| {
                let FailedRun { again, outcome, milliseconds, removed, added } = run;
                let error = chain(&failure.error);
                let (output, shown) = shown_output(&failure.last_lines);
                tracing::error!(
                    name: "command.failed", command = line, error, output, removed, added, outcome, milliseconds,
                    "{error}{again}{shown}"
                );
            }),
        }
    }

    /// Handles the end of a verification, like [`ended`](Self::ended).
    pub(super) fn verified(
        &mut self,
        key: &GroupKey,
        verified: &Result<Duration, VerifyFailure>,
        restores: bool,
        now: Moment,
    ) -> Consequence {
        let Some(at) = self.runs.iter().position(|run| run.group.key == *key) else {
            return Consequence::None;
        };
        match verified {
            Ok(took) => {
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                tracing::info!(
                    name: "verify.succeeded", group = %key, milliseconds,
                    "{key}: verified after {milliseconds} ms"
                );
                self.end_run(at, true, now);
                Consequence::Succeeded
            }
            Err(failure) => self.failed(at, restores, now, |run| {
                let FailedRun { again, outcome, milliseconds, removed, added } = run;
                let error = &failure.error;
                let (output, shown) = shown_output(&failure.last_lines);
                tracing::error!(
                    name: "verify.failed", group = %key, error, output, removed, added, outcome, milliseconds,
                    "{key}: the verification failed: {error}{again}{shown}"
                );
            }),
        }
    }

    fn end_run(&mut self, at: usize, succeeded: bool, now: Moment) {
        let run = self.runs.remove(at);
        self.debts
            .finished(&run.group.key, succeeded, now.instant, now.jitter);
    }

    /// Returns the commands to run now and marks them as running. `is_ending`: the process is
    /// shutting down. `waits` returns `true` if the first write of a template of this group is
    /// outstanding, `is_changing` if it applies files that its command must not run with.
    pub(super) fn start(
        &mut self,
        is_ending: bool,
        waits: impl Fn(&GroupConfig) -> bool,
        is_changing: impl Fn(&GroupConfig) -> bool,
        now: Instant,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        loop {
            let queue = self.queue(is_ending, now);
            let is_held =
                |group: &GroupConfig| is_changing(group) || queue.hold(group, &waits).is_some();
            let started = if is_ending {
                self.debts.start_last(now, is_held)
            } else {
                self.debts.start_next(now, is_held)
            };
            let Some(group) = started else { break };
            let (phase, action) = match &group.command {
                Some(command) => {
                    let line = &command.line;
                    tracing::debug!(name: "command.started", command = %line, "command {line} starts");
                    (RunPhase::Command, Action::Run(Arc::clone(&group)))
                }
                None => (RunPhase::Verification, Action::Verify(Arc::clone(&group))),
            };
            actions.push(action);
            self.runs.push(Run {
                group,
                phase,
                begun: now,
            });
        }
        let queue = self.queue(is_ending, now);
        let due = self.debts.due().filter(|(_, due)| *due <= now);
        let held = due.filter_map(|(group, _)| queue.hold(group, &waits));
        self.held_until = held.filter_map(Hold::until).min();
        self.decided = now;
        actions
    }

    /// Returns what delays due commands now.
    fn queue(&self, is_ending: bool, now: Instant) -> Queue {
        let is_ahead = |run: &&Run| !run.group.key.is_named() && run.phase == RunPhase::Command;
        let ahead = self.runs.iter().filter(is_ahead).map(|run| run.begun);
        let begun = (!is_ending).then_some(self.begun);
        Queue::new(self.mode, begun, ahead, now)
    }

    /// The time at which a command may become due.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let ahead = self.debts.due().map(|(_, due)| due);
        let ahead = ahead.filter(|due| *due > self.decided);
        ahead.chain(self.held_until).min()
    }
}
