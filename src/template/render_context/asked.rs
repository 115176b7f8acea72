//! The record of what a pass asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::{Answer, Depth};
use crate::query::Query;

/// The queries of one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
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

impl Dependencies {
    /// Is there data for everything?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Does whoever asked this see a difference between the answer to a query and the one before?
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

    /// Adds what another pass of the same template asked, of the same answers.
    pub fn add(&mut self, further: Self) {
        let Self {
            queries,
            missing,
            depths,
            timed,
            again,
        } = further;
        self.queries.extend(queries);
        self.missing.extend(missing);
        self.depths.extend(depths);
        self.timed.extend(timed);
        self.again = self.again.into_iter().chain(again).min();
    }

    /// Takes the place of what an earlier pass asked. What an incomplete or failed pass did not come to ask may still be
    /// wanted, so that is only added to. Are other queries asked now?
    #[must_use]
    pub fn replace(&mut self, latest: Self, is_whole: bool) -> bool {
        if is_whole {
            let others = self.queries != latest.queries;
            *self = latest;
            others
        } else {
            let known = self.queries.len();
            (self.missing, self.again) = (BTreeMap::new(), None);
            self.add(latest);
            self.queries.len() != known
        }
    }
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
