//! The directories to watch for a file, and the names in them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The path from the root to a file, including the links on it.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// The directories in which a change may affect the file.
    pub(super) directories: BTreeSet<PathBuf>,
    /// The names to which such a change applies: of the file, of links, of parent directories.
    pub(super) names: BTreeSet<OsString>,
}

/// The maximum number of links that Linux follows.
const LINKS: usize = 40;

impl Trail {
    /// Finds the path to a file.
    pub(super) fn to(file: &Path) -> Self {
        let mut trail = Self::default();
        let mut next = std::path::absolute(file).ok();
        for _ in 0..LINKS {
            let Some(path) = next else { break };
            next = trail.follow(&path);
        }
        trail
    }

    /// Records a path up to its first link. Returns the path with that link resolved.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        self.names
            .extend(path.components().filter_map(|component| match component {
                Component::Normal(name) => Some(name.to_owned()),
                _ => None,
            }));
        let mut above = PathBuf::new();
        for (place, component) in path.components().enumerate() {
            let directory = above.clone();
            above.push(component);
            if let Ok(target) = std::fs::read_link(&above) {
                self.directories.insert(directory.clone());
                let rest: PathBuf = path.components().skip(place + 1).collect();
                return Some(directory.join(target).join(rest));
            }
        }
        // For a missing file, the nearest parent directory that exists.
        let parents = path.ancestors().skip(1);
        self.directories.extend(
            parents
                .into_iter()
                .find(|above| above.is_dir())
                .map(Path::to_owned),
        );
        None
    }
}
