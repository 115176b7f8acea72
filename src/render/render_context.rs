//! The context of one rendering: what it may see, and the record of its dependencies.
//!
//! Input: a [`Snapshot`], the environment variables, the time. Output: every requested query, and which of them had
//! no data yet ([`Dependencies`]).
//!
//! A query without data does not stop the pass: its value is empty, so that one pass finds all queries. But the pass is
//! then incomplete, and its text or error is discarded.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use minijinja::Value;
use minijinja::value::ValueKind;

use super::output::Output;
use crate::answer::{Answer, Depth, Pair};
use crate::config::glob::Glob;
use crate::config::resolved::Format;
use crate::query::Query;
use crate::store::Snapshot;
use ::functions::FunctionError;
use gotemplate::budget::Budget;
use gotemplate::scratch::Scratch;

mod dependencies;
mod library;
mod marks;
mod render_env;
mod site;
mod time;

pub use dependencies::{Absence, Dependencies};
pub use render_env::RenderEnv;
pub use site::{CallSite, JinjaCall};

/// What one pass over one template may see.
#[derive(Debug)]
pub struct RenderContext {
    snapshot: Snapshot,
    render_env: Arc<RenderEnv>,
    now: Timestamp,
    scratch: Arc<Scratch>,
    dependencies: Mutex<Dependencies>,
    outputs: Mutex<Vec<Output>>,
    sandbox: Option<Arc<Path>>,
    denied: Arc<[Glob]>,
    /// The queries that the present call of a function is the first to request.
    new_queries: Mutex<Vec<Arc<Query>>>,
    format: Format,
    /// How many values were marked.
    marked: AtomicUsize,
    /// Which of them is an error, and what the error says.
    refused: Option<(usize, String)>,
    /// How many bytes of text the functions have made, and how many items of lists.
    made: [AtomicUsize; 2],
    budget: Arc<Budget>,
}

/// More text than this cannot be made by the functions of one pass: whatever of it a template keeps is in memory.
const MOST_TEXT: usize = 256 << 20;

/// More items of lists than this cannot be made. Appending to a list makes a new list each time.
const MOST_ITEMS: usize = 50_000_000;

impl RenderContext {
    /// A pass over what is known now.
    #[must_use]
    pub fn new(snapshot: Snapshot, render_env: Arc<RenderEnv>, now: Timestamp) -> Self {
        Self {
            snapshot,
            render_env,
            now,
            scratch: Arc::default(),
            dependencies: Mutex::default(),
            outputs: Mutex::default(),
            sandbox: None,
            denied: Arc::default(),
            new_queries: Mutex::default(),
            format: Format::None,
            marked: AtomicUsize::new(0),
            refused: None,
            made: [const { AtomicUsize::new(0) }; 2],
            budget: Arc::default(),
        }
    }

    /// Counts what a function has made.
    ///
    /// # Errors
    /// If it is too much together with what was made before.
    pub(crate) fn afford(&self, value: &Value) -> Result<(), FunctionError> {
        let [texts, items] = &self.made;
        let (made, size, most, what) = match value.kind() {
            ValueKind::String => (
                texts,
                value.as_bytes().map_or(0, <[u8]>::len),
                MOST_TEXT,
                "bytes of text",
            ),
            ValueKind::Seq => (
                items,
                value.len().unwrap_or(0),
                MOST_ITEMS,
                "items of lists",
            ),
            _ => return Ok(()),
        };
        if made.fetch_add(size, Ordering::Relaxed).saturating_add(size) > most {
            return Err(FunctionError::new(format!(
                "the functions of this template have made more than {most} {what}"
            )));
        }
        Ok(())
    }

    /// The same pass, but its work ends when this budget is exhausted.
    #[must_use]
    pub fn limited_by(mut self, budget: Arc<Budget>) -> Self {
        self.budget = budget;
        self
    }

    /// The work that the pass may do.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
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

    /// Returns `true` if some functions are denied.
    #[must_use]
    pub fn denies_functions(&self) -> bool {
        !self.denied.is_empty()
    }

    /// Returns an error if the function with these names is denied.
    ///
    /// # Errors
    /// If it is denied, with the pattern that does it.
    pub fn permit(&self, names: [&str; 2]) -> Result<(), FunctionError> {
        let denies = |glob: &&Glob| names.iter().any(|name| glob.matches(name));
        match self.denied.iter().find(denies) {
            None => Ok(()),
            Some(glob) => Err(FunctionError(format!(
                "the function is disabled: function_denylist has {:?}",
                glob.written()
            ))),
        }
    }

    /// The directory in which every file must lie that is read; `None`: anywhere.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Arc<Path>> {
        self.sandbox.as_ref()
    }

    /// Requests a query. Returns its answer, or `None` as long as there is none.
    pub fn request(&self, query: &Query) -> Option<Arc<Answer>> {
        let mut dependencies = self.dependencies();
        let (query, answer) = if let Some((query, answer)) = self.snapshot.entry(query) {
            (Arc::clone(query), Some(Arc::clone(answer)))
        } else {
            dependencies
                .missing
                .insert(query.clone(), Absence::Unanswered);
            (Arc::new(query.clone()), None)
        };
        if dependencies.queries.insert(Arc::clone(&query)) {
            self.new_queries().push(query);
        }
        answer
    }

    /// Calls a function that may request queries. Of those that were not requested before, this call is the place.
    pub fn requesting<T>(&self, call: impl FnOnce() -> T, site: impl FnOnce() -> CallSite) -> T {
        let outcome = call();
        let new = std::mem::take(&mut *self.new_queries());
        if !new.is_empty() {
            let site = site();
            let new = new.into_iter().map(|query| (query, site.clone()));
            self.dependencies().sites.extend(new);
        }
        outcome
    }

    /// Returns `true` if every query so far was answered, so that no argument of a function is made of missing data.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.dependencies().is_complete()
    }

    /// Records how much of the answer to this query the template sees; several calls add up.
    pub fn sees(&self, query: &Query, depth: Depth) {
        self.dependencies().depths.insert((query.clone(), depth));
    }

    /// The last entry that a key had, also when it is deleted now; to be called after [`request`](Self::request).
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<Arc<Pair>> {
        self.snapshot.last_entry(query).cloned()
    }

    /// Records that the answer lacks what the template requires.
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

    /// An environment variable.
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

    /// Takes the files to be written; to be called at the end of the pass.
    #[must_use]
    pub fn take_outputs(&self) -> Vec<Output> {
        std::mem::take(&mut self.outputs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The scratch pad of the pass.
    #[must_use]
    pub fn scratch(&self) -> Arc<Scratch> {
        Arc::clone(&self.scratch)
    }

    /// Takes the dependencies recorded so far; to be called at the end of the pass.
    #[must_use]
    pub fn take_dependencies(&self) -> Dependencies {
        std::mem::take(&mut self.dependencies())
    }

    fn new_queries(&self) -> MutexGuard<'_, Vec<Arc<Query>>> {
        self.new_queries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn dependencies(&self) -> MutexGuard<'_, Dependencies> {
        // The lock is held for one insertion; a panic in between leaves the sets whole.
        self.dependencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
