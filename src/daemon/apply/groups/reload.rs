//! The groups of a new configuration. What is known about a group follows its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use group_apply::group::{Group, Phase};
use group_apply::options::GroupKey;

use super::Groups;
use super::entry::Entry;
use crate::daemon::apply::destination::Destination;
use crate::daemon::event::Action;

impl Groups {
    /// Adopts the destinations of a new configuration. Returns the replaced files that other groups can restore now.
    pub(in crate::daemon::apply) fn renew(
        &mut self,
        destinations: &[Destination],
        now: Instant,
    ) -> Option<Action> {
        self.regroup(destinations);
        self.move_replaced(destinations, now)
    }

    /// Divides destinations into groups. A group whose key is unchanged continues, and so does one with another key for
    /// the same files.
    pub(super) fn regroup(&mut self, destinations: &[Destination]) {
        let keys = keys(destinations);
        let renamed = renamed(&self.keys, &keys);
        let files_before = std::mem::replace(&mut self.keys, keys);
        let before = std::mem::take(&mut self.all);
        let mut before: BTreeMap<_, _> = before
            .into_iter()
            .map(|entry| (entry.group.config().key.clone(), entry))
            .collect();
        self.places.clear();
        for (at, destination) in destinations.iter().enumerate() {
            let config = destination.group();
            let place = self.places.get(&config.key).copied();
            let place = place.unwrap_or_else(|| {
                let earlier = renamed.get(&config.key).filter(|earlier| {
                    // A step in progress ends under the key with which it has begun.
                    let entry = before.get(earlier);
                    entry.is_some_and(|entry| entry.group.phase() == Phase::Idle)
                });
                let earlier = earlier.unwrap_or(&config.key);
                let entry = match before.remove(earlier) {
                    Some(entry) => entry.renewed(Arc::clone(config)),
                    None => Entry::new(Group::new(Arc::clone(config))),
                };
                self.add(entry)
            });
            self.all[place].members.push(at);
        }
        let is_foreign = |(number, (key, path)): &(&usize, &(GroupKey, PathBuf))| {
            !destinations.iter().any(|own| {
                own.number() == **number
                    && own.group().key == *key
                    && own.job().destination.as_ref() == Some(path)
            })
        };
        let foreign = self.in_flight.iter().filter(is_foreign);
        self.foreign = foreign.map(|(_, (_, path))| path.clone()).collect();
        self.recognize_swapped(&renamed, &files_before, destinations);
        // The steps in progress of removed groups end.
        for (_, mut entry) in before {
            if entry.group.phase() != Phase::Idle {
                entry.members.clear();
                self.add(entry);
            }
        }
    }
}

impl Groups {
    /// Recognizes the content of groups with other files than before, in case that its command fails.
    fn recognize_swapped(
        &mut self,
        renamed: &BTreeMap<GroupKey, GroupKey>,
        files_before: &BTreeMap<PathBuf, GroupKey>,
        destinations: &[Destination],
    ) {
        let (before, after) = (by_key(files_before), by_key(&self.keys));
        for entry in &mut self.all {
            let key = &entry.group.config().key;
            let earlier = renamed.get(key).unwrap_or(key);
            let has_other_files = before.get(earlier) != after.get(key);
            if entry.swapped.is_some() && has_other_files && entry.group.phase() == Phase::Idle {
                entry.swapped = Some(entry.content_in_files(destinations));
            }
        }
    }
}

/// The group of each destination.
fn keys(destinations: &[Destination]) -> BTreeMap<PathBuf, GroupKey> {
    let pairs = destinations.iter().filter_map(|own| {
        let path = own.job().destination.clone()?;
        Some((path, own.group().key.clone()))
    });
    pairs.collect()
}

/// The groups that have the same files as before under another key, with the key before.
fn renamed(
    before: &BTreeMap<PathBuf, GroupKey>,
    after: &BTreeMap<PathBuf, GroupKey>,
) -> BTreeMap<GroupKey, GroupKey> {
    let (before, after) = (by_key(before), by_key(after));
    let is_new = |(key, _): &(&&GroupKey, &BTreeSet<&Path>)| !before.contains_key(**key);
    let new = after.iter().filter(is_new);
    let pairs = new.filter_map(|(key, files)| {
        let mut removed = before.iter().filter(|(old, _)| !after.contains_key(*old));
        let (old, _) = removed.find(|(_, own)| *own == files)?;
        Some(((*key).clone(), (*old).clone()))
    });
    pairs.collect()
}

fn by_key(keys: &BTreeMap<PathBuf, GroupKey>) -> BTreeMap<&GroupKey, BTreeSet<&Path>> {
    let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (path, key) in keys {
        all.entry(key).or_default().insert(path.as_path());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> GroupKey {
        GroupKey::Named(name.into())
    }

    fn groups(files: &[(&str, &str)]) -> BTreeMap<PathBuf, GroupKey> {
        let pairs = files.iter().map(|(path, key)| ((*path).into(), named(key)));
        pairs.collect()
    }

    #[test]
    fn a_group_is_renamed_if_all_its_files_and_no_others_have_a_new_key() {
        let before = groups(&[("/a", "g"), ("/b", "g"), ("/c", "other")]);
        let cases: [(&[_], &[_]); 5] = [
            (&[("/a", "h"), ("/b", "h"), ("/c", "other")], &[("h", "g")]),
            (
                &[("/a", "h"), ("/b", "h"), ("/c", "k")],
                &[("h", "g"), ("k", "other")],
            ),
            (&[("/a", "h"), ("/b", "g"), ("/c", "other")], &[]),
            (&[("/a", "h"), ("/b", "h"), ("/c", "h")], &[]),
            (&[("/a", "other"), ("/b", "other"), ("/c", "g")], &[]),
        ];
        for (after, expected) in cases {
            let expected = expected.iter().map(|(new, old)| (named(new), named(old)));
            let found = renamed(&before, &groups(after));
            assert_eq!(found, expected.collect(), "{after:?}");
        }
    }
}
