//! What is recorded about an owed command whose files a new configuration has moved to other groups.

use std::collections::BTreeSet;

use apply_ledger::Ending;
use group_apply::journal::Transfers;
use group_apply::options::{GroupConfig, GroupKey};

use super::messages::name;
use crate::daemon::event::Action;

/// Records that their heirs owe the commands of groups. The command of a group without an heir is dropped with a
/// warning. This comes first, because such a group may be the heir of another one.
pub(in crate::daemon::apply) fn transfers<'a>(
    all: impl Iterator<Item = (&'a GroupConfig, BTreeSet<GroupKey>)>,
) -> Vec<Action> {
    let (mut actions, mut inherited) = (Vec::new(), Transfers::new());
    for (group, heirs) in all {
        if heirs.is_empty() {
            actions.push(dropped(group));
        } else {
            inherited.insert(group.key.clone(), heirs);
        }
    }
    if !inherited.is_empty() {
        actions.push(Action::Transfer(inherited));
    }
    actions
}

/// Records that the command of a group is not owed any more, and warns of it.
fn dropped(group: &GroupConfig) -> Action {
    warn_of_dropped(group);
    Action::Finish(group.key.clone(), Ending::Dropped)
}

/// Warns that the command of a group is not owed any more.
pub(in crate::daemon::apply) fn warn_of_dropped(group: &GroupConfig) {
    if group.has_effect() {
        let line = name(group);
        tracing::warn!(
            name: "command.dropped", command = line,
            "`{line}` is owed, but is not configured any more for the files that were written: it does not run"
        );
    }
}
