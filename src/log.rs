//! The log: one line per event, on stderr and in the outlets that the configuration adds.
//!
//! Input: events of `tracing`, and a [`LogConfig`].
//! Output: lines on stderr and in a file, datagrams to syslog and to the journal.
//!
//! Every event has a stable name (`name: "file.written"` in the call); `docs/src/reference/events.md` lists them. A layer of
//! `tracing`'s subscriber turns an event into a `Record` and puts it into the queue of each outlet, from which a thread
//! of the outlet writes. A slow reader, disk or socket therefore never delays the component that logs: what does not fit
//! into the queue is dropped and counted.

mod error;
mod escape;
mod file;
mod journal;
mod layer;
mod layout;
mod lines;
mod logger;
mod outlet;
mod queue;
mod record;
mod syslog;

use std::sync::OnceLock;

use crate::config::logging::LogConfig;

pub use error::LogError;
use logger::Logger;

/// The log of this process. Dropping it waits up to a second for the lines that are not written yet.
#[derive(Debug)]
pub struct Log(());

impl Drop for Log {
    fn drop(&mut self) {
        logger().shutdown();
    }
}

/// Starts logging.
///
/// # Errors
/// [`LogError`] if an outlet cannot be opened.
pub fn start(config: &LogConfig) -> Result<Log, LogError> {
    logger().change(config)?;
    logger().install();
    Ok(Log(()))
}

/// Applies another configuration. An outlet that both configurations name stays open.
///
/// # Errors
/// [`LogError`] if an outlet cannot be opened; then nothing changes.
pub fn change(config: &LogConfig) -> Result<(), LogError> {
    logger().change(config)
}

/// The logger of the process: `tracing` has one global subscriber.
fn logger() -> &'static Logger {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    LOGGER.get_or_init(Logger::new)
}
