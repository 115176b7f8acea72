//! What is written to the store, and what is read from it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::SystemTime;

/// A change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// This is the answer now, and it is current.
    Answer(Vec<u8>),
    /// The answer that is kept is current again.
    Current,
    /// The answer that is kept has not been current since this time. One that is stale already keeps its earlier time.
    StaleSince(SystemTime),
    /// The query is not used any more.
    Remove,
}

/// An answer of an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The answer.
    pub answer: Vec<u8>,
    /// The last time at which it was known to be current; `None` if it is unknown, because the clock says an earlier time.
    pub current_until: Option<SystemTime>,
}

/// The result of a read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded<'a> {
    /// The answers, by query.
    pub answers: HashMap<&'a str, Kept>,
    /// The queries whose answer is damaged, as far as they are known.
    pub damaged: HashSet<&'a str>,
    /// The damage, because of which answers may be missing.
    pub damage: Option<Damage>,
}

/// What is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The file, with this error.
    File(String),
    /// The checksum of this number of answers is wrong.
    Answers(usize),
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => formatter.write_str(error),
            Self::Answers(1) => formatter.write_str("the checksum of 1 answer is wrong"),
            Self::Answers(count) => write!(formatter, "the checksums of {count} answers are wrong"),
        }
    }
}

/// The result of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The damage because of which the file was removed before; `None`: it was not damaged.
    pub damage: Option<String>,
    /// `true` if this write has created the file, so that it has nothing of earlier writes.
    pub is_new: bool,
}
