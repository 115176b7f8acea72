//! How a record looks as a line.
//!
//! in:  a [`Record`]
//! out: `2026-11-22T15:33:01.232Z [INFO] (watch) text`, or an object of JSON

use std::fmt::Write as _;

use tracing::Level;

use super::escape::{push, push_json};
use super::record::{Record, Value};
use crate::config::logging::LogFormat;

/// The name of the events of libraries, which have none of their own.
const LIBRARY: &str = "library";

/// How lines look in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) format: LogFormat,
    /// Somebody reads it as it comes: an error may have several lines, each indented so that it is no event.
    pub(super) terminal: bool,
    /// Each line begins with its priority, as `sd-daemon(3)` has it.
    pub(super) priorities: bool,
}

impl Layout {
    /// The lines of a file.
    pub(super) fn of_file(format: LogFormat) -> Self {
        Self { format, terminal: false, priorities: false }
    }

    /// Appends the line with its end.
    pub(super) fn push(self, line: &mut String, record: &Record) {
        if self.priorities {
            // Writing into a text does not fail.
            let _ = write!(line, "<{}>", priority(record.level));
        }
        match self.format {
            LogFormat::Json => push_object(line, record),
            LogFormat::Text => {
                let _ = write!(line, "{:.3} [{}] ", record.time, level(record.level));
                push_text(line, record, if self.terminal { "\n    " } else { "\\n" });
            }
        }
        line.push('\n');
    }
}

/// `(component) text`. The text of ours has everything in it; libraries say some of it in fields.
pub(super) fn push_text(line: &mut String, record: &Record, newline: &str) {
    let _ = write!(line, "({}) ", record.component);
    push(line, &record.message, newline);
    if record.event.is_none() {
        for (name, value) in &record.fields {
            let _ = write!(line, " {name}=");
            push(line, &value.to_string(), newline);
        }
    }
}

fn push_object(line: &mut String, record: &Record) {
    let Record { time, level, component, event, message, fields } = record;
    let _ = write!(line, "{{\"timestamp\":\"{time:.3}\",\"level\":\"{}\"", level.as_str().to_ascii_lowercase());
    for (name, text) in [("component", *component), ("event", event.unwrap_or(LIBRARY)), ("message", message)] {
        let _ = write!(line, ",\"{name}\":");
        push_json(line, text);
    }
    for (name, value) in fields {
        let _ = write!(line, ",\"{name}\":");
        match value {
            Value::Integer(number) => drop(write!(line, "{number}")),
            Value::Natural(number) => drop(write!(line, "{number}")),
            Value::Bool(value) => drop(write!(line, "{value}")),
            Value::Float(number) if number.is_finite() => drop(write!(line, "{number}")),
            Value::Text(_) | Value::Float(_) => push_json(line, &value.to_string()),
        }
    }
    line.push('}');
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

/// The priority of a level, as syslog and the journal number them.
pub(super) fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            time: "2026-11-22T15:33:01.2325Z".parse().expect("a time"),
            level: Level::ERROR,
            component: "watch",
            event: Some("a.b"),
            message: "one\ntwo \"x\"".to_owned(),
            fields: vec![("path", Value::Text("/a\nb".to_owned())), ("n", Value::Natural(3)), ("f", Value::Float(0.5))],
        }
    }

    fn line(layout: Layout, record: &Record) -> String {
        let mut line = String::new();
        layout.push(&mut line, record);
        line
    }

    #[test]
    fn text_is_one_line_but_on_a_terminal() {
        let plain = Layout::of_file(LogFormat::Text);
        assert_eq!(line(plain, &record()), "2026-11-22T15:33:01.232Z [ERR] (watch) one\\ntwo \"x\"\n");
        let terminal = Layout { terminal: true, ..plain };
        assert_eq!(line(terminal, &record()), "2026-11-22T15:33:01.232Z [ERR] (watch) one\n    two \"x\"\n");
        let journal = Layout { priorities: true, ..plain };
        assert!(line(journal, &record()).starts_with("<3>2026-"));
        let library = Record { event: None, ..record() };
        assert!(line(plain, &library).ends_with("two \"x\" path=/a\\nb n=3 f=0.5\n"));
    }

    #[test]
    fn json_is_an_object_a_line() {
        assert_eq!(
            line(Layout::of_file(LogFormat::Json), &record()),
            "{\"timestamp\":\"2026-11-22T15:33:01.232Z\",\"level\":\"error\",\"component\":\"watch\",\"event\":\"a.b\",\
             \"message\":\"one\\ntwo \\\"x\\\"\",\"path\":\"/a\\nb\",\"n\":3,\"f\":0.5}\n"
        );
    }
}
