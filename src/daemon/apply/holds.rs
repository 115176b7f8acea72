//! The requests of the command line: destinations that are held or released, and parked changes that are approved.
//!
//! Input: the requests, and the ends of commands. Output: the results of the holds, as actions.

use std::time::Instant;

use super::Apply;
use super::commands::Consequence;
use super::destination::Destination;
use crate::apply::hold_results::{HoldOutcome, HoldResult, log_refused};
use crate::apply::requests::{Requested, RequestedChange};
use crate::config::resolved::GroupKey;
use crate::daemon::event::{Action, Moment};

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
        for Requested {
            destination,
            change,
        } in all
        {
            let is_own =
                |own: &&mut Destination| own.job().destination.as_ref() == Some(destination);
            let Some(own) = self.destinations.iter_mut().find(is_own) else {
                results.extend(removed_meanwhile(change));
                continue;
            };
            match change {
                RequestedChange::Hold(held, request) => {
                    results.extend(own.hold(held, request.clone(), now));
                    if request.is_some() {
                        self.groups.requested(&own.group().key, now);
                    }
                }
                RequestedChange::Release => results.extend(own.release(now)),
                RequestedChange::Approve(content) => {
                    own.approve(*content);
                    let key = own.group().key.clone();
                    self.groups.release_parked(&key, &self.destinations);
                }
            }
        }
        results.into_iter().map(Action::AnswerHold).collect()
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
    pub(super) fn refuse_removed_holds(
        &self,
        before: Vec<Destination>,
        now: Instant,
    ) -> Vec<Action> {
        let paths = self.paths();
        let is_removed = |own: &Destination| {
            let path = own.job().destination.as_ref();
            path.is_some_and(|path| !paths.contains(path))
        };
        let removed = before.into_iter().filter(is_removed);
        let results = removed.filter_map(|mut own| own.refuse_hold(REMOVED, now));
        results.map(Action::AnswerHold).collect()
    }

    /// Returns the numbers of the templates to render again, because their last text was dropped.
    pub(in crate::daemon) fn take_needs_of_rendering(&mut self) -> Vec<usize> {
        let destinations = self.destinations.iter_mut();
        let needed =
            destinations.filter_map(|own| own.take_need_of_rendering().then(|| own.number()));
        needed.collect()
    }

    /// The destinations whose requested content is covered by the command in progress of a group.
    pub(super) fn requested_in_run(&self, key: &GroupKey) -> Vec<usize> {
        let debts = self.commands.debts();
        let is_covered = |own: &Destination| {
            let path = own.job().destination.as_deref();
            own.has_requested_content() && path.is_some_and(|path| debts.runs_for(key, path))
        };
        let all = self.destinations.iter();
        let covered = all.filter(|own| is_covered(own));
        covered.map(Destination::number).collect()
    }

    /// Handles the end of a command or a verification, with the error of one that has failed. `requested` are the
    /// destinations that were [covered](Self::requested_in_run) by it.
    pub(super) fn run_ended(
        &mut self,
        key: &GroupKey,
        (consequence, error): (Consequence, Option<String>),
        requested: &[usize],
        now: Moment,
    ) -> Vec<Action> {
        let action = self.consequence(key, consequence, now);
        let is_restored = matches!(action, Some(Action::Restore(_)));
        let mut actions: Vec<_> = action.into_iter().collect();
        let Some(error) = error else { return actions };
        for own in &mut self.destinations {
            if !requested.contains(&own.number()) {
                continue;
            }
            let result = if is_restored {
                own.refuse_hold(&error, now.instant)
            } else {
                own.hold_result(HoldOutcome::CommandFailed(error.clone()))
            };
            actions.extend(result.map(Action::AnswerHold));
        }
        actions
    }
}

/// The result of a request for a destination that a reload has removed since the request was taken.
fn removed_meanwhile(change: &RequestedChange) -> Option<HoldResult> {
    let RequestedChange::Hold(held, Some(request)) = change else {
        return None;
    };
    log_refused(
        &request.target.display().to_string(),
        held.generation,
        REMOVED,
    );
    Some(HoldResult {
        request: request.clone(),
        generation: held.generation,
        until: held.until,
        outcome: HoldOutcome::Refused {
            reason: REMOVED.to_owned(),
            earlier: None,
        },
    })
}
