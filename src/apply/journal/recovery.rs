//! The start after an earlier process: interrupted swaps, owed commands, and what can be restored.

use std::path::Path;

use apply_ledger::{
    Content, Ending, IntentId, LedgerError, OwedGroup, Recovery, Replaced, recover,
};
use file_writer::Previous;

use super::{Journal, PROGRAM, State};

impl Journal {
    /// Completes or takes back the swaps that a crash has interrupted. Returns the groups that owe
    /// their command.
    pub fn recover(&self) -> Vec<OwedGroup> {
        let owed = self.use_state(|state| {
            let recovered = state.recover();
            let owed = recovered.and_then(|()| state.ledger.owed());
            state.check(owed)
        });
        owed.unwrap_or_default()
    }

    /// A destination before its first write since the last success; `None` if its content is not stored.
    pub fn previous(&self, destination: &Path, replaced: &Replaced) -> Option<Previous> {
        let content = match replaced.hash {
            None => None,
            Some(hash) => Some(self.with(|ledger| ledger.content(hash))??),
        };
        let content = content.map(Content::into_bytes);
        Some(Previous::recorded(destination.to_owned(), content))
    }

    /// Records that the command of an intent never runs, because no template writes its files any more.
    pub fn drop_owed(&self, intent: IntentId) {
        self.with(|ledger| ledger.finished(intent, Ending::Dropped));
    }
}

impl State {
    fn recover(&mut self) -> Result<(), LedgerError> {
        for intent in self.ledger.pending()? {
            let plan = recover(&intent, &intent.states()?);
            plan.execute(&self.ledger, PROGRAM)?;
            let group = &intent.group;
            let (result, outcome) = match plan.result {
                Recovery::Old => (self.ledger.discarded(intent.id), "not begun"),
                Recovery::New => (self.ledger.swapped(intent.id), "completed"),
            };
            result?;
            tracing::warn!(
                name: "ledger.recovered", group, outcome,
                "{group}: ctmpl was killed while it replaced the files of this group; the swap is {outcome}"
            );
        }
        Ok(())
    }
}
