//! Judges a new answer by the last accepted one.
//!
//! Every valid answer is accepted. A loss of everything is reported, because that is what an agent that has just restarted,
//! or a token that has lost its rights, looks like. Holding such an answer back belongs here.

use crate::answer::Answer;

/// The verdict on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is accepted.
    Accepted,
    /// It is accepted, although everything is gone.
    AcceptedLoss {
        /// The number of items before.
        before: usize,
    },
}

/// Judges an answer by the one before it; the first answer has none before it.
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
