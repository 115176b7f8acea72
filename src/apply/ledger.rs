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
    /// In the order in which they were incurred; one for each distinct command line.
    debts: Vec<Debt>,
}

/// One command that must run, or is running.
#[derive(Clone, Debug)]
struct Debt {
    command: CommandConfig,
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
    /// After how long it runs again; zero if a file was written while it ran.
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
    /// `destinations` were written in one batch, so `command` must run.
    ///
    /// It is due at once, even if its last run failed: what was written now may be what repairs it. While it is
    /// running, another run is owed afterwards. Called in the order of the templates, commands start in that order.
    pub fn owe<P: Into<PathBuf>>(
        &mut self,
        command: &CommandConfig,
        destinations: impl IntoIterator<Item = P>,
        now: Instant,
    ) {
        let mut debt = match self.place_of(&command.line) {
            Some(place) => self.debts.remove(place),
            None => Debt { command: command.clone(), waiting: BTreeSet::new(), underway: None, failures: 0, due: now },
        };
        debt.waiting.extend(destinations.into_iter().map(Into::into));
        debt.due = now;
        self.debts.push(debt);
    }

    /// The command that must start now, if there is one: of those that are due and not `held`, the one that came to be
    /// owed first. It counts as running from here until [`Ledger::finished`].
    pub fn start_next(&mut self, now: Instant, held: impl Fn(&CommandLine) -> bool) -> Option<CommandConfig> {
        let debt = self.debts.iter_mut().find(|debt| debt.is_due(now) && !held(&debt.command.line))?;
        debt.underway = Some(std::mem::take(&mut debt.waiting));
        Some(debt.command.clone())
    }

    /// The run of `line` has ended. If it failed, what it was for is owed again, after a wait: see [`wait_after`] for
    /// `jitter`, a number between 0 and 1 from outside.
    pub fn finished(&mut self, line: &CommandLine, succeeded: bool, now: Instant, jitter: f64) -> Option<Retry> {
        let place = self.place_of(line)?;
        let debt = &mut self.debts[place];
        let ran_for = debt.underway.take()?;
        let retry = if succeeded {
            debt.failures = 0;
            None
        } else {
            debt.failures = debt.failures.saturating_add(1);
            // A file written during the run is tried at once; without one, the same again can wait.
            let after = if debt.waiting.is_empty() { wait_after(debt.failures, jitter) } else { Duration::ZERO };
            debt.due = now + after;
            debt.waiting.extend(ran_for);
            (!debt.waiting.is_empty()).then_some(Retry { failures: debt.failures, after })
        };
        if debt.is_settled() {
            self.debts.remove(place);
        }
        retry
    }

    /// The configuration was read again: each file that waits for a command, waits for the one that it has now.
    ///
    /// So a misspelled command is not repeated for ever once it is repaired, and the repaired one runs although the
    /// file is written already. A run under way goes on, but settles nothing for files that have another command now.
    pub fn reassign<'a>(&mut self, now: Instant, command_of: impl Fn(&Path) -> Option<&'a CommandConfig>) {
        for debt in std::mem::take(&mut self.debts) {
            let Debt { command, waiting, underway, failures, due } = debt;
            let stays = |path: &PathBuf| command_of(path).is_some_and(|now| now.line == command.line);
            let (waiting, moved): (BTreeSet<_>, BTreeSet<_>) = waiting.into_iter().partition(&stays);
            let (underway, moved_underway) = match underway {
                Some(files) => {
                    let (stay, go): (BTreeSet<_>, BTreeSet<_>) = files.into_iter().partition(&stays);
                    (Some(stay), go)
                }
                None => (None, BTreeSet::new()),
            };
            let settings = waiting.iter().chain(underway.iter().flatten()).find_map(|path| command_of(path));
            let kept = Debt { command: settings.unwrap_or(&command).clone(), waiting, underway, failures, due };
            self.keep(kept);
            for path in moved.into_iter().chain(moved_underway) {
                if let Some(command) = command_of(&path) {
                    self.owe(command, [path], now);
                }
            }
        }
    }

    /// When the next command becomes due, unless something changes first; in the past if one is due already.
    pub fn next_wake(&self) -> Option<Instant> {
        self.debts.iter().filter_map(Debt::startable).min()
    }

    /// Whether every file that was written has had its command run with success.
    pub fn is_settled(&self) -> bool {
        self.debts.is_empty()
    }

    /// The files whose command has not succeeded since they were written, with that command.
    pub fn unapplied(&self) -> impl Iterator<Item = (&Path, &CommandConfig)> {
        self.debts.iter().flat_map(|debt| {
            let underway = debt.underway.iter().flatten().filter(|path| !debt.waiting.contains(*path));
            debt.waiting.iter().chain(underway).map(|path| (path.as_path(), &debt.command))
        })
    }

    /// Takes up a debt again, together with what another file already owes to the same command.
    fn keep(&mut self, debt: Debt) {
        match self.place_of(&debt.command.line) {
            Some(place) => {
                let other = &mut self.debts[place];
                other.waiting.extend(debt.waiting);
                other.underway = debt.underway;
                other.failures = debt.failures;
            }
            None if debt.is_settled() => {}
            None => self.debts.push(debt),
        }
    }

    fn place_of(&self, line: &CommandLine) -> Option<usize> {
        self.debts.iter().position(|debt| debt.command.line == *line)
    }
}

#[cfg(test)]
mod tests;
