//! The outlets as a layer of `tracing`'s subscriber.
//!
//! Input: events that passed the level filter. Output: [`Record`]s in the queues of the outlets.

use std::sync::Arc;

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;

use super::queue::Queue;
use super::record::Record;
use crate::config::resolved::LogLevel;

/// The targets of this program's events: its modules, the embedded server, and the output of commands.
const OWN_TARGETS: [&str; 3] = ["ctmpl", "consul_dev", "command"];

/// Puts every event into the queue of every outlet.
///
/// This is one layer for all outlets, so that they share one record: an event has the same time everywhere.
#[derive(Default)]
pub(super) struct OutletLayer(Vec<Arc<Queue>>);

impl OutletLayer {
    pub(super) fn new(queues: Vec<Arc<Queue>>) -> Self {
        Self(queues)
    }
}

impl<S: Subscriber> Layer<S> for OutletLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let record = Arc::new(Record::of(event));
        for queue in &self.0 {
            queue.push(&record);
        }
    }
}

/// The filter for a level. Events of libraries show from WARN on only, because theirs may contain headers.
pub(super) fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OWN_TARGETS.map(|target| (target, level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_are_logged_from_warn_on() {
        let cases = [
            (LogLevel::Trace, "ctmpl::watch", Level::TRACE, true),
            (LogLevel::Trace, "command", Level::TRACE, true),
            (LogLevel::Trace, "hyper::client", Level::INFO, false),
            (LogLevel::Trace, "hyper::client", Level::WARN, true),
            (LogLevel::Info, "ctmpl", Level::DEBUG, false),
            (LogLevel::Error, "ctmpl::watch", Level::WARN, false),
            (LogLevel::Error, "hyper::client", Level::WARN, false),
            (LogLevel::Error, "hyper::client", Level::ERROR, true),
        ];
        for (configured, target, level, expected) in cases {
            assert_eq!(
                filter(configured).would_enable(target, &level),
                expected,
                "{configured:?} {target} {level}"
            );
        }
    }
}
