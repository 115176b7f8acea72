//! The files that a run of a command covers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::budget::DiffSize;

/// Files that were written since the last success.
#[derive(Clone, Debug, Default)]
pub(super) struct UnappliedFiles {
    pub(super) files: BTreeSet<PathBuf>,
    /// The number of changed lines, if it is known.
    pub(super) size: Option<DiffSize>,
}

impl UnappliedFiles {
    pub(super) fn extend(&mut self, more: Self) {
        self.files.extend(more.files);
        self.grow(more.size);
    }

    pub(super) fn grow(&mut self, size: Option<DiffSize>) {
        let known = self.size.is_some() || size.is_some();
        let sum = self.size.into_iter().chain(size).sum();
        self.size = known.then_some(sum);
    }
}
