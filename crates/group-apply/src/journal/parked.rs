//! The changes that are parked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use apply_ledger::{Hash, Parked, ParkedChange};
use file_writer::target_of;

use super::Journal;
use crate::budget::Excess;

impl Journal {
    /// Records that a change of a file is parked. Returns since when, and whether it is approved; `None` if it
    /// cannot be recorded.
    pub(crate) fn park(&self, target: &Path, content: Hash, excess: Excess) -> Option<Parked> {
        let target = std::path::absolute(target).ok()?;
        let Excess { removed, lines } = excess;
        let change = ParkedChange {
            content,
            removed: removed as u64,
            lines: lines as u64,
        };
        self.parked_files().insert(target.clone());
        let parked = self.record(move |state| {
            let parked = state.ledger.park(&target, &change);
            state.check(parked)
        });
        parked?
    }

    /// Records that a destination has its content, so that none is parked.
    pub(crate) fn unpark(&self, destination: &Path) {
        if self.parked_files().is_empty() {
            return;
        }
        let target = target_of(destination).unwrap_or_else(|_| destination.to_owned());
        let Ok(target) = std::path::absolute(target) else {
            return;
        };
        if self.parked_files().remove(&target) {
            self.record_unparked(target);
        }
    }

    /// Forgets the parked changes of files that are not among these.
    pub(crate) fn unpark_others(&self, is_known: impl Fn(&Path) -> bool) {
        let mut parked = self.parked_files();
        let (known, others): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) = std::mem::take(&mut *parked)
            .into_iter()
            .partition(|path| is_known(path));
        *parked = known;
        drop(parked);
        for path in others {
            self.record_unparked(path);
        }
    }

    fn record_unparked(&self, target: PathBuf) {
        self.record(move |state| {
            let unparked = state.ledger.unpark(&target);
            state.check(unparked)
        });
    }
}
