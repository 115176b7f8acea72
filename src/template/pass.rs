//! One pass over one template: what it may see, and the record of what it asked.
//!
//! in:  a [`Snapshot`], the environment variables, the time
//! out: every query that was asked, and which of them had no data yet ([`Asked`])
//!
//! A query without data does not stop the pass: it yields an empty value, so that all queries of a pass are found in
//! one go; but the pass is then incomplete, and what it rendered (text or error) is thrown away.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::format;
use super::format::mark::{self, Kind};
use super::function::{Function, FunctionError};
use super::kept::{Kept, Made};
use super::origin;
use super::output::Output;
use super::scratch::Scratch;
use crate::answer::{Answer, Depth, Instance, Pair};
use crate::config::glob::Glob;
use crate::config::resolved::Format;
use crate::query::{Health, Query};
use crate::snapshot::Snapshot;

/// A pass that is to be made again later is made again after this time at the latest.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What one pass over one template may see.
#[derive(Debug)]
pub struct Pass {
    snapshot: Snapshot,
    surroundings: Arc<Surroundings>,
    now: Timestamp,
    scratch: Arc<Scratch>,
    asked: Mutex<Asked>,
    outputs: Mutex<Vec<Output>>,
    sandbox: Option<Arc<Path>>,
    denied: Arc<[Glob]>,
    trap: Option<Query>,
    sprung: AtomicBool,
    format: Format,
    /// How many values were marked.
    marked: AtomicUsize,
    /// Which of them is an error, and what the error says.
    refused: Option<(usize, String)>,
    /// How many bytes of text the functions have made, and how many items of lists.
    made: [AtomicUsize; 2],
}

/// More text than this cannot be made by the functions of one pass: whatever of it a template keeps is in memory.
const MOST_TEXT: usize = 256 << 20;

/// More items of lists than this cannot be made. A list that is appended to is made anew each time.
const MOST_ITEMS: usize = 50_000_000;

/// What goes on from pass to pass.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The environment variables that `env` and its kin see.
    pub variables: BTreeMap<String, String>,
    /// The name of this host, which seeds what differs from host to host.
    pub host: String,
    /// What functions made once, and go on yielding.
    pub kept: Arc<Kept>,
}

impl Surroundings {
    /// These variables, on this host.
    #[must_use]
    pub fn here(variables: BTreeMap<String, String>) -> Self {
        let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        Self { variables, host: host.unwrap_or_default(), kept: Arc::default() }
    }
}

/// Only the names: values may be secret.
impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// The queries of one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Every query, answered or not.
    pub queries: BTreeSet<Arc<Query>>,
    /// The queries whose data is still missing, and why.
    pub missing: BTreeMap<Query, Absence>,
    /// How deep was looked into the answers to the queries of which not all is seen.
    pub depths: BTreeSet<(Query, Depth)>,
    /// The queries of which it matters since when their instances pass, and for how long it does.
    pub timed: BTreeMap<Query, Duration>,
    /// When the next instance will have been passing for long enough.
    pub again: Option<Instant>,
}

/// Why a query has no data yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Absence {
    /// It has not been answered.
    Unanswered,
    /// It has been answered: the key does not exist, and the template cannot do without it (`key`).
    NoSuchKey,
    /// It has been answered: nothing is below the prefix, and the template cannot do without (`safeLs`, `safeTree`).
    NothingBelow,
}

impl Pass {
    /// A pass over what is known now.
    #[must_use]
    pub fn new(snapshot: Snapshot, surroundings: Arc<Surroundings>, now: Timestamp) -> Self {
        Self {
            snapshot,
            surroundings,
            now,
            scratch: Arc::default(),
            asked: Mutex::default(),
            outputs: Mutex::default(),
            sandbox: None,
            denied: Arc::default(),
            trap: None,
            sprung: AtomicBool::new(false),
            format: Format::None,
            marked: AtomicUsize::new(0),
            refused: None,
            made: [const { AtomicUsize::new(0) }; 2],
        }
    }

    /// Counts what a function has made.
    ///
    /// # Errors
    /// If it is too much together with what was made before.
    pub(crate) fn afford(&self, value: &Value) -> Result<(), FunctionError> {
        let [texts, items] = &self.made;
        let (made, size, most, what) = match value.kind() {
            ValueKind::String => (texts, value.as_bytes().map_or(0, <[u8]>::len), MOST_TEXT, "bytes of text"),
            ValueKind::Seq => (items, value.len().unwrap_or(0), MOST_ITEMS, "items of lists"),
            _ => return Ok(()),
        };
        if made.fetch_add(size, Ordering::Relaxed).saturating_add(size) > most {
            return Err(FunctionError::new(format!(
                "the functions of this template have made more than {most} {what}"
            )));
        }
        Ok(())
    }

    /// The same pass, but its values are written for this format: those that are not plain are marked.
    #[must_use]
    pub fn writing(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The same pass, but the marked value of this number is an error: it finds the place that prints it.
    #[must_use]
    pub fn refusing(mut self, number: usize, message: String) -> Self {
        self.refused = Some((number, message));
        self
    }

    /// The same pass, but `file` reads only what lies in this directory, if there is one.
    #[must_use]
    pub fn within(mut self, sandbox: Option<&Arc<Path>>) -> Self {
        self.sandbox = sandbox.cloned();
        self
    }

    /// The same pass, but functions with names like these fail when they are called.
    #[must_use]
    pub fn denying(mut self, denied: &Arc<[Glob]>) -> Self {
        self.denied = Arc::clone(denied);
        self
    }

    /// May this function be called, which goes by these names?
    ///
    /// # Errors
    /// If it is denied, with the pattern that does it.
    pub fn permit(&self, names: [&str; 2]) -> Result<(), FunctionError> {
        let denies = |glob: &&Glob| names.iter().any(|name| glob.matches(name));
        match self.denied.iter().find(denies) {
            None => Ok(()),
            Some(glob) => {
                Err(FunctionError(format!("the function is disabled: function_denylist has {:?}", glob.written())))
            }
        }
    }

    /// The directory in which every file must lie that is read; `None`: anywhere.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Arc<Path>> {
        self.sandbox.as_ref()
    }

    /// The same pass, but asking `query` is an error: it finds the place in the template that asks.
    #[must_use]
    pub fn trapping(mut self, query: Query) -> Self {
        self.trap = Some(query);
        self
    }

    /// Has the query been asked that this pass [traps](Self::trapping)?
    #[must_use]
    pub fn is_sprung(&self) -> bool {
        self.sprung.load(Ordering::Relaxed)
    }

    /// Asks, and yields the answer, or nothing as long as there is none.
    ///
    /// # Errors
    /// Only in a pass that [traps](Self::trapping) this query.
    pub fn ask(&self, query: &Query) -> Result<Option<Arc<Answer>>, FunctionError> {
        if self.trap.as_ref() == Some(query) {
            self.sprung.store(true, Ordering::Relaxed);
            return Err(FunctionError::new(format!("{query} has no data")));
        }
        let mut asked = self.asked();
        let Some((query, answer)) = self.snapshot.entry(query) else {
            asked.queries.insert(Arc::new(query.clone()));
            asked.missing.insert(query.clone(), Absence::Unanswered);
            return Ok(None);
        };
        asked.queries.insert(Arc::clone(query));
        Ok(Some(Arc::clone(answer)))
    }

    /// Has every query been answered, up to now? Then no argument of a function can be made of what is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.asked().missing.is_empty()
    }

    /// Of the answer to this query, no more is seen than this; several calls add up.
    pub fn sees(&self, query: &Query, depth: Depth) {
        self.asked().depths.insert((query.clone(), depth));
    }

    /// The format that values are written for.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// A value as it is printed.
    ///
    /// # Errors
    /// Only in a pass that [refuses](Self::refusing) this value.
    pub(super) fn printed<'a>(&self, value: &'a str, kind: Kind) -> Result<Cow<'a, str>, FunctionError> {
        let plain = match kind {
            Kind::Text => format::is_plain(self.format, value),
            Kind::Document => false,
        };
        if plain {
            return Ok(Cow::Borrowed(value));
        }
        let number = self.marked.fetch_add(1, Ordering::Relaxed);
        match &self.refused {
            Some((refused, message)) if *refused == number => Err(FunctionError::new(message)),
            _ => Ok(Cow::Owned(mark::marked(number, kind, value))),
        }
    }

    /// An argument as a function is to see it: without marks. Those in a text that is printed `raw` stay.
    #[must_use]
    pub fn argument(&self, function: &Function, value: Value) -> Value {
        if function.go == "raw" { value } else { self.bare(value) }
    }

    /// A value without marks.
    #[must_use]
    pub fn bare(&self, value: Value) -> Value {
        match value.as_str() {
            Some(text) if self.format != Format::None && mark::is_marked(text) => {
                Value::from(mark::unmarked(text).into_owned())
            }
            _ => value,
        }
    }

    /// What a function yields of its arguments: a document of the format is written as it is, indented or not.
    #[must_use]
    pub fn outcome(&self, function: &Function, args: &[Value], value: Value) -> Value {
        let is_whole = || {
            format::makes_documents(self.format, function)
                || (format::only_indents(function) && args.last().is_some_and(Value::is_safe))
        };
        match value.as_str() {
            // What was in it before it was printed is no mark of ours.
            Some(text) if self.format != Format::None && is_whole() => {
                Value::from_safe_string(mark::unmarked(text).into_owned())
            }
            _ => value,
        }
    }

    /// Whether the answer to a query has this value in it.
    pub(super) fn is_origin(&self, query: &Query, value: &str) -> bool {
        self.snapshot.answer(query).is_some_and(|answer| origin::holds(answer, value))
            || self.last_entry(query).is_some_and(|pair| pair.value == value)
    }

    /// The last entry that a key had, also when it is deleted now; to be called after [`ask`](Self::ask).
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<Arc<Pair>> {
        self.snapshot.last_entry(query).cloned()
    }

    /// The query was answered, but the template cannot do without more than it got.
    pub fn lacks(&self, query: &Query, absence: Absence) {
        self.asked().missing.entry(query.clone()).or_insert(absence);
    }

    /// Is data missing that was asked for up to now?
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        !self.asked().missing.is_empty()
    }

    /// Has an instance in the answer to this query been passing for this long? If it has not yet, the pass is to be
    /// made again when it has.
    #[must_use]
    pub fn has_passed(&self, query: &Query, instance: &Instance, span: Duration) -> bool {
        if instance.status != Health::Passing {
            return false;
        }
        let Some(ripe) = self.snapshot.passes_since(query, instance).and_then(|since| since.checked_add(span)) else {
            return true;
        };
        if self.snapshot.is_past(ripe) {
            return true;
        }
        let mut asked = self.asked();
        asked.again = Some(asked.again.map_or(ripe, |earlier| earlier.min(ripe)));
        false
    }

    /// It matters whether the instances in the answer to this query have been passing for this long.
    pub fn times(&self, query: &Query, span: Duration) {
        let mut asked = self.asked();
        let longest = asked.timed.entry(query.clone()).or_default();
        *longest = span.max(*longest);
    }

    /// What a function makes of its arguments, the same as in earlier passes. With a span it is made anew when that is
    /// over, and the pass is made again then. While data is missing it is empty: arguments may be made of what is missing.
    ///
    /// # Errors
    /// Those of making it.
    pub fn made_once<const N: usize>(
        &self,
        function: &str,
        arguments: &[&str],
        span: Option<Duration>,
        make: impl FnOnce() -> Result<[String; N], FunctionError>,
    ) -> Result<[String; N], FunctionError> {
        if self.is_incomplete() {
            return Ok([const { String::new() }; N]);
        }
        let kept = &self.surroundings.kept;
        let code = kept.code(function, arguments)?;
        let found = kept.find(&code, self.now);
        let result = if let Some(result) = found {
            result
        } else {
            let until = span.and_then(|span| self.now.checked_add(span).ok());
            let result = Made { texts: make()?, until };
            kept.keep(code, &result);
            result
        };
        if let Some(until) = result.until {
            self.again_at(until);
        }
        Ok(result.texts)
    }

    /// The pass is to be made again at this time, or before.
    fn again_at(&self, time: Timestamp) {
        let wait = Duration::try_from(time.duration_since(self.now)).unwrap_or_default();
        // The clock may be set in between, so the time is looked at again before long.
        let then = self.snapshot.moment().and_then(|now| now.checked_add(wait.min(LONGEST_WAIT)));
        if let Some(then) = then {
            let mut asked = self.asked();
            asked.again = Some(asked.again.map_or(then, |earlier| earlier.min(then)));
        }
    }

    /// The name of this host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.surroundings.host
    }

    /// An environment variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.surroundings.variables.get(name).map(String::as_str)
    }

    /// The time at which the pass began.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// This is to be written together with what the pass renders.
    pub fn write(&self, output: Output) {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).push(output);
    }

    /// What is to be written; to be called at the end of the pass, as it takes it away.
    #[must_use]
    pub fn take_outputs(&self) -> Vec<Output> {
        std::mem::take(&mut self.outputs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The scratch pad of the pass.
    #[must_use]
    pub fn scratch(&self) -> Arc<Scratch> {
        Arc::clone(&self.scratch)
    }

    /// What was asked, up to now; to be called at the end of the pass, as it takes it away.
    #[must_use]
    pub fn take_asked(&self) -> Asked {
        std::mem::take(&mut self.asked())
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        // The lock is held for one insertion; a panic in between leaves the sets whole.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
