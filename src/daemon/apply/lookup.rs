//! Finds destinations and groups by template, path and key.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use group_apply::change::Applied;
use group_apply::options::{GroupConfig, GroupKey};

use super::destination::Destination;
use crate::daemon::render_pass::PassResult;

/// Passes the result of a rendering on to its destination.
pub(super) fn pass_ended(destination: &mut Destination, result: &PassResult, now: Instant) {
    match result {
        PassResult::Ended(pass) => match &pass.text {
            _ if !pass.dependencies.is_complete() => {}
            Ok(text) => destination.rendered(text.clone(), now),
            Err(_) => destination.template_failed(),
        },
        PassResult::Overdue { .. } | PassResult::Refused(_) => destination.template_failed(),
        PassResult::Returned => {}
    }
}

/// The index of the destination whose template has this number; `None` if a reload removed it.
pub(super) fn position(destinations: &[Destination], number: usize) -> Option<usize> {
    // Without a reload, the number is the index.
    let is_at = |at: &usize| {
        let destination = destinations.get(*at);
        destination.is_some_and(|destination| destination.number() == number)
    };
    let place = Some(number).filter(is_at);
    place.or_else(|| (0..destinations.len()).find(is_at))
}

/// The rank of the command of a group: the index of its first template.
pub(super) fn rank(destinations: &[Destination], key: &GroupKey) -> usize {
    let mut all = destinations.iter();
    all.position(|destination| destination.group().key == *key)
        .unwrap_or_default()
}

/// The present group of a written file. If a reload has replaced the template meanwhile, the file owes
/// the command of the new one.
pub(super) fn group_of<'a>(
    destinations: &'a [Destination],
    applied: &Applied,
) -> Option<&'a Arc<GroupConfig>> {
    let place = position(destinations, applied.job);
    let destination = place.map(|at| &destinations[at]);
    let destination = destination.or_else(|| of_file(destinations, &applied.destination));
    destination.map(Destination::group)
}

/// The destination with this path.
pub(super) fn of_file<'a>(destinations: &'a [Destination], path: &Path) -> Option<&'a Destination> {
    let is_file =
        |destination: &&Destination| destination.job().destination.as_deref() == Some(path);
    destinations.iter().find(is_file)
}
