//! The requests of functions.
//!
//! Input: a query, and what a call selects of its answer. Output: the answer, and the marks of the fields that are read.

use std::sync::Arc;

use super::{Absence, CallSite, RenderContext};
use crate::answer::Answer;
use crate::query::Query;
use crate::render::call_options::{CallOptions, OnCollapse};
use crate::render::counted::Counted;
use crate::render::reading::Selection;
use crate::render::records::Reads;
use ::functions::FunctionError;

impl RenderContext {
    /// Requests a query. Returns its answer, or `None` if there is none yet. Each difference between answers counts as a
    /// change.
    pub fn request(&self, query: &Query) -> Option<Arc<Answer>> {
        self.request_part(query, Selection::Whole).0
    }

    /// Requests the selected items of the answer to a query. Returns the answer, or `None` if there is none yet, and the
    /// marks of the fields that the template reads of these items.
    pub fn request_part(
        &self,
        query: &Query,
        selection: Selection,
    ) -> (Option<Arc<Answer>>, Reads) {
        let (query, answer) = if let Some((query, answer)) = self.snapshot.entry(query) {
            (Arc::clone(query), Some(Arc::clone(answer)))
        } else {
            self.dependencies()
                .missing
                .insert(query.clone(), Absence::Unanswered);
            (Arc::new(query.clone()), None)
        };
        let reads = match &answer {
            Some(_) => self.reads_of(&query, selection),
            // The first answer is a change in any case.
            None => Reads::default(),
        };
        if self.dependencies().queries.insert(Arc::clone(&query)) {
            self.new_queries().push(query);
        }
        (answer, reads)
    }

    /// The marks for this selection from an answer. All calls with the same selection share them.
    fn reads_of(&self, query: &Arc<Query>, selection: Selection) -> Reads {
        let mut reads = self.reads();
        let selections = reads.entry(Arc::clone(query)).or_default();
        if let Some((_, reads)) = selections.iter().find(|(known, _)| *known == selection) {
            return reads.clone();
        }
        let new = Reads::recorded();
        selections.push((selection, new.clone()));
        new
    }

    /// Requests the selected items of the answer to a query, with the options of the call.
    ///
    /// # Errors
    /// If the options make the call fail.
    pub fn request_with(
        &self,
        query: &Query,
        options: CallOptions,
        selection: Selection,
    ) -> Result<(Option<Arc<Answer>>, Reads), FunctionError> {
        let counted = options.min.map(|min| (min, Counted::of(&selection)));
        let (answer, reads) = self.request_part(query, selection);
        if let (Some(answer), Some((min, counted)), Some(OnCollapse::Fail)) =
            (&answer, counted, options.on_collapse)
        {
            let items = counted.count(answer);
            if items < min {
                return Err(FunctionError::new(format!(
                    "{query}: {items} of at least {min} items, and on_collapse=fail keeps the last file"
                )));
            }
        }
        Ok((answer, reads))
    }

    /// Calls a function that may request queries, and records the call as the place of queries that
    /// were not requested before.
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
}
