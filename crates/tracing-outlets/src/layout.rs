//! Formats a record as lines of text or as a JSON object.
//!
//! Input: a [`Record`]. Output: `2026-11-22T15:33:01.232Z [INFO] (watch) text`, or an object on one line.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use tracing::Level;

use crate::escape::{push, push_json};
use crate::options::{Format, Terminal};
use crate::record::{Record, Value};

/// The event name of library records; their events have no stable names.
const LIBRARY: &str = "library";

/// Moves the cursor of a terminal to the first column and erases the row.
const ERASE: &str = "\r\x1b[K";

/// The format of the lines of one outlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    /// Whether each line starts with its priority, as `sd-daemon(3)` describes.
    pub(crate) priorities: bool,
    pub(crate) terminal: Terminal,
}

impl Layout {
    /// Creates the format of the lines of a file.
    pub(crate) fn of_file(format: Format) -> Self {
        Self {
            format,
            priorities: false,
            terminal: Terminal::default(),
        }
    }

    /// Appends the record with a newline. In text format, a message of several lines becomes
    /// several lines with the same head.
    pub(crate) fn push(self, line: &mut String, record: &Record) {
        let priority = if self.priorities {
            format!("<{}>", priority(record.level))
        } else {
            String::new()
        };
        let erased = if self.terminal.erases { ERASE } else { "" };
        match self.format {
            Format::Json => {
                line.push_str(erased);
                line.push_str(&priority);
                push_object(line, record);
                line.push('\n');
            }
            Format::Text => {
                let (time, level, component) = (record.time, level(record.level), record.component);
                let style = if self.terminal.colors {
                    style(record.level)
                } else {
                    Style::new()
                };
                let head =
                    format!("{erased}{priority}{time:.3} [{style}{level}{style:#}] ({component}) ");
                for (indent, part) in parts(&text(record)) {
                    line.push_str(&head);
                    line.push_str(indent);
                    push(line, part);
                    line.push('\n');
                }
            }
        }
    }
}

/// Returns the complete message. Messages of the application are complete; library messages are
/// extended with their fields.
pub(crate) fn text(record: &Record) -> Cow<'_, str> {
    if record.event.is_some() {
        return Cow::Borrowed(&record.message);
    }
    let fields = record
        .fields
        .iter()
        .map(|(name, value)| format!(" {name}={value}"));
    Cow::Owned(
        std::iter::once(record.message.clone())
            .chain(fields)
            .collect(),
    )
}

/// Returns the lines of a text. All lines but the first are indented, so that they cannot look like
/// events.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    let parts = text.trim_end_matches('\n').split('\n');
    parts
        .enumerate()
        .map(|(number, part)| (if number == 0 { "" } else { "    " }, part))
}

/// Cuts a text to `max_len` bytes, and marks the cut.
pub(crate) fn cut(text: &mut String, max_len: usize) {
    const CUT: &str = "… [cut]";
    if text.len() > max_len {
        let end = (0..=max_len.saturating_sub(CUT.len()))
            .rev()
            .find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push_str(CUT);
    }
}

fn push_object(line: &mut String, record: &Record) {
    let Record {
        time,
        level,
        component,
        event,
        message,
        fields,
    } = record;
    let _ = write!(
        line,
        "{{\"timestamp\":\"{time:.3}\",\"level\":\"{}\"",
        level.as_str().to_ascii_lowercase()
    );
    for (name, text) in [
        ("component", *component),
        ("event", event.unwrap_or(LIBRARY)),
        ("message", message),
    ] {
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

/// Returns the name of a level, as in consul-template.
fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// Returns the style of the name of a level.
fn style(level: Level) -> Style {
    match level {
        Level::ERROR => AnsiColor::Red.on_default().bold(),
        Level::WARN => AnsiColor::Yellow.on_default(),
        Level::INFO => AnsiColor::Green.on_default(),
        Level::DEBUG => AnsiColor::Blue.on_default(),
        Level::TRACE => AnsiColor::Magenta.on_default(),
    }
}

/// Returns the syslog priority of a level, which the journal uses as well.
pub(crate) fn priority(level: Level) -> u8 {
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
            fields: vec![
                ("path", Value::Text("/a\nb".to_owned())),
                ("n", Value::Natural(3)),
                ("f", Value::Float(0.5)),
            ],
        }
    }

    fn line(layout: Layout, record: &Record) -> String {
        let mut line = String::new();
        layout.push(&mut line, record);
        line
    }

    #[test]
    fn every_line_of_text_has_the_head_and_only_the_first_looks_like_an_event() {
        let plain = Layout::of_file(Format::Text);
        let head = "2026-11-22T15:33:01.232Z [ERR] (watch)";
        assert_eq!(
            line(plain, &record()),
            format!("{head} one\n{head}     two \"x\"\n")
        );
        let journal = Layout {
            priorities: true,
            ..plain
        };
        assert_eq!(
            line(journal, &record()),
            format!("<3>{head} one\n<3>{head}     two \"x\"\n")
        );
        let library = Record {
            event: None,
            message: "one\r\n".to_owned(),
            ..record()
        };
        assert_eq!(
            line(plain, &library),
            format!("{head} one\\r\n{head}      path=/a\n{head}     b n=3 f=0.5\n")
        );
    }

    #[test]
    fn on_a_terminal_text_has_a_colored_level_and_each_line_erases_its_row() {
        let terminal = Terminal {
            colors: true,
            erases: true,
        };
        let layout = |format| Layout {
            terminal,
            ..Layout::of_file(format)
        };
        let head = "\r\x1b[K2026-11-22T15:33:01.232Z [\x1b[1m\x1b[31mERR\x1b[0m] (watch)";
        assert_eq!(
            line(layout(Format::Text), &record()),
            format!("{head} one\n{head}     two \"x\"\n")
        );
        let json = line(layout(Format::Json), &record());
        let plain = line(Layout::of_file(Format::Json), &record());
        assert_eq!(json, format!("\r\x1b[K{plain}"));
    }

    #[test]
    fn json_is_one_object_per_line() {
        assert_eq!(
            line(Layout::of_file(Format::Json), &record()),
            "{\"timestamp\":\"2026-11-22T15:33:01.232Z\",\"level\":\"error\",\"component\":\"watch\",\"event\":\"a.b\",\
             \"message\":\"one\\ntwo \\\"x\\\"\",\"path\":\"/a\\nb\",\"n\":3,\"f\":0.5}\n"
        );
    }
}
