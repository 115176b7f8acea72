//! The changes that are parked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use apply_ledger::{Hash, Parked, ParkedChange};
use file_writer::target_of;

use super::{Journal, State};
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
        self.use_state(|state| {
            let parked = state.ledger.park(&target, &change);
            let parked = state.check(parked);
            state.parked.insert(target);
            parked
        })
    }

    /// Records that a destination has its content, so that none is parked.
    pub(in crate::apply) fn unpark(&self, destination: &Path) {
        let is_parked = |state: &mut State| (!state.parked.is_empty()).then_some(());
        if self.use_state(is_parked).is_none() {
            return;
        }
        let target = target_of(destination).unwrap_or_else(|_| destination.to_owned());
        let Ok(target) = std::path::absolute(target) else {
            return;
        };
        self.use_state(|state| {
            state.parked.take(&target)?;
            let unparked = state.ledger.unpark(&target);
            state.check(unparked)
        });
    }

    /// Forgets the parked changes of files that are not among these.
    pub(in crate::apply) fn unpark_others(&self, is_known: impl Fn(&Path) -> bool) {
        self.use_state(|state| {
            let (known, others): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) =
                std::mem::take(&mut state.parked)
                    .into_iter()
                    .partition(|path| is_known(path));
            state.parked = known;
            for path in others {
                let unparked = state.ledger.unpark(&path);
                state.check(unparked);
            }
            Some(())
        });
    }
}
