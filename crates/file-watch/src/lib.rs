#![doc = include_str!("../README.md")]

// A module imports only modules listed above it.

// Files that the system cannot watch.
mod polled;

// The path to a file.
mod trail;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use polled::Polled;
use trail::Trail;

/// Some of the watched files may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileEvent {
    /// The files that may have changed, with their paths as requested.
    pub files: BTreeSet<PathBuf>,
    /// The files whose watch has just started. They may have changed between the caller's last
    /// access and this start.
    pub new: BTreeSet<PathBuf>,
}

impl FileEvent {
    /// Returns `true` if the file may have changed since it was read.
    #[must_use]
    pub fn concerns(&self, file: &Path) -> bool {
        self.files.contains(file) || self.new.contains(file)
    }
}

/// The debounce time: a change is reported after no further change for this long, because editors
/// write in several steps.
const QUIET: Duration = Duration::from_millis(50);
/// The maximum delay of a report.
const LONGEST: Duration = Duration::from_secs(1);

/// The maximum number of times that the directories are searched again while others create them.
const ROUNDS: usize = 10;

/// A file watcher. Dropping it ends the watch.
#[derive(Debug)]
pub struct Files {
    /// The system's watcher; `None` before the first file, and if the system cannot watch files.
    watcher: Option<RecommendedWatcher>,
    reports: Reports,
    changes: mpsc::UnboundedReceiver<Vec<PathBuf>>,
    wanted: BTreeSet<PathBuf>,
    /// The watched directories. A directory that is replaced by another of the same name has to be
    /// watched again.
    watched: BTreeMap<PathBuf, Option<Identity>>,
    /// The names on the paths to the watched files; the watcher ignores all others.
    names: Arc<RwLock<BTreeSet<OsString>>>,
    pending: Option<Pending>,
    /// Starts the system's watcher.
    start: Start,
    polling: Polling,
    polled: Polled,
}

type Start = fn(Reports, Arc<RwLock<BTreeSet<OsString>>>) -> notify::Result<RecommendedWatcher>;
type Reports = mpsc::UnboundedSender<Vec<PathBuf>>;

/// Whether files have to be compared, because the system does not report all changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polling {
    Off,
    /// The next comparison is at this time.
    At(Instant),
}

/// Files that have changed, with the times of the first and the latest change.
#[derive(Debug)]
struct Pending {
    event: FileEvent,
    first: Instant,
    latest: Instant,
}

impl Files {
    /// Creates a watcher without files.
    #[must_use]
    pub fn new() -> Self {
        Self::started_by(start)
    }

    fn started_by(start: Start) -> Self {
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
            start,
            polling: Polling::Off,
            polled: Polled::default(),
        }
    }

    /// Watches these files and no others. If the system cannot watch files, this is logged, and
    /// they are compared at intervals.
    ///
    /// A file that was not watched before is reported once as [new](FileEvent::new).
    pub fn watch_exactly(&mut self, wanted: BTreeSet<PathBuf>) {
        let new: BTreeSet<_> = wanted.difference(&self.wanted).cloned().collect();
        self.wanted = wanted;
        if self.watcher.is_none() && !self.wanted.is_empty() {
            let started = (self.start)(self.reports.clone(), Arc::clone(&self.names));
            let warn = |error: &_| {
                if self.polling == Polling::Off {
                    let seconds = polled::INTERVAL.as_secs();
                    tracing::warn!(
                        name: "files.not_watched", %error,
                        "cannot watch files ({error}); they are compared every {seconds} s"
                    );
                }
            };
            self.watcher = started.inspect_err(warn).ok();
        }
        self.watch_directories();
        if self.polling != Polling::Off {
            self.polled.track(self.wanted.iter());
        }
        if !new.is_empty() {
            self.pend(|event| event.new.extend(new));
        }
    }

    /// Compares all files, and tries again to watch them.
    fn poll(&mut self) {
        for changed in self.polled.changed(self.wanted.iter()) {
            self.note(&[changed]);
        }
        self.watch_exactly(self.wanted.clone());
    }

    /// Watches the directories that contain the files now.
    fn watch_directories(&mut self) {
        let mut directories = self.trails();
        // A directory that was created before the watch of its parent started is not reported.
        for _ in 0..ROUNDS {
            self.watch_these(&directories);
            let now = self.trails();
            if now == directories {
                break;
            }
            directories = now;
        }
    }

    /// Finds the directories to watch, and records the names in them that matter.
    fn trails(&mut self) -> BTreeSet<PathBuf> {
        let (mut directories, mut names) = (BTreeSet::new(), BTreeSet::new());
        for file in &self.wanted {
            let trail = Trail::to(file);
            directories.extend(trail.directories);
            names.extend(trail.names);
        }
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names;
        directories
    }

    fn watch_these(&mut self, directories: &BTreeSet<PathBuf>) {
        let was_polling = self.polling != Polling::Off;
        let mut is_complete = self.wanted.is_empty() || self.watcher.is_some();
        let Some(watcher) = &mut self.watcher else {
            self.set_polling(is_complete);
            return;
        };
        self.watched.retain(|directory, identity| {
            let keep = directories.contains(directory) && *identity == identity_of(directory);
            if !keep {
                // This fails if the directory does not exist any more.
                let _ = watcher.unwatch(directory);
            }
            keep
        });
        for new in directories {
            if self.watched.contains_key(new) {
                continue;
            }
            let identity = identity_of(new);
            match watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(new.clone(), identity)),
                Err(error) => {
                    is_complete = false;
                    if was_polling {
                        continue;
                    }
                    let (directory, seconds) = (new.display(), polled::INTERVAL.as_secs());
                    tracing::warn!(
                        name: "directory.not_watched", %directory, %error,
                        "cannot watch {directory}: {error}; its files are compared every {seconds} s"
                    );
                }
            }
        }
        self.set_polling(is_complete);
    }

    fn set_polling(&mut self, is_complete: bool) {
        self.polling = if is_complete {
            Polling::Off
        } else {
            Polling::At(Instant::now() + polled::INTERVAL)
        };
    }

    /// Waits until some of the files may have changed and no further change follows.
    pub async fn changed(&mut self) -> FileEvent {
        loop {
            let due = self
                .pending
                .as_ref()
                .map(|pending| (pending.latest + QUIET).min(pending.first + LONGEST));
            tokio::select! {
                // `self` holds a sender, so the channel does not close.
                Some(paths) = self.changes.recv() => self.note(&paths),
                () = next_poll(self.polling) => self.poll(),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    // A missing directory may exist now, and a link may have a new target.
                    self.watch_directories();
                    if let Some(pending) = self.pending.take() {
                        return pending.event;
                    }
                }
            }
        }
    }

    fn note(&mut self, paths: &[PathBuf]) {
        let touched = |file: &Path| {
            let names = Trail::to(file).names;
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
        if !files.is_empty() {
            self.pend(|event| event.files.extend(files));
        }
    }

    /// Adds files to the next event.
    fn pend(&mut self, add: impl FnOnce(&mut FileEvent)) {
        let now = Instant::now();
        let pending = self.pending.get_or_insert_with(|| Pending {
            event: FileEvent::default(),
            first: now,
            latest: now,
        });
        add(&mut pending.event);
        pending.latest = now;
    }
}

/// Waits until files have to be compared; forever if the system watches all of them.
async fn next_poll(polling: Polling) {
    match polling {
        Polling::Off => std::future::pending().await,
        Polling::At(time) => sleep_until(time).await,
    }
}

/// Starts the system's watcher. It reports paths. An empty report means that events were lost, so
/// every file may have changed.
fn start(
    reports: Reports,
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
        // The receiver is dropped only when the process ends.
        let _ = reports.send(paths);
    })
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns `true` if an event may mean a changed file. Reading a file, or opening it for writing,
/// does not change it.
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

/// Device, inode and creation time of a directory. They detect a new directory of the same name;
/// the inode alone may be reused.
type Identity = (u64, u64, Option<SystemTime>);

fn identity_of(directory: &Path) -> Option<Identity> {
    std::fs::metadata(directory)
        .ok()
        .map(|metadata| (metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(test)]
mod tests;
