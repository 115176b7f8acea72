//! The number of items that a call sees in an answer.

use std::sync::Arc;

use super::choose::{Choice, Order};
use super::reading::Selection;
use consul_watch::answer::{Answer, Depth, Instance};

/// The part of an answer that a call sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Every item.
    All,
    /// The entries to this depth.
    Pairs(Depth),
    /// The instances of a choice. `passing_for` does not count, because it depends on the time.
    Instances(Choice),
}

/// The least number of items of a call (`min=2`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Minimum {
    /// The number.
    pub items: usize,
    /// What is counted.
    pub of: Counted,
}

impl Counted {
    /// What a call with this selection sees.
    #[must_use]
    pub fn of(selection: &Selection) -> Self {
        match selection {
            Selection::Whole | Selection::All => Self::All,
            Selection::Depth(depth) => Self::Pairs(*depth),
            Selection::Instances(choice, _) => Self::Instances(choice.clone()),
        }
    }

    /// The number of items that the call sees.
    #[must_use]
    pub fn count(&self, answer: &Answer) -> usize {
        match (self, answer) {
            (Self::Pairs(depth), Answer::Pairs(pairs)) => {
                pairs.iter().filter(|pair| depth.sees(pair)).count()
            }
            (Self::Instances(choice), Answer::Service(instances)) => chosen(choice, instances),
            _ => answer.len(),
        }
    }
}

fn chosen(choice: &Choice, instances: &[Arc<Instance>]) -> usize {
    choice.apply(instances, Order::Name, "", |_| true).len()
}

impl Minimum {
    /// Returns `true` if the call sees fewer items.
    #[must_use]
    pub(crate) fn is_missed(&self, answer: &Answer) -> bool {
        self.of.count(answer) < self.items
    }
}
