//! Compares a new answer with the last accepted one.
//!
//! Every valid answer is accepted. A loss of all items is reported, because an agent that has just
//! restarted, or a token that has lost its rights, causes it. Holding back such an answer belongs
//! in this module.

use crate::answer::Answer;

/// The result of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The answer is accepted.
    Accepted,
    /// The answer is accepted, although all items are lost.
    AcceptedLoss {
        /// The number of items in the previous answer.
        before: usize,
    },
}

/// Compares an answer with the previous one; `before` is `None` for the first answer.
#[must_use]
pub fn judge(before: Option<&Answer>, answer: &Answer) -> Judgement {
    match before.map_or(0, Answer::len) {
        before if before > 0 && answer.is_empty() => Judgement::AcceptedLoss { before },
        _ => Judgement::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_of_everything_is_reported_and_nothing_else_is() {
        let some = |count: usize| Answer::Datacenters(vec![String::new(); count]);
        assert_eq!(
            judge(Some(&some(3)), &some(0)),
            Judgement::AcceptedLoss { before: 3 }
        );
        for (before, after) in [
            (None, 0),
            (None, 3),
            (Some(0), 0),
            (Some(0), 3),
            (Some(3), 1),
            (Some(3), 3),
        ] {
            assert_eq!(
                judge(before.map(some).as_ref(), &some(after)),
                Judgement::Accepted,
                "{before:?} {after}"
            );
        }
    }
}
