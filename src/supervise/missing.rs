//! What is missing when the time is up: each query with the place that asks it and the reason.

use std::fmt;
use std::time::Duration;

use crate::query::Query;
use crate::template::Absence;

/// One query without data.
#[derive(Debug)]
pub(super) struct Lack {
    /// The file that asks it, and the line; 0: the file as a whole.
    pub(super) place: (String, u32),
    pub(super) query: Query,
    pub(super) absence: Absence,
    /// The error that it was last answered with.
    pub(super) trouble: Option<String>,
}

/// The whole list.
#[derive(Debug)]
pub(super) struct Report<'a> {
    /// After how long; zero: it is no use waiting.
    pub(super) after: Duration,
    pub(super) lacks: &'a [Lack],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after.is_zero() {
            write!(f, "this data cannot be had:")?;
        } else {
            write!(f, "timed out after {:.1} s; still missing:", self.after.as_secs_f64())?;
        }
        self.lacks.iter().try_for_each(|lack| write!(f, "\n  {lack}"))
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: (file, line), query, absence, trouble } = self;
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
