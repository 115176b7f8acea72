//! What a call does while its query fails.
//!
//! Input: the policy of the call, whether there is an accepted answer, the failure of the query, the time. Output: whether
//! the call uses the accepted answer, waits, continues without data, or fails.

use std::time::{Duration, Instant};

use answer_guard::Failing;

/// What a call does while its query fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FailurePolicy {
    /// It uses the accepted answer without a limit, and waits if there is none: the default.
    #[default]
    Wait,
    /// It uses the accepted answer without a limit. If there is none because a datacenter does not answer, it continues
    /// without data: the default in a loop over datacenters.
    Known,
    /// `on_error=stale`: it uses the accepted answer for this time (`None`: without a limit). Then it fails.
    Stale(Option<Duration>),
    /// `on_error=empty`: it continues without data.
    Empty,
    /// `on_error=fail`: it fails.
    Fail,
}

/// The consequence for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// The call uses the accepted answer. If the query fails, until this time; `None`: without a limit.
    Answer(Option<Instant>),
    /// The template waits for an answer.
    Wait,
    /// The call continues without data.
    Empty,
    /// The call fails.
    Fail,
}

impl FailurePolicy {
    /// Returns `true` if the rendering depends on whether the query fails.
    #[must_use]
    pub(crate) fn observes_failures(self) -> bool {
        self != Self::Wait
    }

    /// Returns `true` if a call uses an earlier answer because of this policy.
    #[must_use]
    pub(crate) fn uses_stale_answers(self) -> bool {
        matches!(self, Self::Known | Self::Stale(_))
    }

    /// Returns the consequence for a call. `now` is the time of evaluation; with `None`, an answer is never too old for
    /// `stale_for`, unless its age is unknown. `others_are_answered` returns `true` if the same query to another datacenter is
    /// answered.
    pub(crate) fn consequence(
        self,
        is_answered: bool,
        failing: Option<&Failing>,
        now: Option<Instant>,
        others_are_answered: impl FnOnce() -> bool,
    ) -> Consequence {
        let without_failure = if is_answered {
            Consequence::Answer(None)
        } else {
            Consequence::Wait
        };
        let Some(failing) = failing else {
            return without_failure;
        };
        // A failure is not final while `-once` has retries left, or the answer of an earlier process may be loaded.
        let failure = if failing.is_final || is_answered {
            Consequence::Fail
        } else {
            Consequence::Wait
        };
        match self {
            Self::Known if !is_answered && failing.concerns_datacenter && others_are_answered() => {
                Consequence::Empty
            }
            Self::Stale(_) if !is_answered => failure,
            Self::Wait | Self::Known | Self::Stale(None) => without_failure,
            Self::Stale(Some(span)) => {
                // An answer of unknown age is too old.
                let Some(since) = failing.since else {
                    return failure;
                };
                let end = since.checked_add(span);
                match (end, now) {
                    (Some(end), Some(now)) if end <= now => failure,
                    (end, _) => Consequence::Answer(end),
                }
            }
            Self::Empty => Consequence::Empty,
            Self::Fail => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn failing(since: Instant, concerns_datacenter: bool, is_final: bool) -> Failing {
        Failing {
            since: Some(since),
            error: "e".into(),
            concerns_datacenter,
            is_final,
        }
    }

    const ALL: [FailurePolicy; 6] = [
        FailurePolicy::Wait,
        FailurePolicy::Known,
        FailurePolicy::Stale(None),
        FailurePolicy::Stale(Some(HOUR)),
        FailurePolicy::Empty,
        FailurePolicy::Fail,
    ];

    #[test]
    fn without_a_failure_all_policies_are_the_same() {
        for policy in ALL {
            let of =
                |is_answered| policy.consequence(is_answered, None, Some(Instant::now()), || true);
            assert_eq!(of(true), Consequence::Answer(None), "{policy:?}");
            assert_eq!(of(false), Consequence::Wait, "{policy:?}");
        }
    }

    #[test]
    fn each_policy_has_its_consequence_with_and_without_an_answer() {
        use Consequence::{Answer, Empty, Fail, Wait};
        let now = Instant::now();
        let failing = failing(now, true, true);
        let expected = [
            (Answer(None), Wait),
            (Answer(None), Empty),
            (Answer(None), Fail),
            (Answer(Some(now + HOUR)), Fail),
            (Empty, Empty),
            (Fail, Fail),
        ];
        for (policy, (answered, unanswered)) in ALL.into_iter().zip(expected) {
            let of =
                |is_answered| policy.consequence(is_answered, Some(&failing), Some(now), || true);
            assert_eq!((of(true), of(false)), (answered, unanswered), "{policy:?}");
        }
    }

    #[test]
    fn a_stale_answer_ends_after_its_time() {
        let begun = Instant::now();
        let failing = failing(begun, true, true);
        let after = |seconds| {
            let now = begun + Duration::from_secs(seconds);
            FailurePolicy::Stale(Some(HOUR)).consequence(true, Some(&failing), Some(now), || true)
        };
        assert_eq!(after(3599), Consequence::Answer(Some(begun + HOUR)));
        assert_eq!(after(3600), Consequence::Fail);
    }

    #[test]
    fn an_answer_of_unknown_age_is_too_old() {
        let now = Instant::now();
        let failing = Failing {
            since: None,
            ..failing(now, true, true)
        };
        let of =
            |span| FailurePolicy::Stale(span).consequence(true, Some(&failing), Some(now), || true);
        assert_eq!(of(Some(HOUR)), Consequence::Fail);
        assert_eq!(of(None), Consequence::Answer(None));
    }

    #[test]
    fn a_datacenter_is_left_out_only_if_it_is_the_cause_and_another_one_answers() {
        let now = Instant::now();
        let of = |concerns_datacenter, others_are_answered| {
            let failing = failing(now, concerns_datacenter, true);
            FailurePolicy::Known
                .consequence(false, Some(&failing), Some(now), || others_are_answered)
        };
        assert_eq!(of(true, true), Consequence::Empty);
        // Without an answer from any datacenter, the file would be emptied.
        assert_eq!(of(true, false), Consequence::Wait);
        // Consul itself does not answer.
        assert_eq!(of(false, true), Consequence::Wait);
    }

    #[test]
    fn a_call_without_an_answer_fails_only_after_the_retries_of_once() {
        let now = Instant::now();
        for policy in [FailurePolicy::Fail, FailurePolicy::Stale(None)] {
            let of = |is_final| {
                let failing = failing(now, true, is_final);
                policy.consequence(false, Some(&failing), Some(now), || true)
            };
            assert_eq!(of(false), Consequence::Wait, "{policy:?}");
            assert_eq!(of(true), Consequence::Fail, "{policy:?}");
        }
    }
}
