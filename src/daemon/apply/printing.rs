//! The batches of a dry run, which are printed one after another.

use std::time::Instant;

use group_apply::change::Change;

use super::destination::Destination;
use crate::daemon::renderer::Renderer;
use crate::decide::Decision;

/// The state of the current batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printing {
    Idle,
    InProgress,
}

impl Printing {
    /// Returns the changes to print now. `is_ordered`: in the order of the templates.
    pub(super) fn begin(
        &mut self,
        destinations: &mut [Destination],
        renderer: &Renderer,
        is_ordered: bool,
        now: Instant,
    ) -> Option<Vec<Change>> {
        if *self == Self::InProgress {
            return None;
        }
        let pairs = destinations.iter_mut().zip(renderer.templates());
        let changes: Vec<_> = pairs
            .map(|(destination, template)| {
                let decided = destination.decide(template.is_complete(), now);
                (destination, decided == Some(Decision::Apply), template)
            })
            .take_while(|(destination, applies, template)| {
                !is_ordered
                    || *applies
                    || destination.is_written()
                    || destination.is_broken()
                    || template.is_rendering_broken()
            })
            .filter(|(_, applies, _)| *applies)
            .filter_map(|(destination, ..)| destination.begin_write(now))
            .collect();
        if changes.is_empty() {
            return None;
        }
        *self = Self::InProgress;
        Some(changes)
    }
}
