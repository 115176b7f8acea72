//! The log: one line an event, on standard error and wherever else it is wanted.
//!
//! in:  events of `tracing`, and a [`LogConfig`]
//! out: lines for standard error and a file, entries for syslog and the journal
//!
//! Every event has a name that stays the same (`name: "file.written"` in the call); `docs/logs.md` lists them. An event
//! becomes a [`Record`], and each outlet writes it on a thread of its own, behind a queue that loses what
//! does not fit and counts it: no reader, disk or socket can hold up whoever has something to say.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};

use crate::config::logging::LogConfig;
use crate::config::resolved::LogLevel;

mod escape;
mod file;
mod journal;
mod layout;
mod lines;
mod outlet;
mod queue;
mod record;
mod syslog;

use outlet::Outlet;
use queue::Queue;
use record::Record;

/// How long the end of the process waits for what is not written yet.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// What is wrong with the log at its start.
#[derive(Debug, thiserror::Error)]
#[error("cannot log to {outlet}; {remedy}")]
pub struct LogError {
    outlet: String,
    remedy: &'static str,
    source: io::Error,
}

/// The log of this process. Dropped, it waits for what is not written yet, but not for long.
#[derive(Debug)]
pub struct Log(());

impl Drop for Log {
    fn drop(&mut self) {
        let latest = Instant::now() + SHUTDOWN_TIMEOUT;
        let outlets = std::mem::take(
            &mut this()
                .setup
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .outlets,
        );
        for (_, queue) in &outlets {
            queue.close();
        }
        for (_, queue) in outlets {
            queue.wait_until(latest);
        }
    }
}

/// Begins to log.
///
/// # Errors
/// [`LogError`] when the log file or the system's log cannot be had.
pub fn start(config: &LogConfig) -> Result<Log, LogError> {
    change(config)?;
    // A second call finds it set, to the same.
    let _ = tracing::subscriber::set_global_default(this());
    Ok(Log(()))
}

/// Logs like this from now on. What stays as it was goes on: the same file, for one.
///
/// # Errors
/// As [`start`]; then everything stays as it was.
pub fn change(config: &LogConfig) -> Result<(), LogError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let known = this()
        .setup
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .outlets
        .clone();
    let outlets = outlet::wanted(config, journal::is_connected(), |outlet| {
        known.iter().find(|(own, _)| own == outlet).map_or_else(
            || {
                outlet
                    .open()
                    .map(|opened| Arc::new(Queue::new(outlet.shown(), opened)))
            },
            |(_, queue)| Ok(Arc::clone(queue)),
        )
    })?;
    {
        let mut setup = this().setup.write().unwrap_or_else(PoisonError::into_inner);
        *setup = Setup {
            level: filter(config.level),
            outlets: outlets.clone(),
        };
    }
    for (_, old) in known
        .iter()
        .filter(|(outlet, _)| !outlets.iter().any(|(own, _)| own == outlet))
    {
        old.close();
    }
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

/// What there is one of in the process, as `tracing` has it.
fn this() -> &'static Dispatcher {
    static THIS: OnceLock<Dispatcher> = OnceLock::new();
    THIS.get_or_init(Dispatcher::default)
}

/// Executor events to the outlets.
#[derive(Debug, Default)]
struct Dispatcher {
    setup: RwLock<Setup>,
}

#[derive(Debug)]
struct Setup {
    level: LevelFilter,
    outlets: Vec<(Outlet, Arc<Queue>)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            level: LevelFilter::OFF,
            outlets: Vec::new(),
        }
    }
}

impl Dispatcher {
    fn level(&self) -> LevelFilter {
        self.setup
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .level
    }
}

/// Spans are what libraries measure themselves with; they are not looked at.
impl Subscriber for &'static Dispatcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Events of libraries show from WARN on only: theirs may name headers.
        let level = self.level();
        let level = if is_ours(metadata.target()) {
            level
        } else {
            level.min(LevelFilter::WARN)
        };
        metadata.is_event() && *metadata.level() <= level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level())
    }

    fn event(&self, event: &Event<'_>) {
        let record = Arc::new(Record::of(event));
        for (_, queue) in &self
            .setup
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .outlets
        {
            queue.push(&record);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn is_ours(target: &str) -> bool {
    target == "command" || target == "ctmpl" || target.starts_with("ctmpl::")
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::logging::{Keep, LogFileConfig};

    fn to(path: PathBuf, level: LogLevel) -> LogConfig {
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
    fn told(directory: &Path) -> Vec<Vec<String>> {
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
    fn a_change_keeps_what_stays_and_one_that_fails_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let dispatch = tracing::Dispatch::new(this());
        tracing::dispatcher::with_default(&dispatch, || {
            let say = |text: &str| tracing::debug!(name: "template.told", function = "", "{text}");
            change(&to(path("a.log"), LogLevel::Error)).unwrap();
            let log = Log(());
            say("too much");
            change(&to(path("a.log"), LogLevel::Debug)).unwrap();
            say("one");
            let error = change(&to(path("none/a.log"), LogLevel::Error)).unwrap_err();
            assert!(
                error.to_string().starts_with("cannot log to the file"),
                "{error}"
            );
            say("two");
            change(&to(path("b.log"), LogLevel::Debug)).unwrap();
            say("three");
            drop(log);
        });
        let expected = [vec!["one", "two"], vec!["three"]];
        let latest = Instant::now() + Duration::from_secs(20);
        // An outlet that is no longer wanted still writes what it has, and nobody waits for it.
        while told(directory.path()) != expected && Instant::now() < latest {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(
            told(directory.path()),
            expected,
            "one file for each path, and no other"
        );
    }
}
