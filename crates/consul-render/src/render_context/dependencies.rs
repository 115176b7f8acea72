//! The dependencies that a rendering records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::guarding::Guarding;
use super::site::CallSite;
use crate::failure_policy::{Consequence, FailurePolicy};
use crate::reading::Reading;
use answer_guard::{Failing, View};
use consul_watch::answer::Answer;
use consul_watch::query::{Query, QueryMap};
use serde::Serialize;

/// The queries that one rendering requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Every query, answered or not.
    pub queries: BTreeSet<Arc<Query>>,
    /// The place of the first request of each query.
    pub sites: BTreeMap<Arc<Query>, CallSite>,
    /// The queries without data, with the reason.
    pub missing: BTreeMap<Query, Absence>,
    /// What the template reads of the answers.
    pub readings: QueryMap<Vec<Reading>>,
    /// The queries with a `passing_for` option, with the longest time of each.
    pub timed: BTreeMap<Query, Duration>,
    /// The queries with options about a collapse, and what the calls require.
    pub guarding: BTreeMap<Query, Guarding>,
    /// The queries whose failure changes the rendering, and not only delays it.
    pub observed: BTreeSet<Arc<Query>>,
    /// Those of them of which a call uses an earlier answer.
    pub stale_calls: BTreeSet<Arc<Query>>,
    /// The failing queries for which the rendering uses an earlier answer or none, by a policy.
    pub substitutes: BTreeMap<Arc<Query>, Substitute>,
    /// The time at which the next instance has been passing for long enough, or an earlier answer is too old.
    pub again: Option<Instant>,
}

/// What a rendering uses for a query that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitute {
    /// What it uses.
    pub kind: SubstituteKind,
    /// The text of the error of the query.
    pub error: Arc<str>,
}

/// What a rendering uses for a query that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubstituteKind {
    /// The last accepted answer.
    Stale,
    /// No data.
    Empty,
}

impl Dependencies {
    /// Returns `true` if every query has data.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Returns `true` if the template sees a difference between the previous and the new answer to a query.
    #[must_use]
    pub fn sees_change(&self, query: &Query, before: Option<&Answer>, after: &Answer) -> bool {
        self.queries.contains(query)
            && match (before, self.readings.get(query)) {
                (Some(before), Some(readings)) => readings
                    .iter()
                    .any(|reading| reading.sees_change(before, after)),
                _ => true,
            }
    }

    /// Records a request, and its consequence. Returns `true` if the query was not requested before.
    pub(super) fn request(
        &mut self,
        query: &Arc<Query>,
        policy: FailurePolicy,
        consequence: Consequence,
        failing: Option<&Failing>,
    ) -> bool {
        if consequence == Consequence::Wait {
            self.missing
                .insert(Query::clone(query), Absence::Unanswered);
        }
        if policy.observes_failures() {
            self.observed.insert(Arc::clone(query));
            if policy.uses_stale_answers() {
                self.stale_calls.insert(Arc::clone(query));
            }
            let kind = match consequence {
                Consequence::Answer(until) => {
                    self.again = self.again.into_iter().chain(until).min();
                    Some(SubstituteKind::Stale)
                }
                Consequence::Empty => Some(SubstituteKind::Empty),
                Consequence::Wait | Consequence::Fail => None,
            };
            if let (Some(failing), Some(kind)) = (failing, kind) {
                let error = Arc::clone(&failing.error);
                self.substitutes
                    .insert(Arc::clone(query), Substitute { kind, error });
            }
        }
        self.queries.insert(Arc::clone(query))
    }

    /// Records a call without options. What it sees matters only where other calls have options.
    pub(super) fn read_by_default(&mut self, query: &Query, view: View) {
        if !self.guarding.is_empty()
            && let Some(guarding) = self.guarding.get_mut(query)
        {
            guarding.add_view(view);
        }
    }

    /// The record of the calls with options; `default` is the view of the others.
    pub(super) fn guarding_of(&mut self, query: &Query, default: View) -> &mut Guarding {
        let is_read_by_default = self.queries.contains(query);
        self.guarding.entry(query.clone()).or_insert_with(|| {
            let mut guarding = Guarding::default();
            if is_read_by_default {
                guarding.add_view(default);
            }
            guarding
        })
    }

    /// Adds the dependencies of another pass of the same template over the same answers.
    pub(crate) fn add(&mut self, further: Self) {
        let Self {
            queries,
            sites,
            missing,
            readings,
            timed,
            observed,
            stale_calls,
            substitutes,
            guarding,
            again,
        } = further;
        self.queries.extend(queries);
        for (query, site) in sites {
            self.sites.entry(query).or_insert(site);
        }
        self.missing.extend(missing);
        for (query, further) in readings {
            add_readings(self.readings.entry(query).or_default(), further);
        }
        self.timed.extend(timed);
        self.observed.extend(observed);
        self.stale_calls.extend(stale_calls);
        self.substitutes.extend(substitutes);
        for (query, further) in guarding {
            self.guarding.entry(query).or_default().add(further);
        }
        self.again = self.again.into_iter().chain(again).min();
    }

    /// Replaces the dependencies of an earlier pass. An incomplete or failed pass may have stopped before some requests,
    /// so its dependencies are only added. Returns `true` if the set of queries has changed.
    #[must_use]
    pub fn replace(&mut self, latest: Self, is_whole: bool) -> bool {
        if is_whole {
            let others = self.queries != latest.queries;
            *self = latest;
            others
        } else {
            let known = self.queries.len();
            (self.missing, self.again) = (BTreeMap::new(), None);
            self.substitutes.clear();
            // The template may have changed, so the new call sites take precedence.
            self.sites
                .retain(|query, _| !latest.sites.contains_key(query));
            self.add(latest);
            self.queries.len() != known
        }
    }
}

/// Adds readings. Those of the same selection become one.
fn add_readings(readings: &mut Vec<Reading>, further: Vec<Reading>) {
    for reading in further {
        let mut known = readings.iter_mut();
        match known.find(|known| known.selection == reading.selection) {
            Some(known) => known.fields = known.fields.and(reading.fields),
            None => readings.push(reading),
        }
    }
}

/// The reason why a query has no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Absence {
    /// There is no answer yet.
    Unanswered,
    /// The key does not exist, and the template requires it (`key`).
    NoSuchKey,
    /// There is no key below the prefix, and the template requires one (`safeLs`, `safeTree`).
    NothingBelow,
}
