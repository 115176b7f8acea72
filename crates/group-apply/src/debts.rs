//! Tracks the groups that owe their command for written files, and decides when each may run.
//!
//! Input: files written ([`Debts::owe`]), runs that ended ([`Debts::finished`]), the time.
//! Output: the group whose command starts now ([`Debts::start_next`]), and the times at which the
//! others are due ([`Debts::due`]).
//!
//! Each group has one debt, and one run settles it for all its files. A debt remains until a run
//! that started after the last write has succeeded. A failed run is repeated with backoff, without a limit.

mod runs;
mod succession;
mod successions;
mod unapplied;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::successions::Successions;
use self::unapplied::UnappliedFiles;
use super::budget::DiffSize;
pub use super::pace::COMMAND_COOLDOWN;
use super::pace::Pace;
use crate::options::{GroupConfig, GroupKey};
use policy_values::Backoff;

/// The owed commands of the process.
#[derive(Clone, Debug, Default)]
pub struct Debts {
    /// One debt per group.
    all: Vec<Debt>,
    /// The recent runs of each group.
    paces: Vec<(GroupKey, Pace)>,
    successions: Successions,
}

/// The backoff for failed commands and failed writes.
pub const RETRY: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(5 * 60),
    jitter: 0.5,
};

/// A command that is owed or running.
#[derive(Clone, Debug)]
struct Debt {
    group: Arc<GroupConfig>,
    /// The position of its first template, which orders the commands.
    rank: usize,
    /// What was written since the last run started; if it has no files, no further run is owed.
    waiting: UnappliedFiles,
    /// What the current run covers; `None` if it is not running.
    running: Option<UnappliedFiles>,
    /// The number of failures since the last success.
    failures: u32,
    /// The earliest time of the next run.
    due: Instant,
    /// `true` if other groups owe the command for the files that the last new configuration has taken away.
    is_inherited: bool,
}

/// A debt of which files have left their group, because of a new configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// The group.
    pub group: Arc<GroupConfig>,
    /// The groups that owe the command of these files now, with the group itself if files have stayed; empty: no command
    /// is configured for any of them.
    pub heirs: BTreeSet<GroupKey>,
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
    /// `by`: the time, or during shutdown the end of a cooldown, which then delays nothing.
    fn is_due(&self, by: Instant) -> bool {
        self.startable().is_some_and(|due| due <= by)
    }

    /// The time at which it may start; `None` if it is not owed, or is running.
    fn startable(&self) -> Option<Instant> {
        (self.running.is_none() && !self.waiting.files.is_empty()).then_some(self.due)
    }

    fn is_settled(&self) -> bool {
        self.running.is_none() && self.waiting.files.is_empty()
    }

    /// Returns `true` if files wait for the command, or the current run covers files.
    fn has_files(&self) -> bool {
        let running = self.running.as_ref();
        !self.waiting.files.is_empty() || running.is_some_and(|run| !run.files.is_empty())
    }
}

impl Debts {
    /// Records that `destinations` were written, so that the command of `group` is owed. `rank`
    /// orders the commands.
    ///
    /// The command is due when its [`COMMAND_COOLDOWN`] has ended and its rate permits it, even if
    /// its last run failed, because the new content may fix it. If it is running, another run is
    /// owed afterwards.
    pub fn owe<P: Into<PathBuf>>(
        &mut self,
        group: &Arc<GroupConfig>,
        rank: usize,
        destinations: impl IntoIterator<Item = P>,
        now: Instant,
    ) {
        let due = self.pace_of(&group.key).earliest(group.rate, now);
        let index = self.index_of(&group.key).unwrap_or_else(|| {
            self.all.push(Debt {
                group: Arc::clone(group),
                rank,
                waiting: UnappliedFiles::default(),
                running: None,
                failures: 0,
                due,
                is_inherited: false,
            });
            self.all.len() - 1
        });
        let debt = &mut self.all[index];
        let files = destinations.into_iter().map(Into::into);
        debt.waiting.files.extend(files);
        debt.due = due;
    }

    /// Adds the size of a change to what a group [owes](Self::owe) for.
    pub fn changed(&mut self, key: &GroupKey, size: DiffSize) {
        if let Some(index) = self.index_of(key) {
            self.all[index].waiting.grow(Some(size));
        }
    }

    /// Starts the due group with the lowest rank for which `held` returns `false`. It counts as
    /// running until [`Debts::finished`].
    pub fn start_next(
        &mut self,
        now: Instant,
        held: impl Fn(&GroupConfig) -> bool,
    ) -> Option<Arc<GroupConfig>> {
        let delays = |group: &GroupConfig| self.successions.delay(&group.key) || held(group);
        let due = self
            .all
            .iter_mut()
            .filter(|debt| debt.is_due(now) && !delays(&debt.group));
        let group = start(due.min_by_key(|debt| debt.rank)?);
        let mut pace = self.pace_of(&group.key);
        pace.started(group.rate, now);
        self.set_pace(&group.key, pace, now);
        Some(group)
    }

    /// During shutdown: like [`Debts::start_next`], but neither a cooldown nor a rate delays a
    /// command that has not failed.
    pub fn start_last(
        &mut self,
        now: Instant,
        held: impl Fn(&GroupConfig) -> bool,
    ) -> Option<Arc<GroupConfig>> {
        let by = now + COMMAND_COOLDOWN;
        let delays = |group: &GroupConfig| self.successions.delay(&group.key) || held(group);
        let owed = self.all.iter_mut().filter(|debt| {
            let is_owed = debt.failures == 0 && debt.startable().is_some();
            (debt.is_due(by) || is_owed) && !delays(&debt.group)
        });
        Some(start(owed.min_by_key(|debt| debt.rank)?))
    }

    /// Records the end of a run of the group with this key. After a failure its files are owed again, with a delay.
    /// `jitter` is a random number between 0 and 1, see [`Backoff::pause`].
    pub fn finished(
        &mut self,
        key: &GroupKey,
        succeeded: bool,
        now: Instant,
        jitter: f64,
    ) -> Option<Retry> {
        let index = self.index_of(key)?;
        let mut pace = self.pace_of(key);
        let debt = &mut self.all[index];
        let ran_for = debt.running.take()?;
        pace.ended(now);
        debt.due = pace.earliest(debt.group.rate, now);
        let retry = if succeeded {
            debt.failures = 0;
            None
        } else {
            debt.failures = debt.failures.saturating_add(1);
            // The backoff is for unchanged content; files written during the run are tried soon.
            let after = if debt.waiting.files.is_empty() {
                RETRY.pause(debt.failures, jitter)
            } else {
                COMMAND_COOLDOWN
            };
            debt.due = debt.due.max(now + after);
            debt.waiting.extend(ran_for);
            (!debt.waiting.files.is_empty()).then_some(Retry {
                failures: debt.failures,
                after: debt.due - now,
            })
        };
        if debt.is_settled() {
            self.all.remove(index);
        }
        self.set_pace(key, pace, now);
        self.run_ended(key, now);
        retry
    }

    /// Adopts a new configuration: each waiting file now waits for the command of the group that
    /// `group_of` returns. Files without a group are dropped. A current run continues, but is not repeated
    /// for files that no longer belong to it. Returns the debts of which files now belong to other groups, or to none at
    /// all.
    pub fn renew(
        &mut self,
        now: Instant,
        group_of: impl Fn(&Path) -> Option<(Arc<GroupConfig>, usize)>,
    ) -> Vec<Division> {
        let (mut moved, mut divisions) = (Vec::new(), Vec::new());
        for debt in &mut self.all {
            let (key, had_files) = (debt.group.key.clone(), debt.has_files());
            let mut heirs = BTreeSet::new();
            let mut stays = |path: &PathBuf| match group_of(path) {
                Some((group, rank)) if group.key == key => {
                    (debt.group, debt.rank) = (group, rank);
                    true
                }
                Some((group, rank)) => {
                    heirs.insert(group.key.clone());
                    moved.push((group, rank, path.clone()));
                    false
                }
                None => false,
            };
            debt.waiting.files.retain(&mut stays);
            if let Some(running) = &mut debt.running {
                running.files.retain(stays);
            }
            if had_files {
                debt.is_inherited = !heirs.is_empty();
            }
            if debt.has_files() && !heirs.is_empty() {
                heirs.insert(key);
            }
            if debt.is_settled() || !heirs.is_empty() {
                let group = Arc::clone(&debt.group);
                divisions.push(Division { group, heirs });
            }
        }
        self.all.retain(|debt| !debt.is_settled());
        for (group, rank, path) in moved {
            self.owe(&group, rank, [path], now);
        }
        divisions
    }

    /// Makes failed commands due at the end of their cooldown, after a reload by the user.
    pub fn retry_now(&mut self, now: Instant) {
        let paces = &self.paces;
        for debt in &mut self.all {
            let pace = pace_in(paces, &debt.group.key);
            debt.due = debt.due.min(pace.earliest(debt.group.rate, now));
        }
    }

    /// The groups whose command is owed and not running, with the times at which they are due.
    pub fn due(&self) -> impl Iterator<Item = (&GroupConfig, Instant)> {
        let debts = self.all.iter();
        let debts = debts.filter(|debt| !self.successions.delay(&debt.group.key));
        debts.filter_map(|debt| Some((&*debt.group, debt.startable()?)))
    }

    /// Returns `true` if the command of every written file has succeeded.
    pub fn is_settled(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns `true` if other groups owe the command for the files that the last new configuration has taken away from
    /// a group.
    pub fn is_inherited(&self, key: &GroupKey) -> bool {
        self.debt_of(key).is_some_and(|debt| debt.is_inherited)
    }

    /// Returns `true` while the command of this group is owed or runs.
    pub fn has(&self, key: &GroupKey) -> bool {
        self.debt_of(key).is_some()
    }

    /// The files whose command has not succeeded since they were written, with their group.
    pub fn unapplied(&self) -> impl Iterator<Item = (&Path, &GroupConfig)> {
        self.all.iter().flat_map(|debt| {
            let waiting = &debt.waiting.files;
            let running = debt.running.iter().flat_map(|running| &running.files);
            let running = running.filter(|path| !waiting.contains(*path));
            let files = waiting.iter().chain(running);
            files.map(|path| (path.as_path(), &*debt.group))
        })
    }

    fn debt_of(&self, key: &GroupKey) -> Option<&Debt> {
        self.all.iter().find(|debt| debt.group.key == *key)
    }

    fn pace_of(&self, key: &GroupKey) -> Pace {
        pace_in(&self.paces, key)
    }

    fn set_pace(&mut self, key: &GroupKey, pace: Pace, now: Instant) {
        self.paces
            .retain(|(other, pace)| other != key && !pace.is_over(now));
        self.paces.push((key.clone(), pace));
    }

    fn index_of(&self, key: &GroupKey) -> Option<usize> {
        self.all.iter().position(|debt| debt.group.key == *key)
    }
}

fn start(debt: &mut Debt) -> Arc<GroupConfig> {
    debt.running = Some(std::mem::take(&mut debt.waiting));
    Arc::clone(&debt.group)
}

fn pace_in(paces: &[(GroupKey, Pace)], key: &GroupKey) -> Pace {
    let known = paces.iter().find(|(other, _)| other == key);
    known.map_or(Pace::default(), |(_, pace)| *pace)
}

#[cfg(test)]
mod tests;
