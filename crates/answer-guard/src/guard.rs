//! Decides whether an answer that has lost items is accepted, or held back until the loss is confirmed.
//!
//! Input: the answers to one query with their circumstances, and the time. Output: a [`Ruling`] for
//! each answer, and the time of the next read.
//!
//! A valid, empty answer is the most expensive failure: an agent that has just restarted, a server
//! that has lost its leader or its data, and a token that has lost its rights all answer "no
//! services". These are the rules:
//!
//! - An answer is compared with the largest that was accepted within the last `confirm_for`, so a loss
//!   in several small steps is the same as one large step. While an answer is held back, this largest one stays.
//! - An answer with all items of the accepted one is compared with nothing else. The first answer of a process is compared
//!   with what the process before has accepted: with its answer, or with its number of items if that is larger.
//! - A loss is held back if all items are missing, or more than `max_drop` of at least `min_items`, or
//!   if fewer are left than a reader requires. Instances that are in maintenance now are no loss, and are not expected back.
//! - While it is held back, the query is read again from the leader. The loss is accepted when every
//!   such read has shown it for `confirm_for`. A failed read starts the time again, and so does an
//!   answer that has collapsed in comparison with the one that is held back.
//! - An answer from which the server left out what the token may not read confirms nothing, unless
//!   the accepted answer was such an answer too.
//! - Items that come back often come one at a time. So after a loss was held back, an answer that still lacks
//!   items is accepted only when no more have come for a second. Any other answer that is no loss is accepted at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use consul_watch::answer::{Answer, Depth};
use consul_watch::query::{ConsulQuery, Query};
use consul_watch::source::Circumstances;

mod config;
mod held;
mod items;
mod peaks;

pub use config::GuardConfig;
pub use held::{Held, Loss, LossReason};
pub use items::{InstanceId, instance_id, items};
use peaks::Peaks;

/// The guard of one query.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// The larger answers that were accepted before the present one.
    peaks: Peaks,
    /// `true` if the server has left items out of the accepted answer.
    was_filtered: bool,
    held: Option<Held>,
}

/// The rules for one query.
#[derive(Clone, Copy, Debug)]
pub struct GuardRules {
    /// The numbers.
    pub config: GuardConfig,
    /// The entries below a prefix that count; `None`: all items.
    pub depth: Option<Depth>,
}

/// A new answer.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The answer.
    pub answer: &'a Arc<Answer>,
    /// How far it can be believed.
    pub circumstances: Circumstances,
    /// `true` if it has fewer items than a reader requires, and the accepted answer has enough.
    pub is_short: bool,
    /// The instances that are in maintenance now; empty if unknown.
    pub in_maintenance: &'a HashSet<InstanceId>,
}

/// The decision about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is accepted. If an answer was held back: how that has ended.
    Accepted(Option<Ended>),
    /// It is held back.
    Held {
        /// `true` if no answer was held back before, or confirmation has become possible or impossible.
        is_news: bool,
    },
}

/// How the holding back of an answer has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The reason.
    pub how: How,
    /// The loss that was held back.
    pub loss: Loss,
    /// The time for which it was held back.
    pub after: Duration,
}

/// The reason for which an answer is held back no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Enough items are back.
    Released,
    /// Reads from the leader have confirmed the loss.
    Confirmed,
    /// The missing instances are in maintenance.
    Maintenance,
    /// No reader requires it any more.
    NotRequired,
}

/// Returns `true` if the guard applies to the answers of this query: it is a list, or a prefix.
#[must_use]
pub fn applies_to(query: &Query) -> bool {
    match query {
        Query::Consul(query) => match query {
            ConsulQuery::Key(_) | ConsulQuery::CaLeaf(_) => false,
            ConsulQuery::Pairs(_)
            | ConsulQuery::Service(_)
            | ConsulQuery::Connect(_)
            | ConsulQuery::Services(_)
            | ConsulQuery::Node(_)
            | ConsulQuery::Nodes(_)
            | ConsulQuery::Datacenters(_)
            | ConsulQuery::CaRoots
            | ConsulQuery::Partitions
            | ConsulQuery::Peerings(_)
            | ConsulQuery::ExportedServices(_)
            | ConsulQuery::ImportedServices(_) => true,
        },
        Query::File(_) | Query::Plugin(_) => false,
    }
}

impl Guard {
    /// The answer that is held back.
    #[must_use]
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// Returns `true` if the next answer can be judged without this value.
    #[must_use]
    pub fn is_idle(&self, now: Instant) -> bool {
        self.held.is_none() && !self.was_filtered && self.peaks.are_over(now)
    }

    /// Creates the guard of a query whose answer had this many items in an earlier process.
    #[must_use]
    pub fn expecting(items: usize) -> Self {
        Self {
            peaks: Peaks::expecting(items),
            ..Self::default()
        }
    }

    /// The answer of the earlier process is known now, with this many items: it is compared instead of an expected number
    /// that is not larger.
    pub fn restored(&mut self, items: usize) {
        self.peaks.forget_expected(items);
    }

    /// Judges an answer. `accepted` is the last accepted answer; `None` before the first one.
    pub fn observe(
        &mut self,
        rules: &GuardRules,
        accepted: Option<&Arc<Answer>>,
        seen: Observation<'_>,
        now: Instant,
    ) -> Ruling {
        if self.held.is_none() {
            self.peaks.forget_old(now);
        }
        let after = items(seen.answer, rules.depth);
        let before = self.before(rules, accepted, seen.answer);
        let loss = loss(rules.config, before, after, seen.is_short);
        let Some(loss) = loss else {
            if let Some(held) = self.held.as_mut().filter(|_| after < before)
                && !held.has_recovered(rules.config, seen.answer, after, now)
            {
                return Ruling::Held { is_news: false };
            }
            return self.accept(rules, accepted, seen, How::Released, now);
        };
        let excused = self.excused(accepted, seen);
        if excused > 0 && self::loss(rules.config, before - excused, after, false).is_none() {
            return self.accept(rules, accepted, seen, How::Maintenance, now);
        }
        let is_filtered = seen.circumstances.is_filtered && !self.was_filtered;
        let is_first = self.held.is_none();
        let held = self
            .held
            .get_or_insert_with(|| Held::new(seen.answer, loss, is_filtered, now));
        let is_news = is_first || held.is_filtered() != is_filtered;
        let circumstances = (seen.circumstances.is_fresh, is_filtered);
        let is_confirmed = held.observe(rules.config, seen.answer, loss, circumstances, now);
        if is_first {
            // The answer of a long poll does not tell which instances are in maintenance.
            held.read_now(now);
        }
        if is_confirmed {
            return self.accept(rules, accepted, seen, How::Confirmed, now);
        }
        Ruling::Held { is_news }
    }

    /// Accepts an answer.
    fn accept(
        &mut self,
        rules: &GuardRules,
        accepted: Option<&Arc<Answer>>,
        seen: Observation<'_>,
        how: How,
        now: Instant,
    ) -> Ruling {
        let after = items(seen.answer, rules.depth);
        if how == How::Confirmed {
            self.peaks = Peaks::default();
        } else {
            let until = now + rules.config.confirm_for;
            let before = accepted.map(|answer| (items(answer, rules.depth), answer));
            self.peaks.replaced(before, after, until);
            if !seen.in_maintenance.is_empty() {
                self.peaks.excuse(is_excused(seen), after);
            }
        }
        self.was_filtered = seen.circumstances.is_filtered;
        let ended = self.held.take().map(|held| Ended {
            how,
            loss: held.loss(),
            after: now.saturating_duration_since(held.since()),
        });
        Ruling::Accepted(ended)
    }

    /// The number of items with which an answer is compared.
    fn before(
        &self,
        rules: &GuardRules,
        accepted: Option<&Arc<Answer>>,
        answer: &Arc<Answer>,
    ) -> usize {
        let present = accepted.map_or(0, |answer| items(answer, rules.depth));
        // After a crash, the number of items may be newer than the answer of the process before.
        let present = present.max(self.peaks.expected().unwrap_or(0));
        let highest = self.peaks.highest().unwrap_or(0);
        let has_all = |accepted: &Arc<Answer>| {
            items(answer, rules.depth) >= present && items::contains(answer, accepted)
        };
        if highest > present && !accepted.is_some_and(has_all) {
            highest
        } else {
            present
        }
    }

    /// The number of missing instances that are in maintenance.
    fn excused(&self, accepted: Option<&Arc<Answer>>, seen: Observation<'_>) -> usize {
        if seen.in_maintenance.is_empty() {
            return 0;
        }
        let is_excused = is_excused(seen);
        match self.peaks.instances() {
            Some(instances) => instances.iter().filter(|id| is_excused(id)).count(),
            None => accepted.map_or(0, |answer| {
                items::instances(answer).filter(is_excused).count()
            }),
        }
    }

    /// Judges the answer that is held back by other rules; `None`: no reader requires the guard. Returns the
    /// answer if it is accepted.
    pub fn reconsider(
        &mut self,
        rules: Option<&GuardRules>,
        accepted: Option<&Arc<Answer>>,
        is_short: bool,
        now: Instant,
    ) -> Option<(Arc<Answer>, Ended)> {
        let held = self.held.as_ref()?;
        let is_loss = rules.is_some_and(|rules| {
            let after = items(held.answer(), rules.depth);
            let before = self.before(rules, accepted, held.answer());
            held.is_recovering() || loss(rules.config, before, after, is_short).is_some()
        });
        if is_loss {
            return None;
        }
        let held = self.held.take()?;
        let ended = Ended {
            how: How::NotRequired,
            loss: held.loss(),
            after: now.saturating_duration_since(held.since()),
        };
        self.peaks = Peaks::default();
        self.was_filtered |= held.is_filtered();
        Some((Arc::clone(held.answer()), ended))
    }

    /// Records that the query has failed: the loss has to be confirmed from the start.
    pub fn failed(&mut self, now: Instant) {
        if let Some(held) = &mut self.held {
            held.failed(now);
        }
    }

    /// The time of the next read; `None` if no answer is held back.
    #[must_use]
    pub fn next_read(&self) -> Option<Instant> {
        self.held.as_ref().map(Held::next_read)
    }

    /// Records that a read is sent.
    pub fn read_sent(&mut self, now: Instant) {
        if let Some(held) = &mut self.held {
            held.read_sent(now);
        }
    }
}

/// Tells which instances are missing in an answer, and in maintenance.
fn is_excused(seen: Observation<'_>) -> impl Fn(&InstanceId) -> bool {
    let left: HashSet<_> = items::instances(seen.answer).collect();
    move |id| seen.in_maintenance.contains(id) && !left.contains(id)
}

/// The loss in an answer with `after` of `before` items.
fn loss(config: GuardConfig, before: usize, after: usize, is_short: bool) -> Option<Loss> {
    let reason = if before > 0 && after == 0 {
        LossReason::Emptied
    } else if config.is_collapse(before, after) {
        LossReason::Dropped
    } else if is_short {
        LossReason::BelowMinimum
    } else {
        return None;
    };
    Some(Loss {
        reason,
        before,
        after,
    })
}

#[cfg(test)]
mod tests;
