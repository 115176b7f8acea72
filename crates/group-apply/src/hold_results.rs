//! The results of the holds that the command line has requested.
//!
//! Input: the outcomes of holds, and the requests that an earlier process has not answered. Output: the answers
//! for the command line, and the holds in the ledger.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use apply_ledger::{Answer, Hold, Ledger, LedgerError, Request, RequestAction, RequestId};

use super::journal::Journal;

/// A request of the command line that waits for the result of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// The request.
    pub id: RequestId,
    /// The file at the end of all links, as the ledger names it.
    pub target: PathBuf,
}

/// The result of a requested hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldResult {
    /// The request.
    pub request: HoldRequest,
    /// The generation that was to be held.
    pub generation: u64,
    /// The end of the hold; `None`: when it is released.
    pub until: Option<SystemTime>,
    /// The outcome.
    pub outcome: HoldOutcome,
}

/// The outcome of a requested hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldOutcome {
    /// The file has it, and the command has succeeded.
    Applied,
    /// The file has it, but the command has failed for this reason. The hold continues.
    CommandFailed(String),
    /// The file does not have it. The hold ends.
    Refused {
        /// The reason.
        reason: String,
        /// The generation of the hold before, which continues; `None`: there is none any more.
        earlier: Option<u64>,
    },
    /// A later request has replaced or released it.
    Replaced,
    /// The time of the hold is over.
    Expired,
    /// The process ended, and the hold does not continue in the next one.
    Unknown,
}

/// The requests that an earlier process has taken and not answered.
#[derive(Debug)]
pub(crate) struct TakenRequests(Vec<Request>);

impl TakenRequests {
    /// Finds the requests. Those whose content was rolled back are refused. Answers name `program`.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub(crate) fn of_earlier_process(
        ledger: &mut Ledger,
        program: &str,
    ) -> Result<Self, LedgerError> {
        let mut taken = ledger.taken()?;
        if taken.is_empty() {
            return Ok(Self(taken));
        }
        let files = ledger.destinations()?;
        let is_rolled_back = |request: &Request| match request.action {
            RequestAction::Hold { hash, .. } => files
                .iter()
                .any(|file| file.path == request.destination && file.rolled_back == Some(hash)),
            RequestAction::Release | RequestAction::Approve { .. } => false,
        };
        for request in taken.extract_if(.., |request| is_rolled_back(request)) {
            let reason =
                format!("its command or verification failed before {program} was restarted");
            let earlier = active_hold(ledger, &request.destination)?;
            if let RequestAction::Hold { generation, .. } = request.action {
                log_refused(
                    &request.destination.display().to_string(),
                    generation,
                    &reason,
                );
            }
            if let Some(result) = result(&request, HoldOutcome::Refused { reason, earlier }) {
                record(ledger, program, &result)?;
            }
        }
        Ok(Self(taken))
    }

    /// The latest request of each destination, with the hold that it has requested.
    #[must_use]
    pub(crate) fn latest(&self) -> Vec<(HoldRequest, Hold)> {
        let latest: BTreeMap<_, _> = self.0.iter().map(|own| (&own.destination, own)).collect();
        let holds = latest.into_values().filter_map(|request| {
            let RequestAction::Hold {
                generation,
                hash,
                until,
            } = request.action
            else {
                return None;
            };
            let hold = Hold {
                destination: request.destination.clone(),
                generation,
                hash,
                since: request.at,
                until,
            };
            Some((HoldRequest::of(request), hold))
        });
        holds.collect()
    }

    /// Leaves a request without an answer: it gets the result of its hold, which continues.
    pub(crate) fn resume(&mut self, request: RequestId) {
        self.0.retain(|own| own.id != request);
    }

    /// Answers the requests that are not [resumed](Self::resume).
    ///
    /// # Errors
    /// [`LedgerError`]
    pub(crate) fn answer_others(
        self,
        ledger: &mut Ledger,
        program: &str,
    ) -> Result<(), LedgerError> {
        let now = SystemTime::now();
        let ended = |request: &Request| {
            let is_over = matches!(request.action, RequestAction::Hold { until: Some(end), .. } if end <= now);
            let outcome = if is_over {
                HoldOutcome::Expired
            } else {
                HoldOutcome::Unknown
            };
            result(request, outcome)
        };
        let mut results = self.0.iter().filter_map(ended);
        results.try_for_each(|result| record(ledger, program, &result))
    }
}

impl HoldRequest {
    fn of(request: &Request) -> Self {
        Self {
            id: request.id,
            target: request.destination.clone(),
        }
    }
}

/// The generation at which a file is held.
fn active_hold(ledger: &Ledger, target: &Path) -> Result<Option<u64>, LedgerError> {
    let now = SystemTime::now();
    let mut holds = ledger.holds()?.into_iter();
    let hold = holds.find(|hold| hold.destination == target && hold.is_active(now));
    Ok(hold.map(|hold| hold.generation))
}

/// The result of a request; `None` if it is not the one of a hold.
fn result(request: &Request, outcome: HoldOutcome) -> Option<HoldResult> {
    let RequestAction::Hold {
        generation, until, ..
    } = request.action
    else {
        return None;
    };
    Some(HoldResult {
        request: HoldRequest::of(request),
        generation,
        until,
        outcome,
    })
}

/// Logs that a held content cannot be applied.
pub fn log_refused(destination: &str, generation: u64, reason: &str) {
    tracing::error!(
        name: "file.hold_refused", destination, generation, error = reason,
        "{destination} does not keep generation {generation}: {reason}"
    );
}

/// Answers the request of a hold. Only if the file has its content, the ledger keeps the hold, instead of an earlier one.
pub fn answer(journal: &Journal, result: HoldResult) {
    let program = journal.program();
    journal.change(move |ledger| record(ledger, program, &result));
}

fn record(ledger: &mut Ledger, program: &str, result: &HoldResult) -> Result<(), LedgerError> {
    let HoldRequest { id, target } = &result.request;
    let answer = result.answer(program);
    match &result.outcome {
        HoldOutcome::Applied | HoldOutcome::CommandFailed(_) => ledger.answer_held(*id, &answer),
        HoldOutcome::Refused { earlier: None, .. } | HoldOutcome::Expired => {
            let ended = end_earlier(ledger, *id, target);
            ledger.answer(*id, &answer)?;
            ended
        }
        HoldOutcome::Refused { .. } | HoldOutcome::Replaced | HoldOutcome::Unknown => {
            ledger.answer(*id, &answer)
        }
    }
}

/// Answers the requests for a file that is released. Returns `true` if there are any.
pub(crate) fn replace_requests(
    ledger: &mut Ledger,
    program: &str,
    target: &Path,
) -> Result<bool, LedgerError> {
    let taken = ledger.taken()?.into_iter();
    let own: Vec<_> = taken.filter(|own| own.destination == target).collect();
    let results = own.iter();
    let mut results = results.filter_map(|request| result(request, HoldOutcome::Replaced));
    results.try_for_each(|result| record(ledger, program, &result))?;
    Ok(!own.is_empty())
}

/// Ends the hold before a request, unless it is now the one before a later request.
fn end_earlier(ledger: &mut Ledger, id: RequestId, target: &Path) -> Result<(), LedgerError> {
    let is_later = |request: &Request| request.destination == target && request.id > id;
    if ledger.taken()?.iter().any(is_later) {
        return Ok(());
    }
    ledger.release(target)
}

impl HoldResult {
    fn answer(&self, program: &str) -> Answer {
        let (shown, generation) = (self.request.target.display(), self.generation);
        let end = if self.until.is_some() {
            "until the hold ends"
        } else {
            "until it is released"
        };
        let text = match &self.outcome {
            HoldOutcome::Applied => {
                format!("{shown} is applied with generation {generation}, and keeps it {end}")
            }
            HoldOutcome::CommandFailed(reason) => format!(
                "{shown} has generation {generation}, and keeps it {end}, but it is not applied: {reason}"
            ),
            HoldOutcome::Refused { reason, earlier } => {
                let follows = match earlier {
                    Some(earlier) => format!("it is held at generation {earlier} as before"),
                    None => "it is not held".to_owned(),
                };
                format!(
                    "{shown} is not applied with generation {generation}, and {follows}: {reason}"
                )
            }
            HoldOutcome::Replaced => format!(
                "a later request for {shown} has replaced this one, before the result of generation {generation} was known"
            ),
            HoldOutcome::Expired => format!(
                "the hold of {shown} has ended before the result of generation {generation} was known"
            ),
            HoldOutcome::Unknown => format!(
                "{program} was restarted before the result of {shown} with generation {generation} was known, and does not \
                 continue with it; `{program} history` shows whether the file is held"
            ),
        };
        Answer {
            succeeded: self.outcome == HoldOutcome::Applied,
            text,
        }
    }
}

#[cfg(test)]
mod tests;
