//! The start after an earlier process: interrupted swaps, owed commands, and what can be restored.

use std::path::Path;

use apply_ledger::{
    Content, Ending, IntentId, LedgerError, OwedGroup, PendingIntent, Recovery, Replaced, recover,
};
use file_writer::Previous;

use super::Journal;
use super::state::State;
use error_line::chain;

impl Journal {
    /// Completes or takes back the swaps that a crash has interrupted. Returns the groups that owe
    /// their command. `is_wanted` returns `false` if the caller does not wait any more: then no further file is
    /// written, because it may have newer content.
    pub fn recover(&self, is_wanted: impl Fn() -> bool + Send + 'static) -> Vec<OwedGroup> {
        let owed = self.thread.wait(move |state| {
            state.recover(is_wanted);
            let owed = state.ledger.owed();
            state.check(owed)
        });
        self.in_time(owed).flatten().unwrap_or_default()
    }

    /// A destination before its first write since the last success; `None` if its content is not stored.
    pub fn previous(&self, destination: &Path, replaced: &Replaced) -> Option<Previous> {
        let content = match replaced.hash {
            None => None,
            Some(hash) => Some(self.ask(move |ledger| ledger.content(hash))??),
        };
        let content = content.map(Content::into_bytes);
        Some(Previous::recorded(destination.to_owned(), content))
    }

    /// Records the end of an intent of an earlier process whose command does not run.
    pub fn settle(&self, intent: IntentId, ending: Ending) {
        self.record(move |state| {
            let settled = state.ledger.finished(intent, ending);
            state.check(settled)
        });
    }
}

impl State {
    /// Completes or takes back interrupted swaps. One that cannot be recovered delays no other.
    fn recover(&mut self, is_wanted: impl Fn() -> bool) {
        let pending = self.ledger.pending();
        for intent in self.check(pending).unwrap_or_default() {
            let (program, group) = (self.program, &intent.group);
            match self.recover_one(&intent, &is_wanted) {
                Ok(None) => return,
                Ok(Some(outcome)) => tracing::warn!(
                    name: "ledger.recovered", group, outcome,
                    "{group}: {program} was killed while it replaced the files of this group; the swap is {outcome}"
                ),
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(
                        name: "ledger.not_recovered", group, error,
                        "{group}: {program} was killed while it replaced the files of this group, and the swap cannot be \
                         completed now: {error}; until the next write of the group, its files may not fit together"
                    );
                }
            }
        }
    }

    /// Recovers one swap. Returns how; `None` if that is not wanted any more.
    fn recover_one(
        &mut self,
        intent: &PendingIntent,
        is_wanted: &impl Fn() -> bool,
    ) -> Result<Option<&'static str>, LedgerError> {
        let plan = recover(intent, &intent.states()?);
        // It is asked again before each step. A system call in progress cannot be recalled.
        if !is_wanted() || !plan.execute(&self.ledger, self.program, is_wanted)? {
            return Ok(None);
        }
        Ok(Some(match plan.result {
            Recovery::Old => {
                self.ledger.discarded(intent.id)?;
                "not begun"
            }
            Recovery::New => {
                self.ledger.swapped(intent.id)?;
                "completed"
            }
        }))
    }
}
