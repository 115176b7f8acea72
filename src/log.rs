//! The log: one line per event, on stderr and to the additional outlets of the configuration.
//!
//! Input: events of `tracing`, and a [`LogConfig`]. Output: lines on stderr and in a file,
//! datagrams to syslog and to the journal, by the crate `tracing-outlets`.
//!
//! Every event has a stable name (`name: "file.written"` in the call); `docs/src/reference/events.md`
//! lists them. The filter applies only to the outlets, so that another layer beside them sees every event.

pub mod color;

mod filter;
mod outlets;

use std::sync::OnceLock;
use std::time::Duration;

use tracing::Dispatch;
use tracing_outlets::{Opened, Outlets, is_stderr_connected_to_journal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::{Registry, registry, reload};

use ctmpl_options::config::logging::{LogConfig, LogLevel};

pub use outlets::LogError;

/// The time that the exit of the process waits for lines that are not written yet.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A guard for the log of this process. Dropping it waits up to a second for lines that are not
/// written yet.
#[derive(Debug)]
pub struct Log(());

impl Drop for Log {
    fn drop(&mut self) {
        logger().outlets.close(SHUTDOWN_TIMEOUT);
    }
}

/// Starts logging.
///
/// # Errors
/// [`LogError`] if an outlet cannot be opened.
pub fn start(config: &LogConfig) -> Result<Log, LogError> {
    OpenedLog::open(config)?.adopt();
    logger().install();
    Ok(Log(()))
}

/// The outlets and the level of a new configuration, which are not in use yet.
#[derive(Debug)]
pub struct OpenedLog {
    outlets: Opened,
    level: LogLevel,
}

impl OpenedLog {
    /// Opens the outlets of a new configuration; this may block. An outlet that the present
    /// configuration also has stays open.
    ///
    /// # Errors
    /// [`LogError`] if an outlet cannot be opened.
    pub fn open(config: &LogConfig) -> Result<Self, LogError> {
        logger().open(config)
    }

    /// Logs to these outlets from now on, and closes all others.
    pub fn adopt(self) {
        logger().adopt(self);
    }
}

/// The logger of the process. There is one, because `tracing` has one global subscriber.
fn logger() -> &'static Logger {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    LOGGER.get_or_init(Logger::new)
}

/// The subscriber. Its outlets and its level can be replaced while the process runs.
struct Logger {
    dispatch: Dispatch,
    outlets: Outlets,
    filter: reload::Handle<Targets, Registry>,
}

impl Logger {
    /// Creates a logger without outlets.
    fn new() -> Self {
        let outlets = Outlets::new(filter::component);
        let (filter, filter_handle) = reload::Layer::new(Targets::new());
        Self {
            dispatch: Dispatch::new(registry().with(outlets.layer().with_filter(filter))),
            outlets,
            filter: filter_handle,
        }
    }

    /// Makes this the logger of the process.
    fn install(&self) {
        // An error means that a subscriber is already installed; in this program it is this one.
        let _ = tracing::dispatcher::set_global_default(self.dispatch.clone());
    }

    fn open(&self, config: &LogConfig) -> Result<OpenedLog, LogError> {
        let open = |list: &[_]| self.outlets.open(list);
        Ok(OpenedLog {
            outlets: outlets::open_configured(config, is_stderr_connected_to_journal(), open)?,
            level: config.level,
        })
    }

    fn adopt(&self, opened: OpenedLog) {
        self.outlets.adopt(opened.outlets);
        // This fails only if the subscriber is dropped, and `dispatch` keeps it.
        let _ = self.filter.reload(filter::filter(opened.level));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::Instant;

    use super::*;
    use tracing_outlets::{FileOptions, Keep};

    fn to_file(path: PathBuf, level: LogLevel) -> LogConfig {
        let file = FileOptions {
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

    /// The last word of each line of each file.
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
            let change = |path, level| {
                let opened = logger.open(&to_file(path, level))?;
                logger.adopt(opened);
                Ok::<_, LogError>(())
            };
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
            logger.outlets.close(SHUTDOWN_TIMEOUT);
        });
        let expected = [vec!["one", "two"], vec!["three"]];
        let deadline = Instant::now() + Duration::from_secs(20);
        // An outlet that is no longer configured writes its queue in the background.
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
