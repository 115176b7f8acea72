//! Finds out whether other programs have changed destinations: after a file event, and in a slow sweep for what
//! the system does not report.

use std::time::Instant;

use ctmpl_options::config::resolved::Mode;
use file_watch::FileEvent;
use group_apply::drift::Difference;

use super::lookup::position;
use super::{Apply, Destination, Kind};
use crate::daemon::event::{Action, Moment};

impl Apply {
    /// Handles files that may have changed.
    pub(super) fn files_changed(&mut self, changed: &FileEvent) {
        for destination in &mut self.destinations {
            let own = destination.job().watched_destination();
            if own.is_some_and(|own| changed.concerns(own)) {
                destination.may_have_drifted();
            }
        }
    }

    /// Returns the comparisons that begin now.
    pub(in crate::daemon) fn inspect(&mut self, now: Moment) -> Option<Action> {
        if self.next_sweep().is_some_and(|at| at <= now.instant) {
            self.sweep.swept(now.instant, now.jitter);
            for destination in &mut self.destinations {
                destination.may_have_drifted();
            }
        }
        let all = self.destinations.iter_mut();
        let due: Vec<_> = all.filter_map(Destination::begin_inspection).collect();
        (!due.is_empty()).then_some(Action::Inspect(due))
    }

    /// Handles the results of comparisons.
    pub(super) fn inspected(&mut self, results: &[(usize, Option<Difference>)], now: Moment) {
        for (number, difference) in results {
            if let Some(at) = position(&self.destinations, *number) {
                self.destinations[at].inspected(difference.clone(), now);
            }
        }
    }

    /// The time of the next sweep; `None` if no destination is watched.
    pub(in crate::daemon) fn next_sweep(&self) -> Option<Instant> {
        let is_wanted = self.mode == Mode::Daemon
            && self.kind == Kind::Write
            && self.destinations.iter().any(Destination::is_watched);
        is_wanted.then_some(self.sweep.next())
    }
}
