//! Files on this machine: the sources of templates, and what `file` reads.
//!
//! in:  the set of files that matter
//! out: a [`FileEvent`] when one of them may have changed
//!
//! What is watched is the directory of each file, not the file: editors and package managers replace files, and a
//! watch on the old one would hear nothing. For a link the directories on its way are watched too (Kubernetes
//! switches a whole volume by a link `..data`). What happens there to files of other names wakes nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Something happened to the watched directories; these of the wanted files may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEvent {
    /// The files, as they were named when they were asked for.
    pub files: BTreeSet<PathBuf>,
}

/// An editor writes in several steps; a change counts when it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(50);
/// But not later than this.
const LONGEST: Duration = Duration::from_secs(1);

/// Watches files. Dropping it ends the watch.
#[derive(Debug)]
pub struct Files {
    /// `None` until there is something to watch, and where the system cannot watch.
    watcher: Option<RecommendedWatcher>,
    reports: mpsc::UnboundedSender<Vec<PathBuf>>,
    changes: mpsc::UnboundedReceiver<Vec<PathBuf>>,
    wanted: BTreeSet<PathBuf>,
    /// The watched directories: another one that takes the place of a watched one has to be watched anew.
    watched: BTreeMap<PathBuf, Option<Identity>>,
    /// The names on the ways to the wanted files; the watcher looks at no others.
    names: Arc<RwLock<BTreeSet<OsString>>>,
    pending: Option<Pending>,
}

/// Files that have changed, since when, and when it last was not quiet.
#[derive(Debug)]
struct Pending {
    files: BTreeSet<PathBuf>,
    first: Instant,
    latest: Instant,
}

impl Files {
    /// Watches nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let (reports, changes) = mpsc::unbounded_channel();
        let (wanted, watched, names) = (BTreeSet::new(), BTreeMap::new(), Arc::default());
        Self {
            watcher: None,
            reports,
            changes,
            wanted,
            watched,
            names,
            pending: None,
        }
    }

    /// Watches these files and no others. Where the system cannot watch files, this is said, and nothing is heard.
    pub fn watch_exactly(&mut self, wanted: BTreeSet<PathBuf>) {
        self.wanted = wanted;
        if self.watcher.is_none() && !self.wanted.is_empty() {
            let started = start(self.reports.clone(), Arc::clone(&self.names));
            let unheard = |error: &_| {
                tracing::warn!(
                    name: "files.not_watched", %error,
                    "cannot watch files ({error}); they are read again on SIGHUP"
                );
            };
            self.watcher = started.inspect_err(unheard).ok();
        }
        self.watch_directories();
    }

    /// Watches the directories in which the wanted files are now.
    fn watch_directories(&mut self) {
        let ways: Vec<Way> = self.wanted.iter().map(|file| Way::to(file)).collect();
        let directories: BTreeSet<PathBuf> = ways
            .iter()
            .flat_map(|way| way.directories.iter().cloned())
            .collect();
        *self.names.write().unwrap_or_else(PoisonError::into_inner) =
            ways.into_iter().flat_map(|way| way.names).collect();
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        self.watched.retain(|directory, identity| {
            let keep = directories.contains(directory) && *identity == identity_of(directory);
            if !keep {
                // It may be gone from the disk as well.
                let _ = watcher.unwatch(directory);
            }
            keep
        });
        for new in directories {
            if self.watched.contains_key(&new) {
                continue;
            }
            let identity = identity_of(&new);
            match watcher.watch(&new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(new, identity)),
                Err(error) => {
                    let directory = new.display();
                    tracing::warn!(
                        name: "directory.not_watched", %directory, %error,
                        "cannot watch {directory}: {error}"
                    );
                }
            }
        }
    }

    /// Waits until some of the files may have changed, and it has been quiet since.
    pub async fn changed(&mut self) -> FileEvent {
        loop {
            let due = self
                .pending
                .as_ref()
                .map(|pending| (pending.latest + QUIET).min(pending.first + LONGEST));
            tokio::select! {
                // The sender is held here, so the channel does not close.
                Some(paths) = self.changes.recv() => self.note(&paths),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    // A directory that was missing may be there now, a link may lead elsewhere.
                    self.watch_directories();
                    if let Some(pending) = self.pending.take() {
                        return FileEvent { files: pending.files };
                    }
                }
            }
        }
    }

    fn note(&mut self, paths: &[PathBuf]) {
        let touched = |file: &Path| {
            let names = Way::to(file).names;
            paths.is_empty()
                || paths
                    .iter()
                    .any(|path| path.file_name().is_some_and(|name| names.contains(name)))
        };
        let files: BTreeSet<_> = self
            .wanted
            .iter()
            .filter(|file| touched(file))
            .cloned()
            .collect();
        if files.is_empty() {
            return;
        }
        let now = Instant::now();
        let pending = self.pending.get_or_insert_with(|| Pending {
            files: BTreeSet::new(),
            first: now,
            latest: now,
        });
        pending.files.extend(files);
        pending.latest = now;
    }
}

/// Starts the system's watcher. It reports paths; none at all means that reports were lost, and anything may have
/// changed.
fn start(
    reports: mpsc::UnboundedSender<Vec<PathBuf>>,
    names: Arc<RwLock<BTreeSet<OsString>>>,
) -> notify::Result<RecommendedWatcher> {
    let matters = move |path: &PathBuf| {
        let names = names.read().unwrap_or_else(PoisonError::into_inner);
        path.file_name().is_some_and(|name| names.contains(name))
    };
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let paths = match event {
            Ok(event) if event.need_rescan() => Vec::new(),
            Ok(event) if is_change(event.kind) && event.paths.iter().any(&matters) => event.paths,
            Ok(_) => return,
            Err(_) => Vec::new(),
        };
        // The receiver is gone only when the process is ending.
        let _ = reports.send(paths);
    })
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

/// Reading a file is no change; neither is opening it for writing, before anything is written.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Any
        | EventKind::Other => true,
    }
}

/// The device, the number and the birth of a directory, which tell it from another one of the same name; a number alone
/// is soon given away again.
type Identity = (u64, u64, Option<SystemTime>);

fn identity_of(directory: &Path) -> Option<Identity> {
    std::fs::metadata(directory)
        .ok()
        .map(|metadata| (metadata.dev(), metadata.ino(), metadata.created().ok()))
}

/// The way from the root to a file, links included.
#[derive(Debug, Default)]
struct Way {
    /// The directories in which a change can change what the file is.
    directories: BTreeSet<PathBuf>,
    /// The names that such a change has: of the file, of links, of directories above.
    names: BTreeSet<OsString>,
}

/// As many links as Linux follows.
const LINKS: usize = 40;

impl Way {
    fn to(file: &Path) -> Self {
        let mut way = Self::default();
        let mut next = std::path::absolute(file).ok();
        for _ in 0..LINKS {
            let Some(path) = next else { break };
            next = way.follow(&path);
        }
        way
    }

    /// Notes a path without looking behind its links; gives the path behind the first of them.
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
        // For a file that is not there, the nearest directory above it that is.
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    async fn heard(files: &mut Files) -> BTreeSet<PathBuf> {
        tokio::time::timeout(DEADLINE, files.changed())
            .await
            .expect("nothing was heard")
            .files
    }

    #[tokio::test]
    async fn a_written_a_replaced_and_a_new_file_are_heard_of() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (directory.path().join("old"), directory.path().join("new"));
        fs::write(&old, "1").unwrap();
        let mut files = Files::new();
        files.watch_exactly([old.clone(), new.clone()].into());

        fs::write(&old, "2").unwrap();
        assert_eq!(heard(&mut files).await, [old.clone()].into());
        fs::write(directory.path().join("beside"), "3").unwrap();
        fs::rename(directory.path().join("beside"), &old).unwrap();
        assert_eq!(heard(&mut files).await, [old].into());
        fs::write(&new, "4").unwrap();
        assert_eq!(heard(&mut files).await, [new].into());
    }

    #[tokio::test]
    async fn a_directory_that_appears_is_watched_from_then_on() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("below");
        let file = below.join("file");
        let mut files = Files::new();
        files.watch_exactly([file.clone()].into());
        fs::create_dir(&below).unwrap();
        assert_eq!(heard(&mut files).await, [file.clone()].into());
        fs::write(&file, "1").unwrap();
        assert_eq!(heard(&mut files).await, [file].into());
    }

    #[tokio::test]
    async fn a_directory_that_takes_the_place_of_another_is_watched() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["conf", "new"] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("file"), name).unwrap();
        }
        let file = at("conf").join("file");
        let mut files = Files::new();
        files.watch_exactly([file.clone()].into());
        fs::rename(at("conf"), at("old")).unwrap();
        fs::rename(at("new"), at("conf")).unwrap();
        assert_eq!(heard(&mut files).await, [file.clone()].into());
        fs::write(&file, "newer").unwrap();
        assert_eq!(heard(&mut files).await, [file].into());
    }

    #[tokio::test]
    async fn several_writes_are_one_event() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "1").unwrap();
        let mut files = Files::new();
        files.watch_exactly([file.clone()].into());
        for n in 0..5 {
            fs::write(&file, n.to_string()).unwrap();
        }
        heard(&mut files).await;
        assert!(
            tokio::time::timeout(Duration::from_millis(300), files.changed())
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn a_volume_switched_by_a_link_is_heard_of() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for version in ["v1", "v2"] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("file"), version).unwrap();
        }
        std::os::unix::fs::symlink("v1", at("..data")).unwrap();
        std::os::unix::fs::symlink("..data/file", at("file")).unwrap();
        let mut files = Files::new();
        files.watch_exactly([at("file")].into());
        std::os::unix::fs::symlink("v2", at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
        assert_eq!(heard(&mut files).await, [at("file")].into());
    }
}
