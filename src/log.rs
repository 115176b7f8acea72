//! The log: one line an event on standard error, in the layout that consul-template's users know.
//!
//! `2026-11-22T15:33:01.232Z [INFO] (watch) text`

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::resolved::LogLevel;

/// Begins to log. Events of libraries show from WARN on only: theirs may name headers.
pub fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("ctmpl", level)
        .with_target("command", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).event_format(Layout);
    // A second call finds the log started, and changes nothing.
    let _ = tracing_subscriber::registry().with(targets).with(lines).try_init();
}

struct Layout;

impl<S, N> FormatEvent<S, N> for Layout
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let now = jiff::Timestamp::now();
        let metadata = event.metadata();
        write!(line, "{now:.3} [{}] ({}) ", level(*metadata.level()), component(metadata.target()))?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

/// The level as consul-template writes it.
fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// `ctmpl::watch::follow` is `watch`.
fn component(target: &str) -> &str {
    let mut parts = target.split("::");
    match (parts.next(), parts.next()) {
        (Some("ctmpl"), Some(room)) => room,
        (Some(library), _) => library,
        (None, _) => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_the_room() {
        assert_eq!(component("ctmpl::watch::follow"), "watch");
        assert_eq!(component("ctmpl"), "ctmpl");
        assert_eq!(component("hyper::client"), "hyper");
    }
}
