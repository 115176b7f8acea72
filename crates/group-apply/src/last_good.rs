//! Compares the destinations with what an earlier process has written.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use apply_ledger::Hash;

use super::journal::Journal;
use super::targets::Targets;

/// A file that does not have the content that an earlier process has written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The destination.
    pub path: PathBuf,
    /// The reason.
    pub reason: Difference,
}

/// The reason why a file does not have the content that an earlier process has written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// No earlier process has written it.
    NotWritten,
    /// It does not exist.
    Missing,
    /// It cannot be read.
    Unreadable,
    /// Another program has changed it.
    Changed,
    /// It was not read in time.
    Late,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotWritten => "was not written by an earlier process",
            Self::Missing => "is missing",
            Self::Unreadable => "cannot be read",
            Self::Changed => "was changed by another program",
            Self::Late => "was not read in time",
        })
    }
}

/// Checks that each of these files has the content that an earlier process has written last.
///
/// # Errors
/// The first file that has not.
pub fn check(journal: &Journal, destinations: Vec<PathBuf>) -> Result<(), Differing> {
    let not_written = |path: &PathBuf| (path.clone(), Some(Difference::NotWritten));
    let mut differences: BTreeMap<_, _> = destinations.iter().map(not_written).collect();
    let targets = Targets::of(destinations);
    for file in journal.destinations() {
        let Some(destination) = targets.configured(&file.path) else {
            continue;
        };
        let difference = match safe_read::read(&file.path) {
            Ok(content) if file.written == Some(Hash::of(&content)) => None,
            Ok(_) => Some(Difference::Changed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Difference::Missing),
            Err(_) => Some(Difference::Unreadable),
        };
        differences.insert(destination, difference);
    }
    let mut differing = differences.into_iter();
    let differing = differing.find_map(|(path, reason)| Some((path, reason?)));
    differing.map_or(Ok(()), |(path, reason)| Err(Differing { path, reason }))
}
