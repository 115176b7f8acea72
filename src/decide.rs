//! Decides when a rendered text is written.
//!
//! Input: the result of a pass over a template, since when it has been waiting, the time. Output: a [`Decision`].
//!
//! ```text
//! change      x    x  x         x
//! quiet       |----|--|---------|----------------> written: quiet for `quiet` after the last change
//! most        |----------------------|             written: at the latest `most` after the first change
//! ```

use std::time::Instant;

use crate::config::resolved::Settle;

/// The result of a pass over a template, as far as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Data is missing: the text is worthless.
    Incomplete,
    /// All data is there, and the template failed.
    Failed,
    /// A text that the destination has already, as far as is known.
    Same,
    /// A text that the destination does not have, waiting since.
    New(Unwritten),
}

/// A text that waits to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// When the first change came that is not written yet.
    pub first: Instant,
    /// When the last change came.
    pub latest: Instant,
}

/// What to do about a destination now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Wait for the answers that are missing; the file stays as it is.
    AwaitAnswers,
    /// The template failed; the file stays as it is.
    KeepOld,
    /// Wait until then, in case more changes come.
    AwaitQuiescence(Instant),
    /// Make the file hold the text.
    Apply,
}

/// Decides. `settle` is `None` if changes are not collected, and for the first text of a process.
#[must_use]
pub fn decide(outcome: Outcome, settle: Option<Settle>, now: Instant) -> Decision {
    match (outcome, settle) {
        (Outcome::Incomplete, _) => Decision::AwaitAnswers,
        (Outcome::Failed, _) => Decision::KeepOld,
        // The text is the same; a file that was changed by another program is repaired.
        (Outcome::Same, _) | (Outcome::New(_), None) => Decision::Apply,
        (Outcome::New(unwritten), Some(settle)) => {
            let due = (unwritten.latest + settle.quiet).min(unwritten.first + settle.most);
            if now < due {
                Decision::AwaitQuiescence(due)
            } else {
                Decision::Apply
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const SETTLE: Settle = Settle {
        quiet: Duration::from_secs(2),
        most: Duration::from_secs(10),
    };

    #[test]
    fn what_is_incomplete_or_failed_changes_nothing_however_long_it_waits() {
        let now = Instant::now();
        for settle in [None, Some(SETTLE)] {
            assert_eq!(
                decide(Outcome::Incomplete, settle, now),
                Decision::AwaitAnswers
            );
            assert_eq!(decide(Outcome::Failed, settle, now), Decision::KeepOld);
            assert_eq!(decide(Outcome::Same, settle, now), Decision::Apply);
        }
    }

    #[test]
    fn without_settling_a_text_is_written_at_once() {
        let now = Instant::now();
        assert_eq!(
            decide(
                Outcome::New(Unwritten {
                    first: now,
                    latest: now
                }),
                None,
                now
            ),
            Decision::Apply
        );
    }

    proptest! {
        /// Changes come at any times; each is followed by a decision, and so is each time waited for.
        #[test]
        fn a_text_is_written_when_it_is_quiet_or_at_the_limit_and_neither_sooner_nor_later(
            gaps in prop::collection::vec(0u64..4_000, 1..30),
        ) {
            let begin = Instant::now();
            let mut unwritten = Unwritten { first: begin, latest: begin };
            let mut now = begin;
            for gap in gaps {
                let next = now + Duration::from_millis(gap);
                if let Decision::AwaitQuiescence(due) = decide(Outcome::New(unwritten), Some(SETTLE), now) {
                    prop_assert!(due > now);
                    prop_assert!(due <= unwritten.latest + SETTLE.quiet && due <= unwritten.first + SETTLE.most);
                    prop_assert!(due == unwritten.latest + SETTLE.quiet || due == unwritten.first + SETTLE.most);
                    if due <= next {
                        // It is woken when due, and then writes; the next change starts over.
                        prop_assert_eq!(decide(Outcome::New(unwritten), Some(SETTLE), due), Decision::Apply);
                        unwritten = Unwritten { first: next, latest: next };
                    } else {
                        unwritten.latest = next;
                    }
                } else {
                    prop_assert!(false, "a text that just changed is not written at once");
                }
                now = next;
            }
        }
    }
}
