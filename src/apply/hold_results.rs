//! The results of the holds that the command line has requested.
//!
//! Input: the outcomes of holds, and the requests that an earlier process has not answered. Output: the answers
//! for the command line, and the holds in the ledger.

use std::path::PathBuf;
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
        /// The hold before, which continues.
        earlier: Option<EarlierHold>,
    },
    /// A later request has replaced or released it.
    Replaced,
    /// The time of the hold is over.
    Expired,
    /// The process ended, and the hold does not continue in the next one.
    Unknown,
}

/// A hold that continues after a later one was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierHold {
    /// The generation that is held.
    pub generation: u64,
    /// The end; `None`: when it is released.
    pub until: Option<SystemTime>,
}

/// The requests that an earlier process has taken and not answered.
#[derive(Debug)]
pub struct TakenRequests(Vec<Request>);

impl TakenRequests {
    /// Finds the requests. The holds whose content was rolled back end.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn of_earlier_process(ledger: &mut Ledger) -> Result<Self, LedgerError> {
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
            let reason = "its command or verification failed before ctmpl was restarted".to_owned();
            let earlier = None;
            if let RequestAction::Hold { generation, .. } = request.action {
                log_refused(
                    &request.destination.display().to_string(),
                    generation,
                    &reason,
                );
            }
            if let Some(result) = result(&request, HoldOutcome::Refused { reason, earlier }) {
                record(ledger, &result)?;
            }
        }
        Ok(Self(taken))
    }

    /// Returns the request that waits for the result of a hold, which continues.
    pub fn resume(&mut self, hold: &Hold) -> Option<HoldRequest> {
        let is_own = |request: &Request| {
            request.destination == hold.destination
                && matches!(request.action, RequestAction::Hold { generation, .. } if generation == hold.generation)
        };
        let place = self.0.iter().rposition(is_own)?;
        let request = self.0.remove(place);
        Some(HoldRequest {
            id: request.id,
            target: request.destination,
        })
    }

    /// Answers the requests that are not [resumed](Self::resume).
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn answer_others(self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        let results = self.0.iter();
        let mut results = results.filter_map(|request| result(request, HoldOutcome::Unknown));
        results.try_for_each(|result| record(ledger, &result))
    }
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
        request: HoldRequest {
            id: request.id,
            target: request.destination.clone(),
        },
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

/// Answers the request of a hold. A hold that was refused ends.
pub fn answer(journal: &Journal, result: HoldResult) {
    journal.change(move |ledger| record(ledger, &result));
}

fn record(ledger: &mut Ledger, result: &HoldResult) -> Result<(), LedgerError> {
    let ended = match &result.outcome {
        HoldOutcome::Refused { earlier, .. } => end_hold(ledger, result, *earlier),
        _ => Ok(()),
    };
    ledger.answer(result.request.id, &result.answer())?;
    ended
}

/// Ends the hold of a result, unless a later request has replaced it meanwhile.
fn end_hold(
    ledger: &mut Ledger,
    result: &HoldResult,
    earlier: Option<EarlierHold>,
) -> Result<(), LedgerError> {
    let HoldRequest { id, target } = &result.request;
    let is_later = |request: &Request| request.destination == *target && request.id > *id;
    let is_replaced = ledger.taken()?.iter().any(is_later);
    let is_own = |hold: &Hold| hold.destination == *target && hold.generation == result.generation;
    if is_replaced || !ledger.holds()?.iter().any(is_own) {
        return Ok(());
    }
    match earlier {
        Some(EarlierHold { generation, until }) => ledger.hold(target, generation, until),
        None => ledger.release(target),
    }
}

impl HoldResult {
    fn answer(&self) -> Answer {
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
                    Some(EarlierHold { generation, .. }) => {
                        format!("it is held at generation {generation} as before")
                    }
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
                "ctmpl was restarted before the result of {shown} with generation {generation} was known, and does not \
                 continue with it; `ctmpl history` shows whether the file is held"
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
