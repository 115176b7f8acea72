//! The runs of a group: what the current one covers, and whether the last one has failed.

use std::path::Path;
use std::time::Instant;

use super::Debts;
use crate::budget::DiffSize;
use crate::options::{GroupConfig, GroupKey};

impl Debts {
    /// The size of what the current run of a group covers, if it is known.
    pub fn size_of_run(&self, key: &GroupKey) -> Option<DiffSize> {
        self.debt_of(key)?.running.as_ref()?.size
    }

    /// Returns `true` if the command of this group runs, or has not been tried since its last success. Once it has failed,
    /// the failure belongs to the content of the files, and another content may mend it.
    pub fn is_under_test(&self, key: &GroupKey) -> bool {
        self.debt_of(key)
            .is_some_and(|debt| debt.running.is_some() || debt.failures == 0)
    }

    /// The time at which a failed command runs again; `None` if it has not failed, or is running.
    pub fn retries_at(&self, key: &GroupKey) -> Option<Instant> {
        let debt = self.debt_of(key)?;
        debt.startable().filter(|_| debt.failures > 0)
    }

    /// Returns `true` if the current run of a group is for this file, which was not written again since the run began.
    pub fn runs_for(&self, key: &GroupKey, path: &Path) -> bool {
        self.debt_of(key).is_some_and(|debt| {
            let mut running = debt.running.iter();
            running.any(|run| run.files.contains(path)) && !debt.waiting.files.contains(path)
        })
    }

    /// Returns `true` if files of a group were written since its current run began.
    pub fn is_rewritten(&self, key: &GroupKey) -> bool {
        self.debt_of(key)
            .is_some_and(|debt| debt.running.is_some() && !debt.waiting.files.is_empty())
    }

    /// The groups whose last run failed.
    pub fn failing(&self) -> impl Iterator<Item = &GroupConfig> {
        self.all
            .iter()
            .filter(|debt| debt.failures > 0)
            .map(|debt| &*debt.group)
    }

    /// Returns `true` if every owed command has been tried and has failed.
    pub fn is_tried(&self) -> bool {
        self.all
            .iter()
            .all(|debt| debt.running.is_none() && debt.failures > 0)
    }

    /// Returns `true` if the command of this group is owed, and no run has begun or failed since the last success.
    pub fn is_untried(&self, key: &GroupKey) -> bool {
        self.debt_of(key)
            .is_some_and(|debt| debt.running.is_none() && debt.failures == 0)
    }
}
