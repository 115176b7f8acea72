//! The context of one rendering: its inputs, and the record of its dependencies.
//!
//! Input: a [`Snapshot`], the environment variables, the time. Output: every requested query, and
//! the queries without data ([`Dependencies`]).
//!
//! A query without data does not stop the pass: its value is empty, so that one pass finds all
//! queries. Such a pass is incomplete, and its text or error is discarded.

use config_blocks::Glob;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::output::Output;
use super::reading::{Reading, Selection};
use super::records::Reads;
use ::functions::FunctionError;
use answer_guard::Snapshot;
use consul_watch::answer::Pair;
use consul_watch::query::{Query, QueryMap};
use file_formats::Format;
use gotemplate::budget::Budget;
use gotemplate::scratch::Scratch;

mod dependencies;
mod guarding;
mod library;
mod marks;
mod render_env;
mod request;
mod site;
mod time;

pub use dependencies::{Absence, Dependencies, Substitute, SubstituteKind};
pub use guarding::Guarding;
pub use render_env::RenderEnv;
pub use site::{CallSite, JinjaCall};

/// The selections from the answer to each query, with the fields that are read of them.
type SelectedReads = QueryMap<Vec<(Selection, Reads)>>;

/// The inputs and records of one pass over one template.
#[derive(Debug)]
pub struct RenderContext {
    snapshot: Snapshot,
    render_env: Arc<RenderEnv>,
    now: Timestamp,
    scratch: Arc<Scratch>,
    dependencies: Mutex<Dependencies>,
    /// The fields that the template reads of each selection from an answer.
    reads: Mutex<SelectedReads>,
    outputs: Mutex<Vec<Output>>,
    sandbox: Option<Arc<Path>>,
    denied: Arc<[Glob]>,
    /// The queries that the current function call is the first to request.
    new_queries: Mutex<Vec<Arc<Query>>>,
    format: Format,
    /// The number of marked values.
    marked: AtomicUsize,
    /// The number of the marked value that fails, and the message of the error.
    refused: Option<(usize, String)>,
    /// The bytes of text and the list items that the functions have produced.
    produced: [AtomicUsize; 2],
    budget: Arc<Budget>,
}

/// The maximum amount of text that the functions of one pass produce, in bytes. A template may keep
/// all of it in memory.
const MAX_TEXT: usize = 256 << 20;

/// The maximum number of list items that the functions of one pass produce. Appending to a list
/// produces a new list.
const MAX_ITEMS: usize = 50_000_000;

impl RenderContext {
    /// Creates the context of a pass over these answers.
    #[must_use]
    pub fn new(snapshot: Snapshot, render_env: Arc<RenderEnv>, now: Timestamp) -> Self {
        Self {
            snapshot,
            render_env,
            now,
            scratch: Arc::default(),
            dependencies: Mutex::default(),
            reads: Mutex::default(),
            outputs: Mutex::default(),
            sandbox: None,
            denied: Arc::default(),
            new_queries: Mutex::default(),
            format: Format::None,
            marked: AtomicUsize::new(0),
            refused: None,
            produced: [const { AtomicUsize::new(0) }; 2],
            budget: Arc::default(),
        }
    }

    /// Counts the result of a function.
    ///
    /// # Errors
    /// If the total exceeds the limit.
    pub(crate) fn afford(&self, value: &Value) -> Result<(), FunctionError> {
        let [texts, items] = &self.produced;
        let (produced, size, most, what) = match value.kind() {
            ValueKind::String => (
                texts,
                value.as_bytes().map_or(0, <[u8]>::len),
                MAX_TEXT,
                "bytes of text",
            ),
            ValueKind::Seq => (items, value.len().unwrap_or(0), MAX_ITEMS, "items of lists"),
            _ => return Ok(()),
        };
        if produced
            .fetch_add(size, Ordering::Relaxed)
            .saturating_add(size)
            > most
        {
            return Err(FunctionError::new(format!(
                "the functions of this template have made more than {most} {what}"
            )));
        }
        Ok(())
    }

    /// Sets the budget of the pass.
    #[must_use]
    pub(crate) fn limited_by(mut self, budget: Arc<Budget>) -> Self {
        self.budget = budget;
        self
    }

    /// The budget of the pass.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Restricts `file` to this directory.
    #[must_use]
    pub fn within(mut self, sandbox: Option<&Arc<Path>>) -> Self {
        self.sandbox = sandbox.cloned();
        self
    }

    /// Makes functions whose names match a pattern fail when they are called.
    #[must_use]
    pub(crate) fn denying(mut self, denied: &Arc<[Glob]>) -> Self {
        self.denied = Arc::clone(denied);
        self
    }

    /// Returns `true` if some functions are denied.
    #[must_use]
    pub(crate) fn denies_functions(&self) -> bool {
        !self.denied.is_empty()
    }

    /// Checks that the function with these names is not denied.
    ///
    /// # Errors
    /// If it is denied, with the matching pattern.
    pub(crate) fn permit(&self, names: [&str; 2]) -> Result<(), FunctionError> {
        let denies = |glob: &&Glob| names.iter().any(|name| glob.matches(name));
        match self.denied.iter().find(denies) {
            None => Ok(()),
            Some(glob) => Err(FunctionError::new(format!(
                "the function is disabled: function_denylist has {:?}",
                glob.written()
            ))),
        }
    }

    /// The directory that must contain every file that is read; `None`: no restriction.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Arc<Path>> {
        self.sandbox.as_ref()
    }

    /// Returns `true` if every query so far has data, so that no argument of a function results
    /// from missing data.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.dependencies().is_complete()
    }

    /// The last existing entry of a key, even if it is deleted now. Call [`request`](Self::request) first.
    #[must_use]
    pub(crate) fn last_entry(&self, query: &Query) -> Option<Arc<Pair>> {
        self.snapshot.last_entry(query).cloned()
    }

    /// Records that a query lacks data that the template requires.
    pub fn lacks(&self, query: &Query, absence: Absence) {
        self.dependencies()
            .missing
            .entry(query.clone())
            .or_insert(absence);
    }

    /// The name of this host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.render_env.host
    }

    /// The value of an environment variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.render_env.variables.get(name).map(String::as_str)
    }

    /// The time at which the pass began.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Adds a file that is written together with the text of the pass.
    pub fn write(&self, output: Output) {
        self.outputs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(output);
    }

    /// Removes and returns the files to write, at the end of the pass.
    #[must_use]
    pub(crate) fn take_outputs(&self) -> Vec<Output> {
        std::mem::take(&mut self.outputs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The scratch pad of the pass.
    #[must_use]
    pub fn scratch(&self) -> Arc<Scratch> {
        Arc::clone(&self.scratch)
    }

    /// Removes and returns the recorded dependencies, at the end of the pass.
    #[must_use]
    pub(crate) fn take_dependencies(&self) -> Dependencies {
        let mut dependencies = std::mem::take(&mut *self.dependencies());
        let reading = |(selection, reads): (Selection, Reads)| Reading {
            selection,
            fields: reads.fields(),
        };
        let readings = std::mem::take(&mut *self.reads()).into_iter();
        dependencies.readings = readings
            .map(|(query, selections)| (query, selections.into_iter().map(reading).collect()))
            .collect();
        dependencies
    }

    fn new_queries(&self) -> MutexGuard<'_, Vec<Arc<Query>>> {
        self.new_queries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reads(&self) -> MutexGuard<'_, SelectedReads> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dependencies(&self) -> MutexGuard<'_, Dependencies> {
        // The lock is held for one insertion; a panic in between leaves the sets consistent.
        self.dependencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
