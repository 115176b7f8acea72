//! The configured destinations with the files at the end of their links.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use file_writer::target_of;

/// The time limit for following links.
const LINK_TIMEOUT: Duration = Duration::from_secs(1);

/// The configured destinations with the files that they refer to.
pub struct Targets(Vec<(PathBuf, PathBuf)>);

impl Targets {
    /// Follows the links of these destinations. A directory whose file system hangs delays the others
    /// for at most a second; its destinations count as if they were no links.
    #[must_use]
    pub fn of(destinations: Vec<PathBuf>) -> Self {
        let mut directories: BTreeMap<_, Vec<PathBuf>> = BTreeMap::new();
        for destination in &destinations {
            let directory = directories.entry(destination.parent()).or_default();
            directory.push(destination.clone());
        }
        let (found, targets) = mpsc::channel();
        for own in directories.into_values() {
            let found = found.clone();
            let follow = move || {
                for destination in own {
                    let target = target_of(&destination).ok();
                    let _ = found.send((destination, target));
                }
            };
            // Without a thread, the destinations count as if they were no links.
            let _ = thread::Builder::new()
                .name("links".to_owned())
                .spawn(follow);
        }
        drop(found);
        let until = Instant::now() + LINK_TIMEOUT;
        let remaining = || until.saturating_duration_since(Instant::now());
        let mut known = HashMap::new();
        while let Ok((destination, target)) = targets.recv_timeout(remaining()) {
            known.insert(destination, target);
        }
        let pair = |destination: PathBuf| {
            let target = known.remove(&destination).flatten();
            let target = target.unwrap_or_else(|| destination.clone());
            (std::path::absolute(&target).unwrap_or(target), destination)
        };
        Self(destinations.into_iter().map(pair).collect())
    }

    /// The destination that refers to this file.
    #[must_use]
    pub fn configured(&self, target: &Path) -> Option<PathBuf> {
        let mut all = self.0.iter();
        let found = all.find(|(own, _)| own == target)?;
        Some(found.1.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_found_by_the_file_at_the_end_of_its_links() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().canonicalize().unwrap();
        let (file, link) = (directory.join("file"), directory.join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let missing = directory.join("missing/out");
        let targets = Targets::of(vec![link.clone(), missing.clone()]);
        assert_eq!(targets.configured(&file), Some(link));
        assert_eq!(targets.configured(&missing), Some(missing));
        assert_eq!(targets.configured(&directory), None);
    }
}
