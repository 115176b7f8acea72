//! What is recorded about an owed command whose files a new configuration has moved to other groups.

use std::collections::BTreeSet;

use apply_ledger::Ending;

use super::messages::name;
use crate::config::resolved::{GroupConfig, GroupKey};
use crate::daemon::event::Action;

/// Records that `heirs` owe the command of a group. If there are none, the command is dropped with a warning.
pub(in crate::daemon::apply) fn transfer(group: &GroupConfig, heirs: BTreeSet<GroupKey>) -> Action {
    if !heirs.is_empty() {
        return Action::Transfer(group.key.clone(), heirs);
    }
    if group.has_effect() {
        let line = name(group);
        tracing::warn!(
            name: "command.dropped", command = line,
            "`{line}` is owed, but is not configured any more for the files that were written: it does not run"
        );
    }
    Action::Finish(group.key.clone(), Ending::Dropped)
}
