//! Missing data at the end of the process: each query with its reason and the place that requests
//! it.

use std::fmt;

use crate::query::Query;
use crate::render::Absence;

/// One query without data.
#[derive(Debug)]
pub(super) struct MissingData {
    /// The requesting file and line; line 0 stands for the whole file.
    pub(super) place: (String, u32),
    pub(super) query: Query,
    pub(super) absence: Absence,
    /// The last error of the query.
    pub(super) failure: Option<String>,
}

impl MissingData {
    /// Logs the missing data.
    pub(super) fn log(&self) {
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
            failure,
        } = self;
        match line {
            0 => write!(f, "{file}: {query}: ")?,
            line => write!(f, "{file}:{line}: {query}: ")?,
        }
        match (failure, absence) {
            (Some(failure), _) => write!(f, "{failure}"),
            (None, Absence::Unanswered) => write!(f, "not answered yet"),
            (None, Absence::NoSuchKey) => write!(f, "the key does not exist"),
            (None, Absence::NothingBelow) => write!(f, "there is nothing below this prefix"),
        }
    }
}
