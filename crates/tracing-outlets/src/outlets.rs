//! The outlets of a process, which can be replaced at run time.
//!
//! Input: a list of [`Outlet`]s at the start and at each change. Output: their queues in the
//! [`OutletLayer`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::OpenError;
use crate::layer::OutletLayer;
use crate::outlet::Outlet;
use crate::queue::Queue;
use crate::record::{Component, library};

/// An outlet with its queue.
type OpenOutlet = (Outlet, Arc<Queue>);

/// The open outlets.
#[derive(Debug)]
pub struct Outlets {
    layer: OutletLayer,
    open: Mutex<Vec<OpenOutlet>>,
}

/// Outlets that are open, but do not receive events yet. Dropping it closes the new ones.
#[derive(Debug)]
pub struct Opened(Vec<OpenOutlet>);

impl Default for Outlets {
    /// Creates an empty list. The component of an event is the crate of its target.
    fn default() -> Self {
        Self::new(library)
    }
}

impl Outlets {
    /// Creates an empty list. `component` returns the part of the program for the target of an
    /// event.
    #[must_use]
    pub fn new(component: Component) -> Self {
        Self {
            layer: OutletLayer::new(component),
            open: Mutex::default(),
        }
    }

    /// Returns the layer to add to the subscriber.
    #[must_use]
    pub fn layer(&self) -> OutletLayer {
        self.layer.clone()
    }

    /// Opens these outlets in order, and closes all others, as [`open`](Self::open) and
    /// [`adopt`](Self::adopt) do.
    ///
    /// # Errors
    /// [`OpenError`] if an outlet cannot be opened; then nothing changes.
    pub fn replace(&self, outlets: &[Outlet]) -> Result<(), OpenError> {
        self.adopt(self.open(outlets)?);
        Ok(())
    }

    /// Opens these outlets in order. Those that are already open are not opened again. Opening may
    /// block; events go to the present outlets meanwhile.
    ///
    /// # Errors
    /// [`OpenError`] if an outlet cannot be opened; then none is opened.
    pub fn open(&self, outlets: &[Outlet]) -> Result<Opened, OpenError> {
        // The lock is not held while a file is opened: its file system may hang.
        let present: Vec<OpenOutlet> = self.lock().clone();
        let queue_of = |outlet: &Outlet| {
            if let Some((_, queue)) = present.iter().find(|(known, _)| known == outlet) {
                return Ok((outlet.clone(), Arc::clone(queue)));
            }
            let opened = outlet.open().map_err(|source| OpenError {
                outlet: outlet.clone(),
                source,
            })?;
            let queue = Queue::new(outlet.to_string(), opened);
            Ok((outlet.clone(), Arc::new(queue)))
        };
        let opened = outlets.iter().map(queue_of).collect::<Result<_, _>>()?;
        Ok(Opened(opened))
    }

    /// Sends events to these outlets from now on, and closes all others. A closed outlet writes the
    /// rest of its queue in the background.
    pub fn adopt(&self, Opened(next): Opened) {
        let mut open = self.lock();
        self.layer.set(queues(&next));
        for (_, queue) in open.iter() {
            if !next.iter().any(|(_, kept)| Arc::ptr_eq(kept, queue)) {
                queue.close();
            }
        }
        *open = next;
    }

    /// Closes all outlets, and waits until their queues are written, but at most for `timeout`.
    pub fn close(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let open = std::mem::take(&mut *self.lock());
        self.layer.set(Vec::new());
        for (_, queue) in &open {
            queue.close();
        }
        for (_, queue) in open {
            queue.wait_until(deadline);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<OpenOutlet>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn queues(open: &[OpenOutlet]) -> Vec<Arc<Queue>> {
    open.iter().map(|(_, queue)| Arc::clone(queue)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::options::{FileOptions, Format};

    fn file(path: PathBuf) -> Outlet {
        Outlet::File {
            options: FileOptions::new(path),
            format: Format::Text,
        }
    }

    /// Returns the last word of each line, file by file.
    fn last_words(directory: &Path) -> Vec<Vec<String>> {
        let mut files: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let words = |text: String| {
            text.lines()
                .map(|line| line.rsplit(' ').next().unwrap().to_owned())
                .collect()
        };
        files
            .iter()
            .map(|file| words(fs::read_to_string(file).unwrap()))
            .collect()
    }

    #[test]
    fn a_change_keeps_outlets_that_stay_and_a_failed_change_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let outlets = Outlets::default();
        let subscriber = tracing_subscriber::registry().with(outlets.layer());
        tracing::subscriber::with_default(subscriber, || {
            let log = |text: &str| tracing::debug!(name: "template.told", function = "", "{text}");
            log("unheard");
            outlets.replace(&[file(path("a.log"))]).unwrap();
            log("one");
            let broken = [file(path("b.log")), file(path("none/a.log"))];
            let error = outlets.replace(&broken[1..]).unwrap_err();
            assert_eq!(error.outlet, broken[1]);
            assert!(
                error.to_string().starts_with("cannot log to the file"),
                "{error}"
            );
            log("two");
            outlets.replace(&[file(path("b.log"))]).unwrap();
            log("three");
            outlets.close(Duration::from_secs(20));
            log("late");
        });
        let expected = [vec!["one", "two"], vec!["three"]];
        let deadline = Instant::now() + Duration::from_secs(20);
        // A replaced outlet writes its queue in the background.
        while last_words(directory.path()) != expected && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(
            last_words(directory.path()),
            expected,
            "one file for each path, and no other"
        );
    }

    #[test]
    fn the_component_is_the_crate_unless_the_application_names_it() {
        let directory = tempfile::tempdir().unwrap();
        for (name, outlets) in [("a", Outlets::default()), ("b", Outlets::new(|_| "part"))] {
            let subscriber = tracing_subscriber::registry().with(outlets.layer());
            let file = file(directory.path().join(name));
            tracing::subscriber::with_default(subscriber, || {
                outlets.replace(&[file]).unwrap();
                tracing::debug!(name: "template.told", target: "hyper::client", function = "", "sent");
                outlets.close(Duration::from_secs(20));
            });
        }
        let mut files: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let ends: Vec<_> = files
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .map(|line| line.split_once(' ').unwrap().1.to_owned())
            .collect();
        assert_eq!(ends, ["[DEBUG] (hyper) sent\n", "[DEBUG] (part) sent\n"]);
    }
}
