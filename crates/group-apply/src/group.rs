//! The state machine of one group: from rendered texts to files, and back after a failure.
//!
//! Input: results of its steps, the time. Output: the next [`Step`].
//!
//! ```text
//!            Write                             a group without a check
//! Idle ───────────────────────► Swapping ─► Idle
//!   │ Stage            Check        ▲
//!   └────► Staging ─────────► Checking ─ Discard ─► Idle, the content is refused
//!
//! Idle ── Restore (command or verification failed) ─► Restoring ─► Idle, the content is refused
//!   └──── Restore (after a pause, if a file could not be restored) ───┘
//! ```
//!
//! A refused content is applied again when it changes, or after a pause that grows; after a restoration
//! only when it changes, unless the command fails for the restored files, too.

mod refused;
mod restoration;
mod unrestored;

use std::sync::Arc;
use std::time::Instant;

pub use self::refused::Refused;
use self::unrestored::Unrestored;
use crate::options::GroupConfig;

/// One group and its state.
#[derive(Debug)]
pub struct Group {
    config: Arc<GroupConfig>,
    phase: Phase,
    refused: Option<Refused>,
    /// The restoration of files that another program has changed, if its check failed last.
    refused_drift: Option<Refused>,
    replaced: Replaced,
    taken_back: Option<TakenBack>,
    unrestored: Option<Unrestored>,
}

/// The step in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// None.
    Idle,
    /// The files are staged.
    Staging,
    /// The staged files are checked.
    Checking,
    /// The files are swapped; without a check, they are staged in the same step.
    Swapping,
    /// The previous files are restored.
    Restoring,
}

/// The next step of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Stage the files and swap them.
    Write,
    /// Stage the files.
    Stage,
    /// Check the staged files.
    Check,
    /// Swap the staged files.
    Swap,
    /// Remove the staged files.
    Discard,
    /// Restore the files as they were when the last command succeeded.
    Restore,
}

/// Whether a group may begin with a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Now.
    Now,
    /// At this time.
    At(Instant),
    /// After an event.
    Later,
}

/// The content that was rolled back last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TakenBack {
    /// The fingerprint of the texts of the group.
    content: u64,
    /// The number of its rollbacks since the last success of the command.
    times: u32,
}

/// The files as they were when the last command succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replaced {
    /// None was replaced since, or they are not kept.
    None,
    /// They are kept, and can be restored.
    Kept,
}

impl Group {
    /// Creates a group in which nothing is in progress.
    #[must_use]
    pub fn new(config: Arc<GroupConfig>) -> Self {
        Self {
            config,
            phase: Phase::Idle,
            refused: None,
            refused_drift: None,
            replaced: Replaced::None,
            taken_back: None,
            unrestored: None,
        }
    }

    /// Returns the same group with a new configuration.
    #[must_use]
    pub fn renewed(self, config: Arc<GroupConfig>) -> Self {
        Self { config, ..self }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Arc<GroupConfig> {
        &self.config
    }

    /// The step in progress.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns `true` while files are staged, swapped or restored.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        matches!(
            self.phase,
            Phase::Staging | Phase::Swapping | Phase::Restoring
        )
    }

    /// The content that failed last, if none was applied or parked since.
    #[must_use]
    pub fn failure(&self) -> Option<Refused> {
        self.refused.filter(|refused| refused.failures > 0)
    }

    /// Refuses a content again, after another one that was requested.
    pub fn refuse_again(&mut self, refused: Refused) {
        self.refused = Some(refused);
    }

    /// Refuses another content for the same reason as one before, and as long.
    pub fn keep_refused(&mut self, before: Refused, content: u64) {
        self.refused = Some(Refused { content, ..before });
    }

    /// Returns `true` if this content failed the last time.
    #[must_use]
    pub fn has_refused(&self, content: u64) -> bool {
        self.failure()
            .is_some_and(|refused| refused.content == content)
    }

    /// Returns `true` if the restoration of this content failed the last time.
    #[must_use]
    pub fn has_refused_drift(&self, content: u64) -> bool {
        let refused = self.refused_drift;
        refused.is_some_and(|refused| refused.content == content)
    }

    /// Returns `true` if this content is parked.
    #[must_use]
    pub fn has_parked(&self, content: u64) -> bool {
        self.phase == Phase::Idle
            && self
                .refused
                .is_some_and(|refused| refused.content == content && refused.failures == 0)
    }

    /// Decides whether the group may begin. `content` returns the fingerprint of its texts;
    /// `is_owing`: its command is owed and has not failed yet, or runs.
    pub fn start(&self, content: impl FnOnce() -> u64, is_owing: bool, now: Instant) -> Start {
        self.start_unless(self.refused, content, is_owing, now)
    }

    /// Decides whether the group may begin to restore files that another program has changed, like
    /// [`start`](Self::start).
    pub fn start_drift(
        &self,
        content: impl FnOnce() -> u64,
        is_owing: bool,
        now: Instant,
    ) -> Start {
        self.start_unless(self.refused_drift, content, is_owing, now)
    }

    fn start_unless(
        &self,
        refused: Option<Refused>,
        content: impl FnOnce() -> u64,
        is_owing: bool,
        now: Instant,
    ) -> Start {
        if self.phase != Phase::Idle || (is_owing && self.config.is_sequential()) {
            return Start::Later;
        }
        match refused {
            Some(refused) if refused.content == content() => match refused.retry {
                Some(retry) if retry > now => Start::At(retry),
                Some(_) => Start::Now,
                None => Start::Later,
            },
            _ => Start::Now,
        }
    }

    /// Begins to apply.
    pub fn begin(&mut self) -> Step {
        if self.config.check.is_some() {
            self.phase = Phase::Staging;
            Step::Stage
        } else {
            self.phase = Phase::Swapping;
            Step::Write
        }
    }

    /// Handles the end of staging. Files that all have their content already need no check; if one
    /// could not be staged, the swap changes nothing and reports the error.
    pub fn staged(&mut self, needs_check: bool) -> Option<Step> {
        if self.phase != Phase::Staging {
            return None;
        }
        if needs_check {
            self.phase = Phase::Checking;
            Some(Step::Check)
        } else {
            self.phase = Phase::Swapping;
            Some(Step::Swap)
        }
    }

    /// Handles a check that succeeded.
    pub fn passed(&mut self) -> Option<Step> {
        if self.phase != Phase::Checking {
            return None;
        }
        self.phase = Phase::Swapping;
        Some(Step::Swap)
    }

    /// Handles a check that failed or could not begin, or a swap that found no staged file. `jitter` is a random
    /// number between 0 and 1.
    pub fn failed(&mut self, content: u64, now: Instant, jitter: f64) -> Option<Step> {
        let refused = Refused::again(self.refused, content, now, jitter);
        self.discard().inspect(|_| self.refused = Some(refused))
    }

    /// Like [`failed`](Self::failed), for files that another program has changed. The latest texts are not refused with
    /// them.
    pub fn drift_failed(&mut self, content: u64, now: Instant, jitter: f64) -> Option<Step> {
        let refused = Refused::again(self.refused_drift, content, now, jitter);
        self.discard()
            .inspect(|_| self.refused_drift = Some(refused))
    }

    fn discard(&mut self) -> Option<Step> {
        let begun = [Phase::Staging, Phase::Checking, Phase::Swapping];
        if !begun.contains(&self.phase) {
            return None;
        }
        self.phase = Phase::Idle;
        Some(Step::Discard)
    }

    /// Handles the end of a swap. `is_kept`: the replaced files are kept.
    pub fn swapped(&mut self, is_kept: bool) {
        if self.phase == Phase::Swapping {
            self.phase = Phase::Idle;
            self.refused = None;
            if is_kept {
                self.replaced = Replaced::Kept;
            }
        }
    }

    /// Handles the end of a swap that has restored files after a change by another program. What was refused before
    /// stays refused.
    pub fn drift_restored(&mut self) {
        if self.phase == Phase::Swapping {
            self.phase = Phase::Idle;
            self.refused_drift = None;
        }
    }

    /// Handles replaced files of an earlier process or configuration. `is_kept`: the group can restore some.
    pub fn keep_replaced(&mut self, is_kept: bool) {
        self.replaced = if is_kept {
            Replaced::Kept
        } else {
            Replaced::None
        };
    }

    /// Handles a content that is above a change budget: it is applied at a time, or when it changes.
    pub fn parked(&mut self, content: u64, release: Option<Instant>) {
        self.refused = Some(Refused {
            content,
            failures: 0,
            retry: release,
        });
    }

    /// Handles a content that an earlier process has rolled back: it is applied when it changes.
    pub fn quarantined(&mut self, content: u64) {
        self.refused = Some(Refused {
            content,
            failures: 1,
            retry: None,
        });
    }

    /// Handles the success of the command and its verification. A success with the previous files does not reset the number
    /// of rollbacks of the refused content.
    pub fn succeeded(&mut self) {
        self.replaced = Replaced::None;
        self.unrestored = None;
        if self.refused.is_none() {
            self.taken_back = None;
        }
    }

    /// Makes a refused content due, after a reload by the user.
    pub fn retry_now(&mut self, now: Instant) {
        let both = [&mut self.refused, &mut self.refused_drift];
        for refused in both.into_iter().flatten() {
            refused.retry = Some(now);
        }
        if let Some(unrestored) = &mut self.unrestored {
            unrestored.retry = Some(now);
        }
    }
}

#[cfg(test)]
mod tests;
