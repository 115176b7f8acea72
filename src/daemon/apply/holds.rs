//! The requests of the command line: destinations that are held or released, and parked changes that are approved.
//!
//! Input: the requests, and new configurations. Output: the results of the holds, as actions.

use std::time::Instant;

use group_apply::hold_results::{HoldOutcome, HoldResult, log_refused};
use group_apply::options::GroupKey;
use group_apply::requests::{Requested, RequestedChange};

use super::Apply;
use super::destination::Destination;
use super::lookup::of_file;
use crate::daemon::event::Action;

/// The reason for which the hold of a destination ends that a reload has removed.
const REMOVED: &str = "a reload has removed its template";

impl Apply {
    /// Carries out what the command line has requested. Returns the results of earlier requests.
    pub(in crate::daemon) fn take_requests(
        &mut self,
        all: &[Requested],
        now: Instant,
    ) -> Vec<Action> {
        let mut results = Vec::new();
        for one in all {
            results.extend(self.take_request(one, now));
            if let RequestedChange::Hold(_, Some(_)) = one.change
                && let Some(own) = of_file(&self.destinations, &one.destination)
            {
                self.groups.retry_group_now(&own.group().key, now);
            }
        }
        results.into_iter().map(Action::AnswerHold).collect()
    }

    /// Continues holds of an earlier process, or of files that the configuration before did not have. Unlike a new request,
    /// they do not make due what was rolled back.
    pub(in crate::daemon) fn resume_holds(&mut self, all: &[Requested], now: Instant) {
        for one in all {
            // The destination is configured, and no request waits for the result of a hold before, so that none ends.
            self.take_request(one, now);
        }
    }

    /// Carries out one request. Returns the result of an earlier one that it ends, or its own if there is no destination.
    fn take_request(&mut self, requested: &Requested, now: Instant) -> Option<HoldResult> {
        let Requested {
            destination,
            change,
        } = requested;
        let is_own = |own: &Destination| own.job().destination.as_ref() == Some(destination);
        let Some(at) = self.destinations.iter().position(is_own) else {
            return removed_meanwhile(change);
        };
        let key = self.destinations[at].group().key.clone();
        match change {
            RequestedChange::Hold(held, request) => {
                if request.is_some() && !self.has_hold_request(&key) {
                    self.groups.hold_begins(&key);
                }
                self.destinations[at].hold(held, request.clone(), now)
            }
            RequestedChange::Release => self.destinations[at].release(now),
            RequestedChange::Approve(content) => {
                self.destinations[at].approve(*content);
                self.groups.release_parked(&key, &self.destinations);
                None
            }
        }
    }

    /// Refuses the requested hold of a destination. Returns its answer; `None` if no request waits for it.
    pub(super) fn refuse_hold(&mut self, at: usize, reason: &str, now: Instant) -> Option<Action> {
        let own = &mut self.destinations[at];
        let result = own.refuse_hold(reason, now)?;
        let key = own.group().key.clone();
        self.groups.hold_refused(&key);
        Some(Action::AnswerHold(result))
    }

    /// Returns `true` if a request waits for the result of a hold in this group.
    fn has_hold_request(&self, key: &GroupKey) -> bool {
        let mut all = self.destinations.iter();
        all.any(|own| own.group().key == *key && own.has_hold_request())
    }

    /// Ends the requests of the holds whose content is applied.
    pub(in crate::daemon) fn confirm_holds(&mut self) -> Vec<Action> {
        let debts = self.commands.debts();
        let own = self.destinations.iter_mut();
        let applied = own.filter(|own| own.has_requested_content() && !debts.has(&own.group().key));
        let results = applied.filter_map(|own| own.hold_result(HoldOutcome::Applied));
        results.map(Action::AnswerHold).collect()
    }

    /// Ends the holds whose time is over.
    pub(in crate::daemon) fn expire_holds(&mut self, now: Instant) -> Vec<Action> {
        let results = self.destinations.iter_mut();
        let results = results.filter_map(|own| own.expire_hold(now));
        results.map(Action::AnswerHold).collect()
    }

    /// Refuses the requested holds of destinations that a new configuration has removed. `before` are the destinations
    /// that do not continue.
    pub(super) fn refuse_removed_holds(&self, before: Vec<Destination>) -> Vec<Action> {
        let paths = self.paths();
        let is_removed = |own: &Destination| {
            let path = own.job().destination.as_ref();
            path.is_some_and(|path| !paths.contains(path))
        };
        let removed = before.into_iter().filter(is_removed);
        let results = removed.filter_map(|mut own| own.hold_result(removal()));
        results
            .inspect(log_removal)
            .map(Action::AnswerHold)
            .collect()
    }

    /// Returns the numbers of the templates to render again, because their last text was dropped.
    pub(in crate::daemon) fn take_needs_of_rendering(&mut self) -> Vec<usize> {
        let destinations = self.destinations.iter_mut();
        let needed =
            destinations.filter_map(|own| own.take_need_of_rendering().then(|| own.number()));
        needed.collect()
    }

    /// The indices of the destinations whose requested content is covered by the command in progress of a group.
    pub(super) fn requested_in_run(&self, key: &GroupKey) -> Vec<usize> {
        let debts = self.commands.debts();
        let is_covered = |own: &Destination| {
            let path = own.job().destination.as_deref();
            own.has_requested_content() && path.is_some_and(|path| debts.runs_for(key, path))
        };
        let all = 0..self.destinations.len();
        all.filter(|at| is_covered(&self.destinations[*at]))
            .collect()
    }
}

/// The result of a request for a destination that a reload has removed since the request was taken.
fn removed_meanwhile(change: &RequestedChange) -> Option<HoldResult> {
    let RequestedChange::Hold(held, Some(request)) = change else {
        return None;
    };
    let result = HoldResult {
        request: request.clone(),
        generation: held.generation,
        until: held.until,
        outcome: removal(),
    };
    log_removal(&result);
    Some(result)
}

/// The outcome of a hold whose destination a reload has removed. An earlier hold ends with it.
fn removal() -> HoldOutcome {
    HoldOutcome::Refused {
        reason: REMOVED.to_owned(),
        earlier: None,
    }
}

fn log_removal(result: &HoldResult) {
    let destination = result.request.target.display().to_string();
    log_refused(&destination, result.generation, REMOVED);
}
