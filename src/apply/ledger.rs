//! Tracks the commands that are owed for written files, and decides when each may run.
//!
//! Input: files written ([`Ledger::owe`]), runs that ended ([`Ledger::finished`]), the time.
//! Output: the command to start now ([`Ledger::start_next`]), and the next wake-up ([`Ledger::next_wake`]).
//!
//! Each distinct command is one debt, and one run pays it for all files. A debt stays until a run that started after the
//! last write has succeeded. A failed run is repeated with backoff, without a limit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::config::resolved::{CommandConfig, CommandLine};

/// The debts of one process.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// One for each distinct command line.
    debts: Vec<Debt>,
    /// When the cooldown of each command ends.
    cooldowns: Vec<(CommandLine, Instant)>,
}

/// The pauses before a command or a write that failed is tried again.
pub const RETRY: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(5 * 60),
    jitter: 0.5,
};

/// The minimum pause between two runs of a command.
///
/// A program may lose a reload request that arrives while it is still reloading: HAProxy 2.6 does, and keeps the old
/// configuration. Changes during the pause are not lost: they are applied when it ends.
pub const COMMAND_COOLDOWN: Duration = Duration::from_millis(500);

/// One command that must run, or is running.
#[derive(Clone, Debug)]
struct Debt {
    command: CommandConfig,
    /// Its position among the commands, which is that of its first template.
    rank: usize,
    /// The files written since the last run started; if empty, no further run is owed.
    waiting: BTreeSet<PathBuf>,
    /// The files that the current run is for; `None` if it is not running.
    running: Option<BTreeSet<PathBuf>>,
    /// The number of failures since the last success.
    failures: u32,
    /// When it may run next, if files are waiting.
    due: Instant,
}

/// When a failed run is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The number of failures in a row.
    pub failures: u32,
    /// The wait until the next run; short if a file was written during the run.
    pub after: Duration,
}

impl Debt {
    fn is_due(&self, now: Instant) -> bool {
        self.startable().is_some_and(|due| due <= now)
    }

    /// When it may start; `None` if it is not owed, or is running.
    fn startable(&self) -> Option<Instant> {
        (self.running.is_none() && !self.waiting.is_empty()).then_some(self.due)
    }

    fn is_settled(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }
}

impl Ledger {
    /// Records that `destinations` were written, so `command` must run; `rank` is its position among the commands.
    ///
    /// It is due at once even if its last run failed, because the new content may fix it, but not before the end of its
    /// [`COMMAND_COOLDOWN`]. If it is running, another run is owed afterwards.
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

    /// The command to start now, if any: of those that are due and not `held`, the one with the lowest rank. It counts as
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

    /// Records that the run of `line` has ended. If it failed, its files are owed again after a wait. `jitter` is a random
    /// number between 0 and 1, see [`Backoff::pause`].
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
            // Backoff is for the same content; files written during the run are tried soon.
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

    /// Applies a new configuration: a file that waits for a command now waits for the command that `command_of` returns,
    /// with its rank. Files without a command are dropped. A current run continues, and is not repeated for files that no
    /// longer belong to it.
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

    /// Makes failed commands due now, at the end of their cooldown; for a reload by the user.
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

    /// When the next command becomes due; in the past if one is due already.
    pub fn next_wake(&self) -> Option<Instant> {
        self.debts.iter().filter_map(Debt::startable).min()
    }

    /// Returns `true` if every command that is owed has been tried and has failed.
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

    /// When the cooldown of this command ends, if it has run.
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
