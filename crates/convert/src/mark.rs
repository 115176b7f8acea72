//! The parts that could not be converted.

use std::fmt::{self, Display};

/// A part of the Go template that could not be converted. The Jinja template has a comment in its
/// place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line in the Go template.
    pub line: u32,
    /// The part.
    pub what: String,
    /// The reason why it could not be converted.
    pub why: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.what, self.why)
    }
}

/// A part that cannot be converted, with the reason.
#[derive(Debug)]
pub(crate) struct Cannot {
    /// The byte offset in the source.
    offset: usize,
    what: String,
    why: String,
}

impl Cannot {
    pub(crate) fn new(offset: usize, what: impl Display, why: &str) -> Self {
        Self {
            offset,
            what: what.to_string(),
            why: why.to_owned(),
        }
    }

    pub(crate) fn into_mark(self, lines: &Lines) -> Mark {
        Mark {
            line: lines.line_of(self.offset),
            what: self.what,
            why: self.why,
        }
    }
}

/// The byte offsets at which the lines of a source start.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(source: &str) -> Self {
        let breaks = source.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(breaks).collect())
    }

    /// Returns the number of the line, from 1, that contains a byte.
    fn line_of(&self, offset: usize) -> u32 {
        let line = self.0.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let lines = Lines::of("a\nb\n\nc");
        let at: Vec<u32> = (0..6).map(|offset| lines.line_of(offset)).collect();
        assert_eq!(at, [1, 1, 2, 2, 3, 4]);
    }
}
