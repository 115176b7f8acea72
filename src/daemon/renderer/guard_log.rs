//! Logs what is held back, and how it ends.

use go_duration::GoDuration;

use answer_guard::{Ended, GuardRules, Held, How, Origin, SeenBy};
use consul_watch::answer::Answer;
use consul_watch::query::Query;

/// What templates see while an answer is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The last accepted answer.
    Accepted,
    /// The answer of the process before.
    Earlier,
    /// The answer of the process before, if it is on the disk.
    EarlierIfKept,
    /// Nothing: they wait.
    Nothing,
}

impl Shown {
    /// The view of templates beside an accepted answer of this origin. `is_restoring`: the answers of the process before
    /// are used.
    pub(super) fn of(accepted: Option<Origin>, is_restoring: bool) -> Self {
        match accepted {
            Some(Origin::Own) => Self::Accepted,
            Some(Origin::Earlier(earlier)) if earlier.seen_by == SeenBy::All => Self::Earlier,
            _ if is_restoring => Self::EarlierIfKept,
            _ => Self::Nothing,
        }
    }

    /// The subject and the verb of the message.
    fn text(self) -> &'static str {
        match self {
            Self::Accepted => "the last accepted answer stays",
            Self::Earlier => "the answer of the process before stays",
            Self::EarlierIfKept => "its templates use the answer of the process before, or wait,",
            Self::Nothing => "its templates wait",
        }
    }
}

/// Logs that an answer is held back, or that its confirmation has become possible or impossible.
pub(super) fn held(query: &Query, held: &Held, rules: Option<&GuardRules>, shown: Shown) {
    let loss = held.loss();
    let (before, after, reason) = (loss.before, loss.after, loss.reason.name());
    let is_filtered = held.is_filtered();
    let confirm_for = rules.map_or(0.0, |rules| rules.config.confirm_for.as_secs_f64());
    let kept = shown.text();
    let until = until(held, rules);
    tracing::warn!(
        name: "query.held", %query, before, after, reason, is_filtered, confirm_for,
        "{query}: {loss}: {kept} {until}"
    );
}

/// The condition on which an answer that is held back is accepted.
pub(super) fn until(held: &Held, rules: Option<&GuardRules>) -> String {
    if held.is_filtered() {
        return "for as long as Consul leaves out what the token may not read; correct the rights of the token".to_owned();
    }
    let confirm_for = rules.map_or_else(Default::default, |rules| rules.config.confirm_for);
    let confirm_for = GoDuration(confirm_for);
    format!(
        "until the items are back, or reads from the leader have confirmed the loss for {confirm_for}"
    )
}

/// Logs how the holding back of an answer has ended.
pub(super) fn ended(query: &Query, ended: &Ended, accepted: &Answer) {
    let Ended { how, loss, after } = ended;
    let (seconds, items) = (after.as_secs_f64(), accepted.len());
    match how {
        How::Confirmed => tracing::warn!(
            name: "query.confirmed", %query, before = loss.before, after = items, seconds,
            "{query}: {loss}: accepted, because it was confirmed for {seconds:.1} s"
        ),
        How::Released => tracing::info!(
            name: "query.released", %query, items, seconds, reason = "items",
            "{query}: enough items are back after {seconds:.1} s"
        ),
        How::Maintenance => tracing::info!(
            name: "query.released", %query, items, seconds, reason = "maintenance",
            "{query}: {loss}: accepted, because the missing instances are in maintenance"
        ),
        How::NotRequired => tracing::info!(
            name: "query.released", %query, items, seconds, reason = "not_required",
            "{query}: {loss}: accepted, because no template requires more"
        ),
    }
}

/// Logs the loss of all items in an answer that no guard holds back.
pub(super) fn unguarded(query: &Query, before: Option<&Answer>, after: &Answer) {
    let before = before.map_or(0, Answer::len);
    if before > 0 && after.is_empty() {
        tracing::warn!(name: "query.emptied", %query, before, "{query}: the answer is now empty (before: {before})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use answer_guard::Earlier;

    #[test]
    fn the_message_about_a_held_answer_says_which_answer_stays() {
        let earlier = |seen_by| {
            let current_until = None;
            Some(Origin::Earlier(Earlier {
                seen_by,
                current_until,
            }))
        };
        let if_kept = "its templates use the answer of the process before, or wait,";
        for (accepted, is_restoring, expected) in [
            (Some(Origin::Own), true, "the last accepted answer stays"),
            (
                earlier(SeenBy::All),
                true,
                "the answer of the process before stays",
            ),
            (earlier(SeenBy::StaleCalls), true, if_kept),
            (None, true, if_kept),
            (None, false, "its templates wait"),
        ] {
            assert_eq!(Shown::of(accepted, is_restoring).text(), expected);
        }
    }
}
