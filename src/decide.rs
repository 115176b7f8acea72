//! Decides when a rendered text is written.
//!
//! Input: the result of a pass over a template, the times of its changes, the present time. Output:
//! a [`Decision`].
//!
//! ```text
//! change      x    x  x         x
//! quiet       |----|--|---------|----------------> written: no change for `quiet`
//! most        |----------------------|             written: `most` after the first change, at the latest
//! ```

use std::time::Instant;

use ctmpl_options::config::wait::Settle;

/// The result of a pass over a template, reduced to what the decision needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Data is missing; the text has to be discarded.
    Incomplete,
    /// The template failed although all data was available.
    Failed,
    /// The text that the destination already has, as far as is known.
    Same,
    /// A text that the destination does not have.
    New(ChangeTimes),
}

/// The times of the changes since the last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeTimes {
    /// The time of the first change.
    pub first: Instant,
    /// The time of the latest change.
    pub latest: Instant,
}

/// The decision about a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Wait for missing answers; the file stays unchanged.
    AwaitAnswers,
    /// The template failed; the file stays unchanged.
    KeepOld,
    /// Wait until this time for further changes.
    AwaitQuiescence(Instant),
    /// Write the text.
    Apply,
}

/// Decides when to write. `settle` is the quiescence timer; it is `None` if disabled, and for the
/// first text of a process.
#[must_use]
pub fn decide(outcome: Outcome, settle: Option<Settle>, now: Instant) -> Decision {
    match (outcome, settle) {
        (Outcome::Incomplete, _) => Decision::AwaitAnswers,
        (Outcome::Failed, _) => Decision::KeepOld,
        // Writing the same text repairs a file that another program has changed.
        (Outcome::Same, _) | (Outcome::New(_), None) => Decision::Apply,
        (Outcome::New(times), Some(settle)) => {
            let due = (times.latest + settle.quiet).min(times.first + settle.most);
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
    fn an_incomplete_or_failed_rendering_changes_nothing() {
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
                Outcome::New(ChangeTimes {
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
        /// Changes come at random times. A decision follows each change and each wait.
        #[test]
        fn a_text_is_written_exactly_after_quiet_or_at_the_limit(
            gaps in prop::collection::vec(0u64..4_000, 1..30),
        ) {
            let begin = Instant::now();
            let mut times = ChangeTimes { first: begin, latest: begin };
            let mut now = begin;
            for gap in gaps {
                let next = now + Duration::from_millis(gap);
                if let Decision::AwaitQuiescence(due) = decide(Outcome::New(times), Some(SETTLE), now) {
                    prop_assert!(due > now);
                    prop_assert!(due <= times.latest + SETTLE.quiet && due <= times.first + SETTLE.most);
                    prop_assert!(due == times.latest + SETTLE.quiet || due == times.first + SETTLE.most);
                    if due <= next {
                        // The write happens at `due`; the next change starts over.
                        prop_assert_eq!(decide(Outcome::New(times), Some(SETTLE), due), Decision::Apply);
                        times = ChangeTimes { first: next, latest: next };
                    } else {
                        times.latest = next;
                    }
                } else {
                    prop_assert!(false, "a text that just changed is not written at once");
                }
                now = next;
            }
        }
    }
}
