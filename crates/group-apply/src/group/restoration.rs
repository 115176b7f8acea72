//! The restoration of the previous files after a failure, and its repetition if a file cannot be restored.

use std::time::{Duration, Instant};

use super::unrestored::Unrestored;
use super::{Group, Phase, Replaced, Step, TakenBack};
use crate::debts::RETRY;
use crate::options::OnFailure;

impl Group {
    /// Returns `true` if the files are restored when the command or its verification fails.
    #[must_use]
    pub fn restores(&self) -> bool {
        self.config.on_failure == OnFailure::Rollback
            && self.replaced == Replaced::Kept
            && self.phase == Phase::Idle
    }

    /// Handles a failure of the command or its verification. `content` is the one that has failed.
    /// Returns the step that follows, if the files can be restored and have to be.
    pub fn roll_back(&mut self, content: u64) -> Option<Step> {
        self.restores().then(|| {
            self.phase = Phase::Restoring;
            self.replaced = Replaced::None;
            self.quarantined(content);
            let same = self.taken_back.filter(|last| last.content == content);
            let times = same.map_or(0, |last| last.times).saturating_add(1);
            self.taken_back = Some(TakenBack { content, times });
            Step::Restore
        })
    }

    /// Handles a failure of the command or its verification with the previous files, too: the content that was taken back
    /// is not to blame. It is tried again at `due`, when the command is due, or later: the pause grows with each rollback
    /// of the same content. `jitter` is a random number between 0 and 1.
    pub fn previous_failed(&mut self, due: Instant, now: Instant, jitter: f64) {
        let times = self.taken_back.map_or(0, |last| last.times);
        let refused = self.refused.as_mut();
        if let Some(refused) = refused.filter(|refused| refused.failures > 0) {
            let retry = due.max(now + RETRY.pause(times, jitter));
            refused.retry.get_or_insert(retry);
        }
    }

    /// Handles the end of a restoration of all files. Returns `true` if an earlier attempt has failed.
    pub fn restored(&mut self) -> bool {
        if self.phase != Phase::Restoring {
            return false;
        }
        self.phase = Phase::Idle;
        self.unrestored.take().is_some()
    }

    /// Handles the end of a restoration in which a file could not be restored. It is repeated after a pause that grows,
    /// if `is_repeated`, and if no other content is written before. `jitter` is a random number between 0 and 1. Returns
    /// the pause.
    pub fn not_restored(
        &mut self,
        is_repeated: bool,
        now: Instant,
        jitter: f64,
    ) -> Option<Duration> {
        if self.phase != Phase::Restoring {
            return None;
        }
        self.phase = Phase::Idle;
        let (unrestored, pause) = Unrestored::after(self.unrestored, is_repeated, now, jitter);
        self.unrestored = Some(unrestored);
        pause
    }

    /// Handles files that an earlier process could not restore.
    pub fn must_restore(&mut self, now: Instant) {
        self.unrestored = Some(Unrestored::of_earlier_process(now));
    }

    /// The time of the next attempt to restore files; `None`: there are none, or after an event.
    #[must_use]
    pub fn restores_again_at(&self) -> Option<Instant> {
        // The replaced files are restored together with these if the command fails.
        let is_possible = self.phase == Phase::Idle && self.replaced == Replaced::None;
        self.unrestored.filter(|_| is_possible)?.retry
    }

    /// Returns `true` if files could not be restored, and all are still to be restored.
    #[must_use]
    pub fn must_still_restore(&self) -> bool {
        self.unrestored.is_some()
    }

    /// Begins the next attempt to restore files.
    pub fn restore_again(&mut self) -> Step {
        self.phase = Phase::Restoring;
        Step::Restore
    }
}
