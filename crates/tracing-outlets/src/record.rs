//! An event in the form that outlets write.
//!
//! Input: an event of `tracing`. Output: a [`Record`] with time, level, component, event name,
//! message and fields.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// Returns the part of the program for the target of an event.
pub type Component = fn(&'static str) -> &'static str;

/// Returns the crate of a target: `hyper` for `hyper::client`.
pub(crate) fn library(target: &'static str) -> &'static str {
    target.split("::").next().unwrap_or(target)
}

/// One log record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) time: Timestamp,
    pub(crate) level: Level,
    /// The part of the program.
    pub(crate) component: &'static str,
    /// The stable name of the event; `None` for events of libraries.
    pub(crate) event: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) fields: Vec<(&'static str, Value)>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Natural(u64),
    Float(f64),
    Bool(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Natural(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Bool(value) => value.fmt(f),
        }
    }
}

impl Record {
    /// Creates the record of an event.
    pub(crate) fn of(event: &Event<'_>, component: Component) -> Self {
        let metadata = event.metadata();
        let mut record = Self {
            time: Timestamp::now(),
            level: *metadata.level(),
            component: component(metadata.target()),
            // `tracing` names unnamed events after their source position.
            event: Some(metadata.name()).filter(|name| !name.starts_with("event ")),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut record);
        record
    }

    /// Creates the record that reports lost records.
    pub(crate) fn lost(count: u64) -> Self {
        const EVENT: &str = "log.lost";
        Self {
            time: Timestamp::now(),
            level: Level::WARN,
            component: "log",
            event: Some(EVENT),
            message: match count {
                1 => "1 log line is missing here: it could not be written".to_owned(),
                _ => {
                    format!("{count} log lines are missing here: they could not be written")
                }
            },
            fields: vec![("lines", Value::Natural(count))],
        }
    }

    /// Returns the approximate size in memory, in bytes.
    pub(crate) fn size(&self) -> usize {
        let field = |(_, value): &(&str, Value)| match value {
            Value::Text(text) => text.len() + 64,
            _ => 64,
        };
        256 + self.message.len() + self.fields.iter().map(field).sum::<usize>()
    }
}

impl Visit for Record {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a `String` cannot fail.
            let _ = write!(self.message, "{value:?}");
        } else {
            self.fields
                .push((field.name(), Value::Text(format!("{value:?}"))));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.fields
                .push((field.name(), Value::Text(value.to_owned())));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.push((field.name(), Value::Integer(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.push((field.name(), Value::Natural(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.push((field.name(), Value::Float(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.push((field.name(), Value::Bool(value)));
    }
}
