//! The latest accepted answer of every query, and the latest answer where it is held back.
//!
//! Input: answers, one query at a time. Output: a [`Snapshot`], which is immutable and cheap to clone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failing::FailingQueries;
use consul_watch::answer::{Answer, Instance, Pair};
use consul_watch::query::{Query, QueryMap};

mod passing_since;

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

/// The calls that see the answer of an earlier process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Users {
    /// All calls.
    All,
    /// The calls that use a stale answer while their query fails.
    StaleCalls,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// The last accepted answer; `None` while the first one is held back.
    accepted: Option<Recorded>,
    /// The latest answer, if it is held back.
    held: Option<Recorded>,
    /// The latest answer, if the accepted one was completed.
    uncompleted: Option<Recorded>,
    /// `true` if the accepted answer is that of an earlier process, and only calls that use stale answers see it.
    is_for_stale_calls: bool,
    /// The last existing entry of a key, so that readers keep the value of a deleted key.
    last_entry: Option<Arc<Pair>>,
}

#[derive(Clone, Debug)]
struct Recorded {
    answer: Arc<Answer>,
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

    /// Returns `true` if the answer in this view is that of an earlier process, and only calls that use stale answers see it.
    #[must_use]
    pub fn is_for_stale_calls(&self, view: View, query: &Query) -> bool {
        self.known.get(query).is_some_and(|known| {
            let is_latest = view == View::Latest && known.held.is_some();
            known.is_for_stale_calls && !is_latest
        })
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
        if let Answer::Key(Some(pair)) = &*answer {
            known.last_entry = Some(Arc::clone(pair));
        }
        (known.held, known.uncompleted) = (None, None);
        known.is_for_stale_calls = false;
        let before = known.accepted.as_ref();
        known.accepted = Some(Recorded::after(before, answer, self.now, longest));
    }

    /// Records the answer that an earlier process has accepted, if this process has accepted none. What is held back
    /// stays.
    pub fn restore(&mut self, query: impl Into<Arc<Query>>, answer: Arc<Answer>, users: Users) {
        let known = Arc::make_mut(&mut self.known);
        let known = known.entry(query.into()).or_default();
        if known.accepted.is_none() {
            if let Answer::Key(Some(pair)) = &*answer {
                known.last_entry = Some(Arc::clone(pair));
            }
            known.accepted = Some(Recorded::after(None, answer, self.now, Duration::ZERO));
            known.is_for_stale_calls = users == Users::StaleCalls;
        }
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
            damped: None,
            passing_since,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_restored_beside_a_held_one_but_not_over_an_accepted_one() {
        let names = |name: &str| Arc::new(Answer::Datacenters(vec![name.to_owned()]));
        let query = Arc::new(Query::nodes("").expect("a query"));
        let mut snapshot = Snapshot::default();
        snapshot.hold(Arc::clone(&query), names("new"), Duration::ZERO);
        snapshot.restore(Arc::clone(&query), names("earlier"), Users::StaleCalls);
        let seen = |snapshot: &Snapshot| {
            [View::Accepted, View::Latest].map(|view| snapshot.answer_in(view, &query).cloned())
        };
        let expected = [Some(names("earlier")), Some(names("new"))];
        assert_eq!(seen(&snapshot), expected);
        let for_stale_calls = |snapshot: &Snapshot| {
            [View::Accepted, View::Latest].map(|view| snapshot.is_for_stale_calls(view, &query))
        };
        assert_eq!(for_stale_calls(&snapshot), [true, false]);
        snapshot.record(Arc::clone(&query), names("new"));
        snapshot.restore(Arc::clone(&query), names("earlier"), Users::StaleCalls);
        assert_eq!(seen(&snapshot), [Some(names("new")), Some(names("new"))]);
        assert_eq!(for_stale_calls(&snapshot), [false, false]);
    }

    #[test]
    fn a_held_answer_is_seen_only_in_the_latest_view() {
        let names = |name: &str| Arc::new(Answer::Datacenters(vec![name.to_owned()]));
        let query = Arc::new(Query::nodes("").expect("a query"));
        let mut snapshot = Snapshot::default();
        let seen = |snapshot: &Snapshot| {
            [View::Accepted, View::Latest].map(|view| {
                let answer = snapshot.answer_in(view, &query);
                assert_eq!(answer, snapshot.clone().seen_in(view).answer(&query));
                answer.cloned()
            })
        };
        snapshot.hold(Arc::clone(&query), names("a"), Duration::ZERO);
        assert_eq!(seen(&snapshot), [None, Some(names("a"))]);
        snapshot.record(Arc::clone(&query), names("b"));
        assert_eq!(seen(&snapshot), [Some(names("b")), Some(names("b"))]);
        assert!(snapshot.held(&query).is_none());
        snapshot.hold(Arc::clone(&query), names("c"), Duration::ZERO);
        assert_eq!(seen(&snapshot), [Some(names("b")), Some(names("c"))]);
        assert_eq!(snapshot.held(&query), Some(&names("c")));
        let before = snapshot.clone();
        snapshot.record(Arc::clone(&query), names("b"));
        assert!(snapshot.held(&query).is_none() && before.held(&query).is_some());
    }
}
