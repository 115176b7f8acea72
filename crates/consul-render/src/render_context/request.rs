//! The requests of functions.
//!
//! Input: a query, and what a call selects of its answer. Output: the answer, and the marks of the fields that are read.

use std::sync::Arc;

use super::{CallSite, RenderContext};
use crate::call_options::{CallOptions, OnCollapse};
use crate::counted::{Counted, Minimum};
use crate::failure_policy::{Consequence, FailurePolicy};
use crate::reading::Selection;
use crate::records::Reads;
use ::functions::FunctionError;
use answer_guard::View;
use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, DatacentersQuery, Query};

impl RenderContext {
    /// Requests a query. Returns its answer, or `None` if there is none yet. Each difference between answers counts as a
    /// change.
    pub fn request(&self, query: &Query) -> Option<Arc<Answer>> {
        self.request_part(query, Selection::Whole).0
    }

    /// Requests the selected items of the answer to a query. Returns the answer, or `None` if there is none yet, and the
    /// marks of the fields that the template reads of these items.
    pub(crate) fn request_part(
        &self,
        query: &Query,
        selection: Selection,
    ) -> (Option<Arc<Answer>>, Reads) {
        let view = self.snapshot.view();
        self.dependencies().read_by_default(query, view);
        self.request_as(view, query, selection, FailurePolicy::Wait)
            .0
    }

    /// Requests the selected items of the answer to a query in a view, and does what the policy says if the query fails.
    fn request_as(
        &self,
        view: View,
        query: &Query,
        selection: Selection,
        policy: FailurePolicy,
    ) -> ((Option<Arc<Answer>>, Reads), Consequence) {
        let entry = self.snapshot.entry(view, query).filter(|_| {
            policy.uses_stale_answers() || !self.snapshot.is_for_stale_calls(view, query)
        });
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
    pub(crate) fn request_with(
        &self,
        query: &Query,
        options: CallOptions,
        selection: Selection,
    ) -> Result<(Option<Arc<Answer>>, Reads), FunctionError> {
        let policy = options
            .on_error
            .unwrap_or_else(|| self.default_policy(query));
        let minimum = options.min.map(|items| Minimum {
            items,
            of: Counted::of(&selection),
        });
        let view = self.record_view(query, options, minimum.as_ref());
        let (requested, consequence) = self.request_as(view, query, selection, policy);
        if consequence == Consequence::Fail {
            return Err(self.failure_of(query, policy));
        }
        if options.on_collapse == Some(OnCollapse::Fail) {
            self.check_collapse(query, minimum.as_ref())?;
        }
        Ok(requested)
    }

    /// Records what a call sees, and what it requires. Returns the view.
    fn record_view(&self, query: &Query, options: CallOptions, minimum: Option<&Minimum>) -> View {
        let (view, default) = (self.view_of(options), self.snapshot.view());
        let mut dependencies = self.dependencies();
        if options.on_collapse.is_none() && minimum.is_none() {
            dependencies.read_by_default(query, default);
            return view;
        }
        let guarding = dependencies.guarding_of(query, default);
        guarding.add_view(view);
        if options.on_collapse == Some(OnCollapse::Fail) {
            guarding.add_view(View::Latest);
            if let Some(minimum) = minimum {
                guarding.add_failing_below(minimum.clone());
            }
        } else if let Some(minimum) = minimum {
            guarding.add_minimum(minimum.clone());
        }
        view
    }

    /// Returns `true` if a service of this name is in a list of services that the template has requested.
    #[must_use]
    pub(crate) fn is_registered(&self, name: &str) -> bool {
        let dependencies = self.dependencies();
        let mut lists = dependencies.queries.iter();
        lists.any(
            |query| match self.snapshot.answer(query).map(|answer| &**answer) {
                Some(Answer::Services(services)) => services.iter().any(|own| own.name == name),
                _ => false,
            },
        )
    }

    /// The answer that a call with these options sees.
    #[must_use]
    pub(crate) fn view_of(&self, options: CallOptions) -> View {
        match options.on_collapse {
            None if options.min.is_none() => self.snapshot.view(),
            None | Some(OnCollapse::Hold | OnCollapse::Fail) => View::Accepted,
            Some(OnCollapse::Render) => View::Latest,
        }
    }

    /// Fails if the answer is held back, or has fewer items than the call requires.
    fn check_collapse(
        &self,
        query: &Query,
        minimum: Option<&Minimum>,
    ) -> Result<(), FunctionError> {
        let refused = |what: String| {
            let text = format!("{query}: {what}, and on_collapse=fail keeps the last file");
            Err(FunctionError::new(text))
        };
        let latest = self.snapshot.answer_in(View::Latest, query);
        if let Some((minimum, answer)) = minimum.zip(latest)
            && minimum.is_missed(answer)
        {
            // A number that changes would be another error to log.
            return refused(format!("fewer than {} items are left", minimum.items));
        }
        if self.snapshot.held(query).is_some() {
            return refused("the last answer is held back".to_owned());
        }
        Ok(())
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
    pub(crate) fn requesting<T>(
        &self,
        call: impl FnOnce() -> T,
        site: impl FnOnce() -> CallSite,
    ) -> T {
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
