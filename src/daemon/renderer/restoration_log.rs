//! Logs which answers of the process before are used, and which are missing.

use std::collections::BTreeMap;

use crate::daemon::event::NoAnswer;
use consul_watch::query::Query;

/// The maximum number of queries that a message names.
const NAMED_QUERIES: usize = 3;

/// The templates that wait because an earlier answer is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Waiting {
    /// All, for an answer.
    ForConsul,
    /// All, while the first answer is held back.
    WhileHeld,
    /// Those without calls that use stale answers, while the first answer is held back.
    OtherCalls,
}

impl Waiting {
    /// All templates that request the query.
    pub(super) fn of_all(is_held: bool) -> Self {
        if is_held {
            Self::WhileHeld
        } else {
            Self::ForConsul
        }
    }
}

/// Logs that templates use the earlier answers to these queries.
pub(super) fn restored(queries: &[&Query]) {
    if !queries.is_empty() {
        let (count, queries) = (queries.len(), names(queries));
        tracing::warn!(
            name: "answers.restored", count, queries,
            "the templates use the answers that the process before has accepted, until an answer of Consul is accepted: {queries}"
        );
    }
}

/// Logs that there are no earlier answers to these queries.
pub(super) fn missing(queries: Vec<(&Query, NoAnswer, Waiting)>) {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (query, cause, waiting) in queries {
        groups.entry((cause, waiting)).or_default().push(query);
    }
    for ((cause, waiting), queries) in groups {
        let text = missing_text(cause, waiting);
        let (count, queries) = (queries.len(), names(&queries));
        tracing::warn!(name: "answers.missing", count, queries, "{text}: {queries}");
    }
}

fn missing_text(cause: NoAnswer, waiting: Waiting) -> String {
    let cause = match cause {
        NoAnswer::NotKept => "the process before has left no answer",
        NoAnswer::Unreadable => "the answer of the process before cannot be read",
        NoAnswer::TooSmall => {
            "the answer of the process before has fewer items than it has accepted last"
        }
    };
    let consequence = match waiting {
        Waiting::ForConsul => "the templates wait for Consul",
        Waiting::WhileHeld => "the templates wait until an answer of Consul is accepted",
        Waiting::OtherCalls => {
            "calls that use no stale answers wait until an answer of Consul is accepted"
        }
    };
    format!("{cause}, so {consequence}")
}

/// The first of these queries, and the number of the others.
fn names(queries: &[&Query]) -> String {
    let first = queries.iter().take(NAMED_QUERIES);
    let mut texts: Vec<_> = first.map(ToString::to_string).collect();
    if queries.len() > NAMED_QUERIES {
        texts.push(format!("{} more", queries.len() - NAMED_QUERIES));
    }
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_cause_and_the_templates_that_wait() {
        for (cause, waiting, expected) in [
            (
                NoAnswer::NotKept,
                Waiting::of_all(false),
                "the process before has left no answer, so the templates wait for Consul",
            ),
            (
                NoAnswer::Unreadable,
                Waiting::of_all(true),
                "the answer of the process before cannot be read, so the templates wait until an answer of Consul is \
                 accepted",
            ),
            (
                NoAnswer::TooSmall,
                Waiting::OtherCalls,
                "the answer of the process before has fewer items than it has accepted last, so calls that use no stale \
                 answers wait until an answer of Consul is accepted",
            ),
        ] {
            assert_eq!(missing_text(cause, waiting), expected);
        }
    }
}
