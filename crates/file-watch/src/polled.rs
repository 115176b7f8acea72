//! Files that the system cannot watch: their metadata is compared at intervals.
//!
//! Input: the files, and the time. Output: those that have changed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The time between two comparisons.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// Device, inode, size, and the times of the last change of content and attributes.
type Version = (u64, u64, u64, i64, i64, i64, i64);

/// The known versions of files.
#[derive(Debug, Default)]
pub(super) struct Polled(BTreeMap<PathBuf, Option<Version>>);

impl Polled {
    /// Keeps the known versions of these files and of no others, and records those of new files.
    pub(super) fn track<'a>(&mut self, files: impl Iterator<Item = &'a PathBuf>) {
        let mut before = std::mem::take(&mut self.0);
        for file in files {
            let known = before.remove(file);
            let version = known.unwrap_or_else(|| version_of(file));
            self.0.insert(file.clone(), version);
        }
    }

    /// Compares these files and no others with their known versions. Returns those that differ.
    /// A file that was not compared before counts as unchanged.
    pub(super) fn changed<'a>(&mut self, files: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
        let now: BTreeMap<_, _> = files.map(|file| (file.clone(), version_of(file))).collect();
        let before = std::mem::replace(&mut self.0, now);
        let is_changed = |(file, version): &(&PathBuf, &Option<Version>)| {
            before.get(*file).is_some_and(|before| before != *version)
        };
        let changed = self.0.iter().filter(is_changed);
        changed.map(|(file, _)| file.clone()).collect()
    }
}

/// The version of a file; `None` if it does not exist.
fn version_of(file: &Path) -> Option<Version> {
    let data = std::fs::metadata(file).ok()?;
    Some((
        data.dev(),
        data.ino(),
        data.size(),
        data.mtime(),
        data.mtime_nsec(),
        data.ctime(),
        data.ctime_nsec(),
    ))
}
