//! Is an answer believed?
//!
//! in:  the last believed answer of a query, and a new one
//! out: a [`Judgement`]
//!
//! Every valid answer is believed. A loss of everything is pointed out, because it is what an agent that has just
//! restarted, or a token that has lost its rights, looks like. Holding such an answer back belongs here.

use crate::answer::Answer;

/// What is made of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is taken as it is.
    Believed,
    /// It is taken, but where there was something there is nothing now.
    BelievedLoss {
        /// How much there was.
        before: usize,
    },
}

/// Judges an answer by the one before it; the first answer has none.
#[must_use]
pub fn judge(before: Option<&Answer>, answer: &Answer) -> Judgement {
    match before.map_or(0, Answer::len) {
        before if before > 0 && answer.is_empty() => Judgement::BelievedLoss { before },
        _ => Judgement::Believed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_of_everything_is_pointed_out_and_nothing_else_is() {
        let some = |count: usize| Answer::Datacenters(vec![String::new(); count]);
        assert_eq!(
            judge(Some(&some(3)), &some(0)),
            Judgement::BelievedLoss { before: 3 }
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
                Judgement::Believed,
                "{before:?} {after}"
            );
        }
    }
}
