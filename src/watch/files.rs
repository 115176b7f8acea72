//! Files on this machine: the sources of templates, and what `file` reads.
//!
//! in:  the set of files that matter
//! out: a [`FileEvent`] when one of them may have changed
//!
//! What is watched is the directory of each file, not the file: editors and package managers replace files, and a
//! watch on the old one would hear nothing. For a link the directories on its way are watched too (Kubernetes
//! switches a whole volume by a link `..data`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    watched: BTreeSet<PathBuf>,
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
        Self { watcher: None, reports, changes, wanted: BTreeSet::new(), watched: BTreeSet::new(), pending: None }
    }

    /// Watches these files and no others. Where the system cannot watch files, this is said, and nothing is heard.
    pub fn watch_exactly(&mut self, wanted: BTreeSet<PathBuf>) {
        self.wanted = wanted;
        if self.watcher.is_none() && !self.wanted.is_empty() {
            let started = start(self.reports.clone());
            let unheard = |error: &_| tracing::warn!("cannot watch files ({error}); they are read again on SIGHUP");
            self.watcher = started.inspect_err(unheard).ok();
        }
        self.watch_directories();
    }

    /// Watches the directories in which the wanted files are now.
    fn watch_directories(&mut self) {
        let directories: BTreeSet<PathBuf> = self.wanted.iter().flat_map(|file| directories(file)).collect();
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.watched.difference(&directories) {
            // It may be gone from the disk as well.
            let _ = watcher.unwatch(gone);
        }
        self.watched.retain(|directory| directories.contains(directory));
        for new in directories {
            if self.watched.contains(&new) {
                continue;
            }
            match watcher.watch(&new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(new)),
                Err(error) => tracing::warn!("cannot watch {}: {error}", new.display()),
            }
        }
    }

    /// Waits until some of the files may have changed, and it has been quiet since.
    pub async fn changed(&mut self) -> FileEvent {
        loop {
            let due = self.pending.as_ref().map(|pending| (pending.latest + QUIET).min(pending.first + LONGEST));
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
            paths.is_empty()
                || paths.iter().any(|path| {
                    // A link on the way to the file, such as `..data`, changes what the file is.
                    same_name(path, file) || path.is_symlink() || on_the_way(path, file)
                })
        };
        let files: BTreeSet<_> = self.wanted.iter().filter(|file| touched(file)).cloned().collect();
        if files.is_empty() {
            return;
        }
        let now = Instant::now();
        let pending = self.pending.get_or_insert_with(|| Pending { files: BTreeSet::new(), first: now, latest: now });
        pending.files.extend(files);
        pending.latest = now;
    }
}

/// Starts the system's watcher. It reports paths; none at all means that reports were lost, and anything may have
/// changed.
fn start(reports: mpsc::UnboundedSender<Vec<PathBuf>>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let paths = match event {
            Ok(event) if is_change(event.kind) => event.paths,
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
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Any | EventKind::Other => true,
    }
}

fn same_name(path: &Path, file: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(ToOwned::to_owned);
    name(path) == name(file) || std::fs::canonicalize(file).is_ok_and(|real| name(&real) == name(path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// Is this a directory above the file, which was made or moved?
fn on_the_way(path: &Path, file: &Path) -> bool {
    std::path::absolute(file).is_ok_and(|file| file != path && file.starts_with(path))
}

/// The directories in which a change can change this file: its own, and that of the file a link leads to. For one
/// that is not there, the nearest above it that is.
fn directories(file: &Path) -> Vec<PathBuf> {
    let real = std::fs::canonicalize(file).ok();
    let named = std::path::absolute(file).ok();
    let parents = named.iter().chain(&real).map(|file| parent(file));
    parents.filter_map(|parent| parent.ancestors().find(|above| above.is_dir())).map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    async fn heard(files: &mut Files) -> BTreeSet<PathBuf> {
        tokio::time::timeout(DEADLINE, files.changed()).await.expect("nothing was heard").files
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
        assert!(tokio::time::timeout(Duration::from_millis(300), files.changed()).await.is_err());
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
