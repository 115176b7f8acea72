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

    /// Opens these outlets in order, and closes all others. Outlets that are already open stay
    /// open. A closed outlet writes the rest of its queue in the background.
    ///
    /// # Errors
    /// [`OpenError`] if an outlet cannot be opened; then nothing changes.
    pub fn replace(&self, outlets: &[Outlet]) -> Result<(), OpenError> {
        let mut open = self.open();
        let queue_of = |outlet: &Outlet| {
            if let Some((_, queue)) = open.iter().find(|(known, _)| known == outlet) {
                return Ok((outlet.clone(), Arc::clone(queue)));
            }
            let opened = outlet.open().map_err(|source| OpenError {
                outlet: outlet.clone(),
                source,
            })?;
            let queue = Queue::new(outlet.to_string(), opened);
            Ok((outlet.clone(), Arc::new(queue)))
        };
        let next: Vec<OpenOutlet> = outlets.iter().map(queue_of).collect::<Result<_, _>>()?;
        self.layer.set(queues(&next));
        for (outlet, queue) in open.iter() {
            if !outlets.contains(outlet) {
                queue.close();
            }
        }
        *open = next;
        Ok(())
    }

    /// Closes all outlets, and waits until their queues are written, but at most for `timeout`.
    pub fn close(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let open = std::mem::take(&mut *self.open());
        self.layer.set(Vec::new());
        for (_, queue) in &open {
            queue.close();
        }
        for (_, queue) in open {
            queue.wait_until(deadline);
        }
    }

    fn open(&self) -> MutexGuard<'_, Vec<OpenOutlet>> {
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
