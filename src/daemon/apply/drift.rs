//! The rules for a destination that another program changes: when it is compared, reported and restored.
//!
//! Input: file events, results of comparisons, the end of writes, the time. Output: the comparisons to make, what
//! to log, and the time of the restoration.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use group_apply::drift::{Difference, DriftKind};
use group_apply::options::Drift;
use policy_values::Backoff;

/// The number of restorations in a row without a pause. After that, another program probably writes the file all
/// the time.
const PROMPT: u32 = 5;
/// A restoration after this time without another one is not in a row with it. A longer pause between
/// restorations counts as well.
const CALM: Duration = Duration::from_secs(60);
/// The pauses between further restorations.
const PAUSES: Backoff = Backoff {
    first: Duration::from_secs(5),
    longest: Duration::from_secs(5 * 60),
    jitter: 0.2,
};

/// The shortest pause between two sweeps.
const SWEEP: Duration = Duration::from_secs(24);
/// The maximum of a random addition, so that the daemons of many machines do not read at the same time.
const SWEEP_JITTER: Duration = Duration::from_secs(12);

/// The time of the next comparison of all destinations, for what the system does not report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep(Instant);

impl Sweep {
    /// Creates the schedule of a process that begins now.
    pub(super) fn beginning(now: Instant) -> Self {
        Self(now + SWEEP)
    }

    /// The time of the next sweep.
    pub(super) fn next(self) -> Instant {
        self.0
    }

    /// Handles a sweep. `jitter` is a random number between 0 and 1.
    pub(super) fn swept(&mut self, now: Instant, jitter: f64) {
        self.0 = now + SWEEP + SWEEP_JITTER.mul_f64(jitter);
    }
}

/// What is known about the changes of one destination by other programs.
#[derive(Debug)]
pub(super) struct DriftWatch {
    inspection: Inspection,
    /// The difference that was found last, until the file is as written.
    found: Option<Difference>,
    restoration: Restoration,
    /// The number of restorations in a row.
    count: u32,
    /// The time of the last restoration, and the pause before it.
    last: Option<(Instant, Duration)>,
}

/// The comparison of the file with what was written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inspection {
    Idle,
    /// The file may have changed.
    Due,
    InProgress,
    /// It is in progress, but the file may have changed since it began.
    Outdated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restoration {
    None,
    /// The file is written again at this time.
    Due(Instant),
    /// The file is being written again.
    InProgress,
}

/// What follows from a new difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The difference is logged.
    Report(DriftKind),
    /// The file is not written again, because a new link leads to this file.
    Refuse(PathBuf),
    /// The file is written again.
    Restore,
    /// The file is written again after this time, because this was necessary again and again. The last field:
    /// this is so for the first time in a row.
    RestoreAfter(DriftKind, Duration, bool),
}

impl DriftWatch {
    /// Creates the state of a file without changes.
    pub(super) fn new() -> Self {
        Self {
            inspection: Inspection::Idle,
            found: None,
            restoration: Restoration::None,
            count: 0,
            last: None,
        }
    }

    /// The difference that was found last.
    pub(super) fn found(&self) -> Option<DriftKind> {
        self.found.as_ref().map(|found| found.kind)
    }

    /// Handles a possible change of the file.
    pub(super) fn mark_due(&mut self) {
        self.inspection = match self.inspection {
            Inspection::Idle | Inspection::Due => Inspection::Due,
            Inspection::InProgress | Inspection::Outdated => Inspection::Outdated,
        };
    }

    /// Begins a comparison. Returns `false` if none is due.
    pub(super) fn begin_inspection(&mut self) -> bool {
        let is_due = self.inspection == Inspection::Due;
        if is_due {
            self.inspection = Inspection::InProgress;
        }
        is_due
    }

    /// Handles the result of a comparison. `can_restore`: the text of the file is known. `jitter` is a random
    /// number between 0 and 1.
    pub(super) fn inspected(
        &mut self,
        difference: Option<Difference>,
        (drift, can_restore): (Drift, bool),
        now: Instant,
        jitter: f64,
    ) -> Option<Reaction> {
        let is_outdated = self.inspection == Inspection::Outdated;
        self.inspection = Inspection::Idle;
        if is_outdated {
            // A write in progress can be a part of the difference.
            self.inspection = Inspection::Due;
            return None;
        }
        let before = std::mem::replace(&mut self.found, difference.clone());
        let Some(difference) = difference else {
            self.restoration = Restoration::None;
            return None;
        };
        let is_new = before.as_ref() != Some(&difference);
        match (drift, difference.target) {
            (Drift::Ignore, _) => None,
            // What a new link leads to was never written.
            (Drift::Restore, Some(target)) => {
                self.restoration = Restoration::None;
                is_new.then_some(Reaction::Refuse(target))
            }
            (Drift::Restore, None) if can_restore => self.restore(difference.kind, now, jitter),
            (Drift::Report | Drift::Restore, _) => {
                is_new.then_some(Reaction::Report(difference.kind))
            }
        }
    }

    fn restore(&mut self, kind: DriftKind, now: Instant, jitter: f64) -> Option<Reaction> {
        if self.restoration != Restoration::None {
            return None;
        }
        let is_calm = |(at, pause): (Instant, Duration)| now >= at + CALM.max(pause * 2);
        if self.last.is_none_or(is_calm) {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        let excess = self.count.saturating_sub(PROMPT);
        let pause = match excess {
            0 => Duration::ZERO,
            excess => PAUSES.pause(excess, jitter),
        };
        self.last = Some((now + pause, pause));
        self.restoration = Restoration::Due(now + pause);
        Some(match excess {
            0 => Reaction::Restore,
            excess => Reaction::RestoreAfter(kind, pause, excess == 1),
        })
    }

    /// The time at which the file is written again.
    pub(super) fn restores_at(&self) -> Option<Instant> {
        match self.restoration {
            Restoration::Due(at) => Some(at),
            Restoration::None | Restoration::InProgress => None,
        }
    }

    /// Returns `true` if the file is, or will be, written again.
    pub(super) fn is_restored(&self) -> bool {
        self.restoration != Restoration::None
    }

    /// Returns `true` while the file is written again.
    pub(super) fn is_restoring(&self) -> bool {
        self.restoration == Restoration::InProgress
    }

    /// Handles the beginning of a write.
    pub(super) fn write_begins(&mut self) {
        if self.inspection == Inspection::InProgress {
            self.inspection = Inspection::Outdated;
        }
    }

    /// Handles the beginning of a write that restores the file.
    pub(super) fn restoration_begins(&mut self) {
        self.write_begins();
        self.restoration = Restoration::InProgress;
    }

    /// Handles the end of a write that succeeded: the file is as written. Returns what had happened to the file,
    /// if the write has restored it.
    pub(super) fn written(&mut self) -> Option<DriftKind> {
        let was_restoring = self.is_restoring();
        self.restoration = Restoration::None;
        let found = self.found.take();
        found
            .filter(|_| was_restoring)
            .map(|difference| difference.kind)
    }

    /// Handles the end of a write that failed: a restoration is repeated.
    pub(super) fn failed(&mut self, now: Instant) {
        if self.is_restoring() {
            self.restoration = Restoration::Due(now);
        }
    }

    /// Handles a text that is not the wanted content of the file any more.
    pub(super) fn cancel(&mut self) {
        self.write_begins();
        self.restoration = Restoration::None;
        self.found = None;
    }
}
