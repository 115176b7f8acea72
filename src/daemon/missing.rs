//! What is missing when the time is up: each query with the place that asks it and the reason.

use std::fmt;

use crate::query::Query;
use crate::template::Absence;

/// One query without data.
#[derive(Debug)]
pub(super) struct MissingData {
    /// The file that asks it, and the line; 0: the file as a whole.
    pub(super) place: (String, u32),
    pub(super) query: Query,
    pub(super) absence: Absence,
    /// The error that it was last answered with.
    pub(super) trouble: Option<String>,
}

impl MissingData {
    /// Says it in the log, one event for each.
    pub(super) fn tell(&self) {
        let Self {
            place: (template, line),
            query,
            ..
        } = self;
        tracing::error!(name: "data.missing", template, line, %query, "{self}");
    }
}

impl fmt::Display for MissingData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place: (file, line),
            query,
            absence,
            trouble,
        } = self;
        match line {
            0 => write!(f, "{file}: {query}: ")?,
            line => write!(f, "{file}:{line}: {query}: ")?,
        }
        match (trouble, absence) {
            (Some(trouble), _) => write!(f, "{trouble}"),
            (None, Absence::Unanswered) => write!(f, "not answered yet"),
            (None, Absence::NoSuchKey) => write!(f, "the key does not exist"),
            (None, Absence::NothingBelow) => write!(f, "there is nothing below this prefix"),
        }
    }
}
