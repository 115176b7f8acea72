//! Compares the destinations with what an earlier process has written.

use std::collections::BTreeSet;
use std::path::PathBuf;

use apply_ledger::Hash;

use super::journal::Journal;
use super::targets::Targets;

/// Returns `true` if each of these files has the content that an earlier process has written last. A file that has
/// never been written, is missing, or was changed by another program has not.
#[must_use]
pub fn are_last_good(journal: &Journal, destinations: Vec<PathBuf>) -> bool {
    let mut others: BTreeSet<_> = destinations.iter().cloned().collect();
    let targets = Targets::of(destinations);
    for file in journal.destinations() {
        let Some(destination) = targets.configured(&file.path) else {
            continue;
        };
        let content = safe_read::read(&file.path);
        let is_current = content.is_ok_and(|content| file.written == Some(Hash::of(&content)));
        if is_current {
            others.remove(&destination);
        }
    }
    others.is_empty()
}
