//! The latest accepted answer of every query, and the latest answer where it is held back.
//!
//! Input: answers, one query at a time. Output: a [`Snapshot`], which is immutable and cheap to clone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failing::FailingQueries;
use consul_watch::answer::{Answer, Instance, Pair};
use consul_watch::query::{Query, QueryMap};

mod earlier;
mod origin;
mod passing_since;

pub use origin::{Earlier, Origin, SeenBy};
use passing_since::PassingSince;

/// The answers at one point in time. A clone costs one reference count; later answers do not change it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    known: Arc<QueryMap<Known>>,
    /// The time of evaluation; `None`: so late that every passing instance has been passing for
    /// long enough.
    now: Option<Instant>,
    failing: FailingQueries,
    /// The view of a reader that requests no other.
    view: View,
    /// `true` if the reader has flap damping.
    is_damped: bool,
}

/// The answer that is seen where the latest one is held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The last accepted answer.
    #[default]
    Accepted,
    /// The latest answer.
    Latest,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// The last accepted answer; `None` while the first one is held back.
    accepted: Option<Recorded>,
    /// The latest answer, if it is held back.
    held: Option<Recorded>,
    /// The latest answer, if the accepted one was completed.
    uncompleted: Option<Recorded>,
    /// The last existing entry of a key, so that readers keep the value of a deleted key.
    last_entry: Option<Arc<Pair>>,
}

#[derive(Clone, Debug)]
struct Recorded {
    answer: Arc<Answer>,
    origin: Origin,
    /// The answer as readers with flap damping see it; `None`: the same.
    damped: Option<Arc<Answer>>,
    /// The instances of a service that became passing within the span that a reader requires.
    passing_since: PassingSince,
}

impl Known {
    fn seen(&self, view: View) -> Option<&Recorded> {
        match view {
            View::Accepted => self.accepted.as_ref(),
            View::Latest => {
                let latest = self.held.as_ref().or(self.uncompleted.as_ref());
                latest.or(self.accepted.as_ref())
            }
        }
    }
}

impl Recorded {
    fn seen(&self, is_damped: bool) -> &Arc<Answer> {
        let damped = self.damped.as_ref().filter(|_| is_damped);
        damped.unwrap_or(&self.answer)
    }
}

impl Snapshot {
    /// The answer in the view of the snapshot; `None` before the first one.
    #[must_use]
    pub fn answer(&self, query: &Query) -> Option<&Arc<Answer>> {
        self.answer_in(self.view, query)
    }

    /// The queries that fail now.
    #[must_use]
    pub fn failing(&self) -> &FailingQueries {
        &self.failing
    }

    /// The queries that fail now, to be changed.
    pub fn failing_mut(&mut self) -> &mut FailingQueries {
        &mut self.failing
    }

    /// The answer in this view; `None` before the first one.
    #[must_use]
    pub fn answer_in(&self, view: View, query: &Query) -> Option<&Arc<Answer>> {
        let seen = self.known.get(query)?.seen(view)?;
        Some(seen.seen(self.is_damped))
    }

    /// The answer in this view, as readers with flap damping see it; `None` if they see what others see.
    #[must_use]
    pub fn damped_in(&self, view: View, query: &Query) -> Option<&Arc<Answer>> {
        self.known.get(query)?.seen(view)?.damped.as_ref()
    }

    /// The stored query and its answer in this view.
    #[must_use]
    pub fn entry(&self, view: View, query: &Query) -> Option<(&Arc<Query>, &Arc<Answer>)> {
        let (query, known) = self.known.get_key_value(query)?;
        Some((query, known.seen(view)?.seen(self.is_damped)))
    }

    /// The process that has accepted the accepted answer; `None` if there is none.
    #[must_use]
    pub fn origin(&self, query: &Query) -> Option<Origin> {
        let accepted = self.known.get(query)?.accepted.as_ref()?;
        Some(accepted.origin)
    }

    /// The latest answer, if it is held back.
    #[must_use]
    pub fn held(&self, query: &Query) -> Option<&Arc<Answer>> {
        let held = self.known.get(query)?.held.as_ref()?;
        Some(&held.answer)
    }

    /// The view of a reader that requests no other.
    #[must_use]
    pub fn view(&self) -> View {
        self.view
    }

    /// The same answers in this view.
    #[must_use]
    pub fn seen_in(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    /// The same answers, as a reader with or without flap damping sees them.
    #[must_use]
    pub fn with_damping(mut self, is_damped: bool) -> Self {
        self.is_damped = is_damped;
        self
    }

    /// The last existing entry of this key, even if the key is deleted now.
    #[must_use]
    pub fn last_entry(&self, query: &Query) -> Option<&Arc<Pair>> {
        self.known.get(query)?.last_entry.as_ref()
    }

    /// The time since when this instance of the query has been passing; `None` if for longer than recorded.
    #[must_use]
    pub fn passes_since(&self, view: View, query: &Query, instance: &Instance) -> Option<Instant> {
        let seen = self.known.get(query)?.seen(view)?;
        seen.passing_since.since(&instance.identity())
    }

    /// The time of evaluation; `None`: so late that every passing instance has been passing for
    /// long enough.
    #[must_use]
    pub fn moment(&self) -> Option<Instant> {
        self.now
    }

    /// Returns `true` if this time has come.
    #[must_use]
    pub fn is_past(&self, time: Instant) -> bool {
        self.now.is_none_or(|now| time <= now)
    }

    /// Sets the time of evaluation.
    pub fn turn_to(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// Records an accepted answer; existing clones of the snapshot do not change.
    pub fn record(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>) {
        self.record_timed(query, answer, Duration::ZERO);
    }

    /// Records an accepted answer, and the instances that became passing within the span `longest`.
    pub fn record_timed(
        &mut self,
        query: impl Into<Arc<Query>>,
        answer: Arc<Answer>,
        longest: Duration,
    ) {
        let query = query.into();
        let known = Arc::make_mut(&mut self.known);
        let known = known.entry(query).or_default();
        let before = known.accepted.as_ref();
        match &*answer {
            Answer::Key(Some(pair)) => known.last_entry = Some(Arc::clone(pair)),
            // This process has seen no value, so its calls must not use that of an earlier one.
            Answer::Key(None) if before.is_some_and(|before| before.origin != Origin::Own) => {
                known.last_entry = None;
            }
            _ => {}
        }
        (known.held, known.uncompleted) = (None, None);
        known.accepted = Some(Recorded::after(before, answer, self.now, longest));
    }

    /// Records an answer that is held back: the accepted one stays.
    pub fn hold(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>, longest: Duration) {
        let known = Arc::make_mut(&mut self.known);
        let known = known.entry(query.into()).or_default();
        let before = known.seen(View::Latest);
        known.held = Some(Recorded::after(before, answer, self.now, longest));
    }

    /// Records the latest answer, after a completed one was accepted in its place.
    pub fn record_uncompleted(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>) {
        let known = Arc::make_mut(&mut self.known);
        let known = known.entry(query.into()).or_default();
        let before = known.accepted.as_ref();
        known.uncompleted = Some(Recorded::after(before, answer, self.now, Duration::ZERO));
    }

    /// Records the present answer in this view as readers with flap damping see it; `None`: they see what others see.
    pub fn damp(&mut self, view: View, query: &Query, damped: Option<Arc<Answer>>) {
        if let Some(known) = Arc::make_mut(&mut self.known).get_mut(query) {
            let recorded = match view {
                View::Accepted => known.accepted.as_mut(),
                View::Latest => known.held.as_mut(),
            };
            if let Some(recorded) = recorded {
                recorded.damped = damped;
            }
        }
    }

    /// Removes the answer to a query.
    pub fn forget(&mut self, query: &Query) {
        if self.known.contains_key(query) {
            Arc::make_mut(&mut self.known).remove(query);
        }
    }

    /// Removes every query for which `wanted` returns `false`.
    pub fn retain(&mut self, wanted: impl Fn(&Query) -> bool) {
        self.failing.retain(&wanted);
        if self.known.keys().any(|query| !wanted(query)) {
            Arc::make_mut(&mut self.known).retain(|query, _| wanted(query));
        }
    }
}

impl Recorded {
    fn after(
        before: Option<&Self>,
        answer: Arc<Answer>,
        now: Option<Instant>,
        longest: Duration,
    ) -> Self {
        let passing_since = match (before, now) {
            (Some(before), Some(now)) if !longest.is_zero() => {
                before
                    .passing_since
                    .next(&before.answer, &answer, now, longest)
            }
            _ => PassingSince::default(),
        };
        Self {
            answer,
            origin: Origin::Own,
            damped: None,
            passing_since,
        }
    }
}

#[cfg(test)]
mod tests;
