//! The larger answers that were accepted within the last `confirm_for`, so that a loss in several small steps is
//! noticed.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Instant;

use super::items::{InstanceId, instances};
use consul_watch::answer::Answer;

/// The maximum number of peaks. Beyond it, the last one stays in place of smaller ones.
const MAX_PEAKS: usize = 16;

/// The answers that were replaced by smaller ones, the largest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Peaks(Vec<Peak>);

#[derive(Clone, Debug)]
struct Peak {
    items: usize,
    instances: Box<[InstanceId]>,
    /// `None`: until an answer is accepted.
    until: Option<Instant>,
}

impl Peaks {
    /// Expects an answer with this many items.
    pub(super) fn expecting(items: usize) -> Self {
        let peak = Peak {
            items,
            instances: Box::default(),
            until: None,
        };
        Self(vec![peak])
    }

    /// Does not expect this many items or fewer any more.
    pub(super) fn forget_expected(&mut self, items: usize) {
        self.0
            .retain(|peak| peak.until.is_some() || peak.items > items);
    }

    /// The number of items that is expected; `None` after the first accepted answer.
    pub(super) fn expected(&self) -> Option<usize> {
        let mut expected = self.0.iter().filter(|peak| peak.until.is_none());
        expected.next().map(|peak| peak.items)
    }

    /// Removes the peaks that were replaced too long ago.
    pub(super) fn forget_old(&mut self, now: Instant) {
        self.0.retain(|peak| peak.is_recent(now));
    }

    /// Returns `true` if no peak is recent.
    pub(super) fn are_over(&self, now: Instant) -> bool {
        !self.0.iter().any(|peak| peak.is_recent(now))
    }

    /// The highest number of items.
    pub(super) fn highest(&self) -> Option<usize> {
        self.0.first().map(|peak| peak.items)
    }

    /// The instances of the highest peak.
    pub(super) fn instances(&self) -> Option<&[InstanceId]> {
        self.0.first().map(|peak| &*peak.instances)
    }

    /// Records that an answer with `after` items replaces `before`, which counts until then.
    pub(super) fn replaced(
        &mut self,
        before: Option<(usize, &Arc<Answer>)>,
        after: usize,
        until: Instant,
    ) {
        self.0
            .retain(|peak| peak.items > after && peak.until.is_some());
        let Some((items, answer)) = before.filter(|(items, _)| *items > after) else {
            return;
        };
        let until = Some(until);
        let is_full = self.0.len() == MAX_PEAKS;
        match self.0.last_mut() {
            // It has at least as many items as `before`.
            Some(last) if is_full => last.until = until,
            _ => self.0.push(Peak {
                items,
                instances: instances(answer).collect(),
                until,
            }),
        }
    }

    /// Removes the instances that are in maintenance. An answer with `after` items was accepted without them.
    pub(super) fn excuse(&mut self, is_excused: impl Fn(&InstanceId) -> bool, after: usize) {
        for peak in &mut self.0 {
            peak.excuse(&is_excused);
        }
        self.0.retain(|peak| peak.items > after);
        self.0.sort_by_key(|peak| Reverse(peak.items));
    }
}

impl Peak {
    /// Removes these instances.
    fn excuse(&mut self, is_excused: impl Fn(&InstanceId) -> bool) {
        let before = self.instances.len();
        let left = self.instances.iter().filter(|id| !is_excused(id));
        self.instances = left.copied().collect();
        self.items -= before - self.instances.len();
    }

    fn is_recent(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
