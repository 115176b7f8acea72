//! The groups of a new configuration that are groups of the one before under another key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use group_apply::options::{GroupConfig, GroupKey};

use super::destination::Destination;

/// The groups of destinations.
pub(super) type FileGroups = BTreeMap<PathBuf, Arc<GroupConfig>>;

/// The group of each destination.
pub(super) fn groups(destinations: &[Destination]) -> FileGroups {
    let pairs = destinations.iter().filter_map(|own| {
        let path = own.job().destination.clone()?;
        Some((path, Arc::clone(own.group())))
    });
    pairs.collect()
}

/// The groups whose pauses between commands go on under another key, with their new configuration: a file of the group
/// has moved there, and the command is the same, or the old key is gone and the new one did not exist.
pub(super) fn successors<'a>(
    before: &'a FileGroups,
    after: &'a FileGroups,
) -> Vec<(&'a GroupConfig, &'a GroupConfig)> {
    let has = |all: &FileGroups, key: &GroupKey| all.values().any(|group| group.key == *key);
    let line = |group: &'a GroupConfig| group.command.as_ref().map(|command| &command.line);
    let mut pairs: Vec<(&GroupConfig, &GroupConfig)> = Vec::new();
    for (path, old) in before {
        let Some(new) = after.get(path).filter(|new| new.key != old.key) else {
            continue;
        };
        let is_same = line(old).is_some() && line(old) == line(new);
        let is_renamed = !has(after, &old.key) && !has(before, &new.key);
        let is_known = |pair: &(&GroupConfig, &GroupConfig)| {
            (&pair.0.key, &pair.1.key) == (&old.key, &new.key)
        };
        if (is_same || is_renamed) && !pairs.iter().any(is_known) {
            pairs.push((old, new));
        }
    }
    pairs
}
