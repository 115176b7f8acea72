//! The requests of functions.
//!
//! Input: a query, and what a call selects of its answer. Output: the answer, and the marks of the fields that are read.

use std::sync::Arc;

use super::{CallSite, RenderContext};
use crate::answer::Answer;
use crate::query::{ConsulQuery, DatacentersQuery, Query};
use crate::render::call_options::{CallOptions, OnCollapse};
use crate::render::counted::Counted;
use crate::render::failure_policy::{Consequence, FailurePolicy};
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
        self.request_as(query, selection, FailurePolicy::Wait).0
    }

    /// Requests the selected items of the answer to a query, and does what the policy says if the query fails.
    fn request_as(
        &self,
        query: &Query,
        selection: Selection,
        policy: FailurePolicy,
    ) -> ((Option<Arc<Answer>>, Reads), Consequence) {
        let entry = self.snapshot.entry(query);
        let failing = self.snapshot.failing().get(query);
        let consequence =
            policy.consequence(entry.is_some(), failing, self.snapshot.moment(), || {
                self.is_answered_elsewhere(query)
            });
        let (query, answer) = match entry {
            Some((query, answer)) => (Arc::clone(query), Some(answer)),
            None => (Arc::new(query.clone()), None),
        };
        let answer = answer.filter(|_| matches!(consequence, Consequence::Answer(_)));
        let reads = match answer {
            Some(_) => self.reads_of(&query, selection),
            // The first answer is a change in any case.
            None => Reads::default(),
        };
        let is_new = self
            .dependencies()
            .request(&query, policy, consequence, failing);
        if is_new {
            self.new_queries().push(query);
        }
        ((answer.cloned(), reads), consequence)
    }

    /// The policy of a call that sets none: a query to a datacenter that the template has from `datacenters` uses what is
    /// known.
    fn default_policy(&self, query: &Query) -> FailurePolicy {
        if self.datacenters(query.datacenter()).is_empty() {
            FailurePolicy::Wait
        } else {
            FailurePolicy::Known
        }
    }

    /// Returns `true` if the same query to another datacenter of the list is answered.
    fn is_answered_elsewhere(&self, query: &Query) -> bool {
        let own = query.datacenter();
        let mut others = self.datacenters(own).into_iter().filter(|name| name != own);
        others.any(|name| {
            let other = query.to_datacenter(&name);
            other.is_some_and(|other| self.snapshot.answer(&other).is_some())
        })
    }

    /// The datacenters that the template has requested; none if this one is not among them.
    fn datacenters(&self, own: &str) -> Vec<String> {
        if own.is_empty() {
            return Vec::new();
        }
        let lists = [false, true].map(|ignore_failing| {
            Query::from(ConsulQuery::Datacenters(DatacentersQuery {
                ignore_failing,
            }))
        });
        let requested = lists
            .into_iter()
            .filter(|list| self.dependencies().queries.contains(list));
        let mut answers = requested.filter_map(|list| match &**self.snapshot.answer(&list)? {
            Answer::Datacenters(names) if names.iter().any(|name| name == own) => {
                Some(names.clone())
            }
            _ => None,
        });
        answers.next().unwrap_or_default()
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
        let policy = options
            .on_error
            .unwrap_or_else(|| self.default_policy(query));
        let ((answer, reads), consequence) = self.request_as(query, selection, policy);
        if consequence == Consequence::Fail {
            return Err(self.failure_of(query, policy));
        }
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

    /// The error of a call whose query fails.
    fn failure_of(&self, query: &Query, policy: FailurePolicy) -> FunctionError {
        let failing = self.snapshot.failing().get(query);
        let error = failing.map_or("", |failing| &failing.error);
        let is_answered = self.snapshot.answer(query).is_some();
        let reason = match policy {
            FailurePolicy::Stale(_) if is_answered => "it has failed for longer than stale_for",
            FailurePolicy::Stale(_) => "on_error=stale has no earlier answer",
            _ => "on_error=fail keeps the last file",
        };
        FunctionError::new(format!("{query}: {error}; {reason}"))
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
