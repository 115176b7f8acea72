//! The files whose command is owed as they were when it succeeded for the last time, from the ledger.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use apply_ledger::OwedGroup;
use file_writer::Previous;

use super::change::ReplacedFile;
use super::journal::Journal;
use super::targets::Targets;

/// The files of a group that owes its command, before their first write since its last success: those that `is_wanted`
/// selects, and whose content is stored. The flag is `true` if a file was to be restored, and this has not succeeded.
pub fn of_group(
    journal: &Journal,
    group: &OwedGroup,
    targets: &Targets,
    is_wanted: impl Fn(&Path) -> bool,
) -> BTreeMap<PathBuf, (Previous, bool)> {
    let files = group.replaced.iter().filter_map(|replaced| {
        let path = targets.configured(&replaced.destination)?;
        let previous = is_wanted(&path).then(|| journal.previous(&path, replaced))??;
        Some((path, (previous, replaced.is_unrestored)))
    });
    files.collect()
}

/// Those of these destinations whose command is owed, before their first write since its last success.
#[must_use]
pub fn of_owed(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<ReplacedFile> {
    if destinations.is_empty() {
        return Vec::new();
    }
    let owed = journal.owed();
    if owed.is_empty() {
        return Vec::new();
    }
    let targets = Targets::of(destinations);
    let files = owed
        .iter()
        .map(|group| of_group(journal, group, &targets, |_| true));
    let files = files.flat_map(BTreeMap::into_values);
    files
        .map(|(previous, _)| ReplacedFile::of_template(previous))
        .collect()
}
