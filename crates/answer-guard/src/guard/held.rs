//! An answer that is held back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::GuardConfig;
use consul_watch::answer::Answer;

/// The maximum time between two reads.
const MAX_READ_INTERVAL: Duration = Duration::from_secs(2);

/// The minimum time between two reads.
const MIN_READ_INTERVAL: Duration = Duration::from_millis(100);

/// The time after which a read without a result is repeated.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// The time after which no more items are expected to come back.
const RECOVERY_TIME: Duration = Duration::from_secs(1);

/// The number of reads within `confirm_for`.
const READS: u32 = 5;

/// A loss of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The reason for which it is held back.
    pub reason: LossReason,
    /// The number of items before.
    pub before: usize,
    /// The number of items that are left.
    pub after: usize,
}

/// The reason for which a loss is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// All items are missing.
    Emptied,
    /// More than `max_drop` of the items are missing.
    Dropped,
    /// Fewer items are left than a reader requires.
    BelowMinimum,
}

impl LossReason {
    /// The word for log fields.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Emptied => "emptied",
            Self::Dropped => "dropped",
            Self::BelowMinimum => "below_min",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reason,
            before,
            after,
        } = self;
        match (reason, before) {
            (LossReason::BelowMinimum, _) => f.write_str("a call gets fewer items than its min"),
            (_, 1) => write!(f, "{after} of 1 item is left"),
            (_, _) => write!(f, "{after} of {before} items are left"),
        }
    }
}

/// An answer that is held back.
#[derive(Clone, Debug)]
pub struct Held {
    /// The latest answer.
    answer: Arc<Answer>,
    loss: Loss,
    since: Instant,
    /// `true` if the server left out what the token may not read.
    is_filtered: bool,
    /// The time of the first of the reads from the leader that have shown the loss without a break.
    confirmed_since: Option<Instant>,
    /// The highest number of items since then.
    highest: usize,
    /// Items have come back: their number, and the time since when it is the same.
    recovering: Option<(usize, Instant)>,
    next_read: Instant,
}

impl Held {
    pub(super) fn new(answer: &Arc<Answer>, loss: Loss, is_filtered: bool, now: Instant) -> Self {
        Self {
            answer: Arc::clone(answer),
            loss,
            since: now,
            is_filtered,
            confirmed_since: None,
            highest: loss.after,
            recovering: None,
            next_read: now,
        }
    }

    /// The latest answer.
    #[must_use]
    pub fn answer(&self) -> &Arc<Answer> {
        &self.answer
    }

    /// The loss.
    #[must_use]
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The time since when an answer is held back.
    #[must_use]
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Returns `true` if the server left out what the token may not read.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.is_filtered
    }

    /// The time of the next read.
    pub(super) fn next_read(&self) -> Instant {
        self.next_read
    }

    /// Records a further answer with a loss. Returns `true` if the loss is confirmed.
    pub(super) fn observe(
        &mut self,
        config: GuardConfig,
        answer: &Arc<Answer>,
        loss: Loss,
        (is_fresh, is_filtered): (bool, bool),
        now: Instant,
    ) -> bool {
        let is_deeper = config.is_collapse(self.highest, loss.after);
        if is_deeper || is_filtered || self.is_filtered {
            self.confirmed_since = None;
            self.highest = loss.after;
        }
        self.recovering = None;
        self.answer = Arc::clone(answer);
        self.loss = loss;
        self.highest = self.highest.max(loss.after);
        self.is_filtered = is_filtered;
        if !is_fresh {
            return false;
        }
        self.next_read = now + read_interval(config);
        if is_filtered {
            return false;
        }
        let since = *self.confirmed_since.get_or_insert(now);
        let end = since + config.confirm_for;
        self.next_read = self.next_read.min(end.max(now));
        end <= now
    }

    /// Records an answer that is no loss, but still lacks items. Returns `true` if no more have come for some time.
    pub(super) fn has_recovered(
        &mut self,
        config: GuardConfig,
        answer: &Arc<Answer>,
        items: usize,
        now: Instant,
    ) -> bool {
        self.answer = Arc::clone(answer);
        self.confirmed_since = None;
        self.highest = items;
        let same = self.recovering.filter(|(before, _)| *before == items);
        let (_, since) = same.unwrap_or((items, now));
        self.recovering = Some((items, since));
        let end = since + RECOVERY_TIME.min(config.confirm_for);
        self.next_read = end;
        end <= now
    }

    /// Returns `true` if items have come back.
    pub(super) fn is_recovering(&self) -> bool {
        self.recovering.is_some()
    }

    /// Makes a read due.
    pub(super) fn read_now(&mut self, now: Instant) {
        self.next_read = now;
    }

    /// Records that a read has failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.confirmed_since = None;
        self.highest = self.loss.after;
        self.next_read = now + MAX_READ_INTERVAL;
    }

    /// Records that a read is sent.
    pub(super) fn read_sent(&mut self, now: Instant) {
        self.next_read = now + READ_TIMEOUT;
    }
}

fn read_interval(config: GuardConfig) -> Duration {
    (config.confirm_for / READS).clamp(MIN_READ_INTERVAL, MAX_READ_INTERVAL)
}
