//! The changes that are parked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use apply_ledger::{Hash, Parked, ParkedChange};
use file_writer::target_of;

use super::Journal;
use crate::apply::budget::Excess;

impl Journal {
    /// Records that a change of a file is parked. Returns since when, and whether it is approved; `None` if it
    /// cannot be recorded.
    pub(in crate::apply) fn park(
        &self,
        target: &Path,
        content: Hash,
        excess: Excess,
    ) -> Option<Parked> {
        let target = std::path::absolute(target).ok()?;
        let Excess { removed, lines } = excess;
        let change = ParkedChange {
            content,
            removed: removed as u64,
            lines: lines as u64,
        };
        let mut state = self.lock();
        let parked = state.ledger.park(&target, &change);
        let parked = state.check(parked);
        state.parked.insert(target);
        parked
    }

    /// Records that a destination has its content, so that none is parked.
    pub(in crate::apply) fn unpark(&self, destination: &Path) {
        if self.lock().parked.is_empty() {
            return;
        }
        let target = target_of(destination).unwrap_or_else(|_| destination.to_owned());
        let Ok(target) = std::path::absolute(target) else {
            return;
        };
        let mut state = self.lock();
        if state.parked.remove(&target) {
            let unparked = state.ledger.unpark(&target);
            state.check(unparked);
        }
    }

    /// Forgets the parked changes of files that are not among these.
    pub(in crate::apply) fn unpark_others(&self, is_known: impl Fn(&Path) -> bool) {
        let mut state = self.lock();
        let (known, others) = std::mem::take(&mut state.parked)
            .into_iter()
            .partition(|path| is_known(path));
        state.parked = known;
        let others: BTreeSet<PathBuf> = others;
        for path in others {
            let unparked = state.ledger.unpark(&path);
            state.check(unparked);
        }
    }
}
