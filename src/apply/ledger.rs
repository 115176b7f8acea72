//! Which commands are owed for what was written, and when each may run.
//!
//! in:  files written ([`Ledger::owe`]), runs that ended ([`Ledger::finished`]), the time
//! out: the command to start now ([`Ledger::start_next`]), and when to ask again ([`Ledger::next_wake`])
//!
//! Each distinct command is one debt, paid by one run however many files wait for it. A debt stays until a run that
//! began after the last write has succeeded; a run that fails is repeated with backoff, without a limit. No clock, no
//! process, no disk: later the same facts go to a file, so that they outlast the process.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::config::resolved::{CommandConfig, CommandLine};

use super::backoff::wait_after;

/// The debts of one process.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// One for each distinct command line.
    debts: Vec<Debt>,
    /// Until when each command rests after its last run.
    rests: Vec<(CommandLine, Instant)>,
}

/// How long a command rests after a run.
///
/// A program that is asked to reload while it is still reloading may forget it: HAProxy 2.6 does, and serves the old
/// configuration for good. What changes meanwhile is not lost, it waits for the end of the rest.
pub const COMMAND_COOLDOWN: Duration = Duration::from_millis(500);

/// One command that must run, or is running.
#[derive(Clone, Debug)]
struct Debt {
    command: CommandConfig,
    /// Its place among the commands: that of its first template.
    rank: usize,
    /// The files written since the last run began. Empty: nothing is owed beyond the run that is under way.
    waiting: BTreeSet<PathBuf>,
    /// The files that the run under way is for; `None`: it is not running.
    underway: Option<BTreeSet<PathBuf>>,
    /// How often it has failed since it last succeeded.
    failures: u32,
    /// When it may run next, if something waits.
    due: Instant,
}

/// A failed run, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often it has failed in a row.
    pub failures: u32,
    /// After how long it runs again; soon if a file was written while it ran.
    pub after: Duration,
}

impl Debt {
    fn is_due(&self, now: Instant) -> bool {
        self.startable().is_some_and(|due| due <= now)
    }

    /// When it may start, if it is owed and not running.
    fn startable(&self) -> Option<Instant> {
        (self.underway.is_none() && !self.waiting.is_empty()).then_some(self.due)
    }

    fn is_settled(&self) -> bool {
        self.underway.is_none() && self.waiting.is_empty()
    }
}

impl Ledger {
    /// `destinations` were written, so `command` must run; `rank` is its place among the commands.
    ///
    /// It is due at once, even if its last run failed: what was written now may be what repairs it. But it rests for
    /// [`COMMAND_COOLDOWN`] between two runs. While it is running, another run is owed afterwards.
    pub fn owe<P: Into<PathBuf>>(
        &mut self,
        command: &CommandConfig,
        rank: usize,
        destinations: impl IntoIterator<Item = P>,
        now: Instant,
    ) {
        let due = now.max(self.rested(&command.line).unwrap_or(now));
        let place = self.place_of(&command.line).unwrap_or_else(|| {
            let (waiting, underway) = (BTreeSet::new(), None);
            self.debts.push(Debt {
                command: command.clone(),
                rank,
                waiting,
                underway,
                failures: 0,
                due,
            });
            self.debts.len() - 1
        });
        let debt = &mut self.debts[place];
        debt.waiting
            .extend(destinations.into_iter().map(Into::into));
        debt.due = due;
    }

    /// The command that must start now, if there is one: of those that are due and not `held`, the one of the lowest
    /// rank. It counts as running from here until [`Ledger::finished`].
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
        debt.underway = Some(std::mem::take(&mut debt.waiting));
        Some(debt.command.clone())
    }

    /// The commands whose last run failed.
    pub fn failing(&self) -> impl Iterator<Item = &CommandLine> {
        self.debts
            .iter()
            .filter(|debt| debt.failures > 0)
            .map(|debt| &debt.command.line)
    }

    /// The run of `line` has ended. If it failed, what it was for is owed again, after a wait: see [`wait_after`] for
    /// `jitter`, a number between 0 and 1 from outside.
    pub fn finished(
        &mut self,
        line: &CommandLine,
        succeeded: bool,
        now: Instant,
        jitter: f64,
    ) -> Option<Retry> {
        let place = self.place_of(line)?;
        let debt = &mut self.debts[place];
        let ran_for = debt.underway.take()?;
        let rested = now + COMMAND_COOLDOWN;
        debt.due = rested;
        let retry = if succeeded {
            debt.failures = 0;
            None
        } else {
            debt.failures = debt.failures.saturating_add(1);
            // A file written during the run is tried soon; without one, the same again can wait.
            let after = if debt.waiting.is_empty() {
                wait_after(debt.failures, jitter)
            } else {
                COMMAND_COOLDOWN
            };
            debt.due = rested.max(now + after);
            debt.waiting.extend(ran_for);
            (!debt.waiting.is_empty()).then_some(Retry {
                failures: debt.failures,
                after,
            })
        };
        if debt.is_settled() {
            self.debts.remove(place);
        }
        self.rests
            .retain(|(other, until)| other != line && *until > now);
        self.rests.push((line.clone(), rested));
        retry
    }

    /// The configuration is another: what was owed for a file is owed to its command of now, which `command_of` knows,
    /// with its rank. A file that nobody writes any more is owed nothing. A run that is under way is not disturbed, and
    /// not repeated for files that are not its own any more.
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
            if let Some(underway) = &mut debt.underway {
                underway.retain(stays);
            }
        }
        self.debts.retain(|debt| !debt.is_settled());
        for (command, rank, path) in moved {
            self.owe(&command, rank, [path], now);
        }
    }

    /// Somebody asks for everything again: what failed does not wait any longer.
    pub fn retry_now(&mut self, now: Instant) {
        let rests = &self.rests;
        for debt in &mut self.debts {
            let rested = rests
                .iter()
                .find(|(line, _)| *line == debt.command.line)
                .map_or(now, |(_, until)| *until);
            debt.due = debt.due.min(now.max(rested));
        }
    }

    /// When the next command becomes due, unless something changes first; in the past if one is due already.
    pub fn next_wake(&self) -> Option<Instant> {
        self.debts.iter().filter_map(Debt::startable).min()
    }

    /// Whether every command that is owed has been tried since it was.
    pub fn is_tried(&self) -> bool {
        self.debts
            .iter()
            .all(|debt| debt.underway.is_none() && debt.failures > 0)
    }

    /// Whether every file that was written has had its command run with success.
    pub fn is_settled(&self) -> bool {
        self.debts.is_empty()
    }

    /// The files whose command has not succeeded since they were written, with that command.
    pub fn unapplied(&self) -> impl Iterator<Item = (&Path, &CommandConfig)> {
        self.debts.iter().flat_map(|debt| {
            let underway = debt
                .underway
                .iter()
                .flatten()
                .filter(|path| !debt.waiting.contains(*path));
            debt.waiting
                .iter()
                .chain(underway)
                .map(|path| (path.as_path(), &debt.command))
        })
    }

    /// When the rest of this command is over, if it has run.
    fn rested(&self, line: &CommandLine) -> Option<Instant> {
        self.rests
            .iter()
            .find(|(rested, _)| rested == line)
            .map(|(_, until)| *until)
    }

    fn place_of(&self, line: &CommandLine) -> Option<usize> {
        self.debts
            .iter()
            .position(|debt| debt.command.line == *line)
    }
}

#[cfg(test)]
mod tests;
