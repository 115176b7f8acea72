//! What follows a failed command or verification, and what the log says about it.

use ctmpl_options::config::resolved::Mode;
use group_apply::debts::Retry;
use group_apply::options::{GroupConfig, GroupKey, OnFailure};

use super::messages::FailedRun;
use super::{Commands, Consequence, FinalFailures, Run};
use crate::daemon::event::Moment;

/// What follows a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FollowUp {
    Rollback,
    Exit,
    Retry(Retry),
    /// Nothing in `-once`.
    GivenUp,
    /// A new configuration has no command for its files any more.
    Dropped,
    /// Other groups owe the command for its files.
    Inherited,
}

impl FollowUp {
    /// The name, for the field of the event.
    fn name(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Exit => "exit",
            Self::Retry(_) => "retry",
            Self::GivenUp => "given up",
            Self::Dropped => "dropped",
            Self::Inherited => "inherited",
        }
    }

    /// The end of a message.
    fn message(self) -> String {
        match self {
            Self::Exit => "; exiting because on_failure is exit".to_owned(),
            Self::Retry(retry) => {
                format!("; runs again in {:.1} s", retry.after.as_secs_f64())
            }
            Self::Inherited => {
                "; not run again, because a reload has moved its files to another group".to_owned()
            }
            Self::Rollback | Self::GivenUp | Self::Dropped => String::new(),
        }
    }
}

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
            group,
            begun,
            phase,
        } = self.runs.remove(at);
        let took = now.instant.saturating_duration_since(begun);
        let size = self.debts.size_of_run(&group.key);
        let is_rewritten = self.debts.is_rewritten(&group.key);
        let follow_up = self.follow_up(&group, restores, now);
        log(FailedRun {
            again: follow_up.message(),
            outcome: follow_up.name(),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            removed: size.map(|size| size.removed),
            added: size.map(|size| size.added),
        });
        match follow_up {
            FollowUp::Rollback => Consequence::RollBack(phase),
            FollowUp::Dropped => Consequence::Dropped(group),
            FollowUp::Inherited => Consequence::Inherited,
            FollowUp::Exit | FollowUp::Retry(_) | FollowUp::GivenUp => {
                Consequence::Failed { is_rewritten }
            }
        }
    }

    /// Decides what follows a failed run, and records its end.
    fn follow_up(&mut self, group: &GroupConfig, restores: bool, now: Moment) -> FollowUp {
        match (group.on_failure, self.mode) {
            (OnFailure::Exit, _) => {
                self.failures = FinalFailures::Fatal;
                self.debts
                    .finished(&group.key, false, now.instant, now.jitter);
                FollowUp::Exit
            }
            (OnFailure::Rollback, _) if restores => {
                self.give_up(&group.key, now);
                FollowUp::Rollback
            }
            (OnFailure::Retry | OnFailure::Rollback, Mode::Daemon) => {
                let is_inherited = self.debts.is_inherited(&group.key);
                let retry = self
                    .debts
                    .finished(&group.key, false, now.instant, now.jitter);
                match retry {
                    Some(retry) => FollowUp::Retry(retry),
                    // A new configuration has taken all its files away while it ran.
                    None if is_inherited => FollowUp::Inherited,
                    None => FollowUp::Dropped,
                }
            }
            (OnFailure::Retry | OnFailure::Rollback, Mode::Once { .. }) => {
                self.give_up(&group.key, now);
                FollowUp::GivenUp
            }
        }
    }

    /// Forgets a failed run, whose failure is final in `-once`.
    fn give_up(&mut self, key: &GroupKey, now: Moment) {
        if self.mode != Mode::Daemon {
            self.failures = FinalFailures::Some;
        }
        self.debts.finished(key, true, now.instant, now.jitter);
    }
}
