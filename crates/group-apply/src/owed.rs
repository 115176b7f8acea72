//! The groups that owe their command after a write.

use std::path::Path;
use std::sync::Arc;

use super::change::{Applied, Effect};
use crate::options::GroupConfig;

/// A group with written files, which owes its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed<'a> {
    /// The group. If several templates have the same command, the options of the first one apply.
    pub group: &'a Arc<GroupConfig>,
    /// The written files, in the order of their templates.
    pub destinations: Vec<&'a Path>,
}

/// The groups that owe their command, in the order of their first templates. `group_of` returns the
/// present group of a file.
pub fn owed<'a>(
    applied: &'a [Applied],
    group_of: impl Fn(&Applied) -> Option<&'a Arc<GroupConfig>>,
) -> Vec<Owed<'a>> {
    let mut all: Vec<Owed<'_>> = Vec::new();
    let written = applied
        .iter()
        .filter(|applied| matches!(applied.outcome, Ok(Effect::Written)));
    for applied in written {
        let Some(group) = group_of(applied).filter(|group| group.has_effect()) else {
            continue;
        };
        let destination = applied.destination.as_path();
        match all.iter_mut().find(|owed| owed.group.key == group.key) {
            Some(owed) => owed.destinations.push(destination),
            None => all.push(Owed {
                group,
                destinations: vec![destination],
            }),
        }
    }
    all
}
