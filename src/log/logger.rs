//! The subscriber, and the outlets that are open.
//!
//! Input: a [`LogConfig`] at the start and at each reload. Output: the queues of its outlets in the [`OutletLayer`].
//!
//! The filter belongs to the outlets alone, so that another layer beside them sees every event.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Dispatch;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::{Registry, registry, reload};

use super::error::LogError;
use super::journal;
use super::layer::{OutletLayer, filter};
use super::outlet::{self, Outlet};
use super::queue::Queue;
use crate::config::logging::LogConfig;

/// How long the end of the process waits for lines that are not written yet.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// An outlet with the queue before it.
type OpenOutlet = (Outlet, Arc<Queue>);

/// Replaces the outlets and their level while the process runs.
pub(super) struct Logger {
    dispatch: Dispatch,
    outlets: reload::Handle<OutletLayer, Registry>,
    filter: reload::Handle<Targets, Registry>,
    open: Mutex<Vec<OpenOutlet>>,
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Logger {
    /// Creates a logger without outlets.
    pub(super) fn new() -> Self {
        let (outlets, outlets_handle) = reload::Layer::new(OutletLayer::default());
        let (filter, filter_handle) = reload::Layer::new(Targets::new());
        Self {
            dispatch: Dispatch::new(registry().with(outlets.with_filter(filter))),
            outlets: outlets_handle,
            filter: filter_handle,
            open: Mutex::default(),
        }
    }

    /// Makes this the logger of the process.
    pub(super) fn install(&self) {
        // An error means that a subscriber is installed already; in this program that is this one.
        let _ = tracing::dispatcher::set_global_default(self.dispatch.clone());
    }

    /// Opens the outlets of `config`, and closes those that it does not name.
    pub(super) fn change(&self, config: &LogConfig) -> Result<(), LogError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let next = outlet::configured(config, journal::is_connected(), |outlet| {
            if let Some((_, queue)) = open.iter().find(|(known, _)| known == outlet) {
                return Ok(Arc::clone(queue));
            }
            let sink = outlet.open()?;
            Ok(Arc::new(Queue::new(outlet.to_string(), sink)))
        })?;
        self.use_outlets(&next);
        // Fails only if the subscriber is gone, and `dispatch` keeps it.
        let _ = self.filter.reload(filter(config.level));
        for (outlet, queue) in open.iter() {
            if !next.iter().any(|(known, _)| known == outlet) {
                queue.close();
            }
        }
        *open = next;
        Ok(())
    }

    /// Stops logging, and waits for lines that are not written yet, but not for long.
    pub(super) fn shutdown(&self) {
        let deadline = Instant::now() + SHUTDOWN_TIMEOUT;
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        self.use_outlets(&[]);
        for (_, queue) in &open {
            queue.close();
        }
        for (_, queue) in open {
            queue.wait_until(deadline);
        }
    }

    fn use_outlets(&self, outlets: &[OpenOutlet]) {
        let queues = outlets.iter().map(|(_, queue)| Arc::clone(queue));
        let _ = self.outlets.reload(OutletLayer::new(queues.collect()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::logging::{Keep, LogFileConfig};
    use crate::config::resolved::LogLevel;

    fn to_file(path: PathBuf, level: LogLevel) -> LogConfig {
        let file = LogFileConfig {
            path,
            rotate_bytes: None,
            rotate_after: None,
            keep: Keep::All,
        };
        LogConfig {
            file: Some(file),
            ..LogConfig::of_level(level)
        }
    }

    /// The last word of each line, file by file.
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
        let logger = Logger::new();
        tracing::dispatcher::with_default(&logger.dispatch, || {
            let log = |text: &str| tracing::debug!(name: "template.told", function = "", "{text}");
            let change = |path, level| logger.change(&to_file(path, level));
            change(path("a.log"), LogLevel::Error).unwrap();
            log("hidden");
            change(path("a.log"), LogLevel::Debug).unwrap();
            log("one");
            let error = change(path("none/a.log"), LogLevel::Error).unwrap_err();
            assert!(
                error.to_string().starts_with("cannot log to the file"),
                "{error}"
            );
            log("two");
            change(path("b.log"), LogLevel::Debug).unwrap();
            log("three");
            logger.shutdown();
        });
        let expected = [vec!["one", "two"], vec!["three"]];
        let deadline = Instant::now() + Duration::from_secs(20);
        // An outlet that is no longer configured still writes its queue, in the background.
        while last_words(directory.path()) != expected && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(
            last_words(directory.path()),
            expected,
            "one file for each path, and no other"
        );
    }
}
