//! The dependencies that a rendering records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::site::CallSite;
use crate::answer::{Answer, Depth};
use crate::query::Query;

/// The queries that one rendering requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Every query, answered or not.
    pub queries: BTreeSet<Arc<Query>>,
    /// The place of the first request of each query.
    pub sites: BTreeMap<Arc<Query>, CallSite>,
    /// The queries without data, with the reason.
    pub missing: BTreeMap<Query, Absence>,
    /// The depths to which the template reads answers, for queries that it does not read completely.
    pub depths: BTreeSet<(Query, Depth)>,
    /// The queries with a `passing_for` option, with the longest time of each.
    pub timed: BTreeMap<Query, Duration>,
    /// The time at which the next instance has been passing for long enough.
    pub again: Option<Instant>,
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
        let mut depths = self
            .depths
            .iter()
            .filter(|(of, _)| of == query)
            .map(|(_, depth)| depth)
            .peekable();
        self.queries.contains(query)
            && match before {
                Some(before) if depths.peek().is_some() => {
                    depths.any(|depth| depth.sees_change(before, after))
                }
                _ => true,
            }
    }

    /// Adds the dependencies of another pass of the same template over the same answers.
    pub fn add(&mut self, further: Self) {
        let Self {
            queries,
            sites,
            missing,
            depths,
            timed,
            again,
        } = further;
        self.queries.extend(queries);
        for (query, site) in sites {
            self.sites.entry(query).or_insert(site);
        }
        self.missing.extend(missing);
        self.depths.extend(depths);
        self.timed.extend(timed);
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
            // The template may have changed, so the new call sites take precedence.
            self.sites
                .retain(|query, _| !latest.sites.contains_key(query));
            self.add(latest);
            self.queries.len() != known
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
