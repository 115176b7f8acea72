//! What the calls of a template require of the answer to a query: the views that they see, and the least number of
//! items.

use crate::counted::Minimum;
use answer_guard::View;
use consul_watch::answer::Answer;

/// What the calls of a template require of the answer to a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarding {
    /// A call sees the last accepted answer.
    accepted: bool,
    /// A call sees the latest answer, or fails because of it.
    latest: bool,
    /// The least numbers of items, below which an answer is held back.
    minimums: Vec<Minimum>,
    /// The least numbers of items, below which the rendering fails.
    failing_below: Vec<Minimum>,
}

impl Guarding {
    /// Returns `true` if a call sees the answer in this view.
    #[must_use]
    pub fn sees(&self, view: View) -> bool {
        match view {
            View::Accepted => self.accepted,
            View::Latest => self.latest,
        }
    }

    /// Returns `true` if a call requires a least number of items.
    #[must_use]
    pub fn has_minimum(&self) -> bool {
        !self.minimums.is_empty()
    }

    /// Returns `true` if a call requires more items than the answer has.
    #[must_use]
    pub fn is_short(&self, answer: &Answer) -> bool {
        self.minimums
            .iter()
            .any(|minimum| minimum.is_missed(answer))
    }

    /// Returns `true` if a part of the answer has the items that calls require, as far as the answer has them.
    #[must_use]
    pub fn is_enough(&self, part: &Answer, answer: &Answer) -> bool {
        let mut minimums = self.minimums.iter().chain(&self.failing_below);
        minimums.all(|minimum| !minimum.is_missed(part) || minimum.is_missed(answer))
    }

    /// Adds what other calls require.
    pub(super) fn add(&mut self, further: Self) {
        self.accepted |= further.accepted;
        self.latest |= further.latest;
        for minimum in further.minimums {
            self.add_minimum(minimum);
        }
        for minimum in further.failing_below {
            self.add_failing_below(minimum);
        }
    }

    /// Adds a call that sees the answer in this view.
    pub(super) fn add_view(&mut self, view: View) {
        match view {
            View::Accepted => self.accepted = true,
            View::Latest => self.latest = true,
        }
    }

    /// Adds a call that requires a least number of items.
    pub(super) fn add_minimum(&mut self, minimum: Minimum) {
        if !self.minimums.contains(&minimum) {
            self.minimums.push(minimum);
        }
    }

    /// Adds a call that fails below a least number of items.
    pub(super) fn add_failing_below(&mut self, minimum: Minimum) {
        if !self.failing_below.contains(&minimum) {
            self.failing_below.push(minimum);
        }
    }
}
