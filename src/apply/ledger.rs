//! Tracks the commands that are owed for written files, and decides when each may run.
//!
//! Input: files written ([`Ledger::owe`]), runs that ended ([`Ledger::finished`]), the time.
//! Output: the command to start now ([`Ledger::start_next`]), and the next wake-up ([`Ledger::next_wake`]).
//!
//! Each distinct command is one debt, and one run settles it for all its files. A debt remains until a run
//! that started after the last write has succeeded. A failed run is repeated with backoff, without a limit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::config::resolved::{CommandConfig, CommandLine};

/// The owed commands of the process.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// One debt per distinct command line.
    debts: Vec<Debt>,
    /// The end of the cooldown of each command.
    cooldowns: Vec<(CommandLine, Instant)>,
}

/// The backoff for failed commands and failed writes.
pub const RETRY: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(5 * 60),
    jitter: 0.5,
};

/// The minimum pause between two runs of a command.
///
/// A program may lose a reload request that arrives during a reload. HAProxy 2.6 does, and keeps
/// the old configuration. Changes during the cooldown are applied when it ends.
pub const COMMAND_COOLDOWN: Duration = Duration::from_millis(500);

/// A command that is owed or running.
#[derive(Clone, Debug)]
struct Debt {
    command: CommandConfig,
    /// The position of its first template, which orders the commands.
    rank: usize,
    /// The files written since the last run started; if empty, no further run is owed.
    waiting: BTreeSet<PathBuf>,
    /// The files that the current run covers; `None` if it is not running.
    running: Option<BTreeSet<PathBuf>>,
    /// The number of failures since the last success.
    failures: u32,
    /// The earliest time of the next run.
    due: Instant,
}

/// The repetition of a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The number of consecutive failures.
    pub failures: u32,
    /// The delay until the next run; short if a file was written during the run.
    pub after: Duration,
}

impl Debt {
    fn is_due(&self, now: Instant) -> bool {
        self.startable().is_some_and(|due| due <= now)
    }

    /// The time at which it may start; `None` if it is not owed, or is running.
    fn startable(&self) -> Option<Instant> {
        (self.running.is_none() && !self.waiting.is_empty()).then_some(self.due)
    }

    fn is_settled(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }
}

impl Ledger {
    /// Records that `destinations` were written, so that `command` is owed. `rank` orders the commands.
    ///
    /// The command is due when its [`COMMAND_COOLDOWN`] has ended, even if its last run failed,
    /// because the new content may fix it. If it is running, another run is owed afterwards.
    pub fn owe<P: Into<PathBuf>>(
        &mut self,
        command: &CommandConfig,
        rank: usize,
        destinations: impl IntoIterator<Item = P>,
        now: Instant,
    ) {
        let due = now.max(self.cooldown_end(&command.line).unwrap_or(now));
        let index = self.index_of(&command.line).unwrap_or_else(|| {
            let (waiting, running) = (BTreeSet::new(), None);
            self.debts.push(Debt {
                command: command.clone(),
                rank,
                waiting,
                running,
                failures: 0,
                due,
            });
            self.debts.len() - 1
        });
        let debt = &mut self.debts[index];
        debt.waiting
            .extend(destinations.into_iter().map(Into::into));
        debt.due = due;
    }

    /// Starts the due command with the lowest rank for which `held` returns `false`. It counts as
    /// running until [`Ledger::finished`].
    pub fn start_next(
        &mut self,
        now: Instant,
        held: impl Fn(&CommandLine) -> bool,
    ) -> Option<CommandConfig> {
        let due = self
            .debts
            .iter_mut()
            .filter(|debt| debt.is_due(now) && !held(&debt.command.line));
        let debt = due.min_by_key(|debt| debt.rank)?;
        debt.running = Some(std::mem::take(&mut debt.waiting));
        Some(debt.command.clone())
    }

    /// The commands whose last run failed.
    pub fn failing(&self) -> impl Iterator<Item = &CommandLine> {
        self.debts
            .iter()
            .filter(|debt| debt.failures > 0)
            .map(|debt| &debt.command.line)
    }

    /// Records the end of a run of `line`. After a failure its files are owed again, with a delay.
    /// `jitter` is a random number between 0 and 1, see [`Backoff::pause`].
    pub fn finished(
        &mut self,
        line: &CommandLine,
        succeeded: bool,
        now: Instant,
        jitter: f64,
    ) -> Option<Retry> {
        let index = self.index_of(line)?;
        let debt = &mut self.debts[index];
        let ran_for = debt.running.take()?;
        let cooldown_end = now + COMMAND_COOLDOWN;
        debt.due = cooldown_end;
        let retry = if succeeded {
            debt.failures = 0;
            None
        } else {
            debt.failures = debt.failures.saturating_add(1);
            // The backoff is for unchanged content; files written during the run are tried soon.
            let after = if debt.waiting.is_empty() {
                RETRY.pause(debt.failures, jitter)
            } else {
                COMMAND_COOLDOWN
            };
            debt.due = cooldown_end.max(now + after);
            debt.waiting.extend(ran_for);
            (!debt.waiting.is_empty()).then_some(Retry {
                failures: debt.failures,
                after,
            })
        };
        if debt.is_settled() {
            self.debts.remove(index);
        }
        self.cooldowns
            .retain(|(other, until)| other != line && *until > now);
        self.cooldowns.push((line.clone(), cooldown_end));
        retry
    }

    /// Adopts a new configuration: each waiting file now waits for the command that `command_of`
    /// returns. Files without a command are dropped. A current run continues, but is not repeated
    /// for files that no longer belong to it.
    pub fn renew(
        &mut self,
        now: Instant,
        command_of: impl Fn(&Path) -> Option<(CommandConfig, usize)>,
    ) {
        let mut moved = Vec::new();
        for debt in &mut self.debts {
            let mut stays = |path: &PathBuf| match command_of(path) {
                Some((command, rank)) if command.line == debt.command.line => {
                    (debt.command, debt.rank) = (command, rank);
                    true
                }
                Some((command, rank)) => {
                    moved.push((command, rank, path.clone()));
                    false
                }
                None => false,
            };
            debt.waiting.retain(&mut stays);
            if let Some(running) = &mut debt.running {
                running.retain(stays);
            }
        }
        self.debts.retain(|debt| !debt.is_settled());
        for (command, rank, path) in moved {
            self.owe(&command, rank, [path], now);
        }
    }

    /// Makes failed commands due at the end of their cooldown, after a reload by the user.
    pub fn retry_now(&mut self, now: Instant) {
        let cooldowns = &self.cooldowns;
        for debt in &mut self.debts {
            let cooldown_end = cooldowns
                .iter()
                .find(|(line, _)| *line == debt.command.line)
                .map_or(now, |(_, until)| *until);
            debt.due = debt.due.min(now.max(cooldown_end));
        }
    }

    /// The time at which the next command is due; it may be in the past.
    pub fn next_wake(&self) -> Option<Instant> {
        self.debts.iter().filter_map(Debt::startable).min()
    }

    /// Returns `true` if every owed command has been tried and has failed.
    pub fn is_tried(&self) -> bool {
        self.debts
            .iter()
            .all(|debt| debt.running.is_none() && debt.failures > 0)
    }

    /// Returns `true` if the command of every written file has succeeded.
    pub fn is_settled(&self) -> bool {
        self.debts.is_empty()
    }

    /// The files whose command has not succeeded since they were written, with the command.
    pub fn unapplied(&self) -> impl Iterator<Item = (&Path, &CommandConfig)> {
        self.debts.iter().flat_map(|debt| {
            let running = debt
                .running
                .iter()
                .flatten()
                .filter(|path| !debt.waiting.contains(*path));
            debt.waiting
                .iter()
                .chain(running)
                .map(|path| (path.as_path(), &debt.command))
        })
    }

    /// The end of the cooldown of this command; `None` if it has not run recently.
    fn cooldown_end(&self, line: &CommandLine) -> Option<Instant> {
        self.cooldowns
            .iter()
            .find(|(other, _)| other == line)
            .map(|(_, until)| *until)
    }

    fn index_of(&self, line: &CommandLine) -> Option<usize> {
        self.debts
            .iter()
            .position(|debt| debt.command.line == *line)
    }
}

#[cfg(test)]
mod tests;
