//! What follows a failed command or verification, and what the log says about it.

use std::sync::Arc;

use super::messages::FailedRun;
use super::{Commands, Consequence, FinalFailures, Run};
use crate::config::resolved::{GroupKey, Mode, OnFailure};
use crate::daemon::event::Moment;

impl Commands {
    /// Ends a failed run. `restores`: the files of its group can be restored. `log` receives what is known about it.
    pub(super) fn failed(
        &mut self,
        at: usize,
        restores: bool,
        now: Moment,
        log: impl FnOnce(FailedRun),
    ) -> Consequence {
        let Run {
            ref group,
            begun,
            phase,
        } = self.runs[at];
        let group = Arc::clone(group);
        let took = now.instant.saturating_duration_since(begun);
        let size = self.debts.size_of_run(&group.key);
        let run = |again: String, outcome| FailedRun {
            again,
            outcome,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            removed: size.map(|size| size.removed),
            added: size.map(|size| size.added),
        };
        match (group.on_failure, self.mode) {
            (OnFailure::Exit, _) => {
                log(run(
                    "; exiting because on_failure is exit".to_owned(),
                    "exit",
                ));
                self.failures = FinalFailures::Fatal;
                self.end_run(at, false, now);
            }
            (OnFailure::Rollback, _) if restores => {
                log(run(String::new(), "rollback"));
                self.runs.remove(at);
                return Consequence::RollBack(phase);
            }
            (OnFailure::Retry | OnFailure::Rollback, Mode::Daemon) => {
                self.runs.remove(at);
                let (again, outcome) = match self.repeat(&group.key, now) {
                    Some(again) => (again, "retry"),
                    // A new configuration has taken all its files away while it ran.
                    None => (String::new(), "dropped"),
                };
                log(run(again, outcome));
            }
            (OnFailure::Retry | OnFailure::Rollback, Mode::Once { .. }) => {
                log(run(String::new(), "given up"));
                self.give_up(&group.key, now);
                self.runs.remove(at);
            }
        }
        Consequence::Failed(group)
    }

    /// Repeats a failed run later. Returns the time in words; `None`: no file waits for it any more.
    fn repeat(&mut self, key: &GroupKey, now: Moment) -> Option<String> {
        let retry = self.debts.finished(key, false, now.instant, now.jitter)?;
        let seconds = retry.after.as_secs_f64();
        Some(format!("; runs again in {seconds:.1} s"))
    }

    /// Forgets a failed run, whose failure is final in `-once`.
    pub(in crate::daemon::apply) fn give_up(&mut self, key: &GroupKey, now: Moment) {
        if self.mode != Mode::Daemon {
            self.failures = FinalFailures::Some;
        }
        self.debts.finished(key, true, now.instant, now.jitter);
    }
}
