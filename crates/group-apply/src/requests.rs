//! Requests of the command line: a destination is held at an earlier content, or released, or its parked change
//! is approved.
//!
//! Input: the requests in the ledger, and the configured destinations. Output: [`Requested`] changes, and
//! answers for the command line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use apply_ledger::{Answer, Hash, Hold, Ledger, LedgerError, Request, RequestAction};

use super::hold_results::{HoldRequest, TakenRequests, log_refused, replace_requests};
use super::journal::Journal;
use super::targets::Targets;
use error_line::chain;

/// What the command line has requested for a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// The destination, as configured.
    pub destination: PathBuf,
    /// The change.
    pub change: RequestedChange,
}

/// The change that a request makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedChange {
    /// The destination keeps a content. The request gets the result; `None`: the hold is of an earlier time.
    Hold(HeldContent, Option<HoldRequest>),
    /// The destination has the content of its template.
    Release,
    /// The parked content with this hash is written.
    Approve(Hash),
}

/// A content that a destination keeps. It may be secret, so `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldContent {
    /// The content.
    pub text: String,
    /// The number of the content.
    pub generation: u64,
    /// The end; `None`: when it is released.
    pub until: Option<SystemTime>,
}

impl fmt::Debug for HeldContent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text,
            generation,
            until,
        } = self;
        out.debug_struct("HeldContent")
            .field("text", &format_args!("{} bytes", text.len()))
            .field("generation", generation)
            .field("until", until)
            .finish()
    }
}

/// The destinations that are held since an earlier process, and then the requests that it has not answered: a hold before
/// one of these continues if it is refused. Parked changes of other destinations are forgotten.
pub fn holds_of_earlier_process(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<Requested> {
    let targets = Targets::of(destinations);
    let program = journal.program();
    journal.unpark_others(|target| targets.configured(target).is_some());
    let found = journal.ask(move |ledger| {
        let mut taken = TakenRequests::of_earlier_process(ledger, program)?;
        let mut holds = find_holds(ledger, &targets)?;
        for (request, hold) in taken.latest() {
            if let Some(resumed) = find_hold(ledger, &targets, &hold, Some(&request)) {
                taken.resume(request.id);
                holds.push(resumed);
            }
        }
        taken.answer_others(ledger, program)?;
        Ok(holds)
    });
    found.unwrap_or_default()
}

/// The destinations that are held.
pub fn holds(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<Requested> {
    let targets = Targets::of(destinations);
    let found = journal.ask(move |ledger| find_holds(ledger, &targets));
    found.unwrap_or_default()
}

/// The holds of configured destinations.
fn find_holds(ledger: &Ledger, targets: &Targets) -> Result<Vec<Requested>, LedgerError> {
    let holds = ledger.holds()?;
    let found = holds.iter();
    let found = found.filter_map(|hold| find_hold(ledger, targets, hold, None));
    Ok(found.collect())
}

/// A hold, if it is active and its destination is configured. `request` waits for its result.
fn find_hold(
    ledger: &Ledger,
    targets: &Targets,
    hold: &Hold,
    request: Option<&HoldRequest>,
) -> Option<Requested> {
    let destination = targets.configured(&hold.destination)?;
    if !hold.is_active(SystemTime::now()) {
        return None;
    }
    let text = text_of(ledger, hold.hash).unwrap_or_else(|error| Err(chain(&error)));
    let text = text.inspect_err(|reason| {
        let destination = hold.destination.display().to_string();
        log_refused(&destination, hold.generation, reason);
    });
    let content = HeldContent {
        text: text.ok()?,
        generation: hold.generation,
        until: hold.until,
    };
    Some(Requested {
        destination,
        change: RequestedChange::Hold(content, request.cloned()),
    })
}

/// Records the requests of the command line, and answers those that have no later result.
pub fn take(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<Requested> {
    let targets = Targets::of(destinations);
    let program = journal.program();
    // Without a limit: the command line must not be told of a change that is not made.
    let taken = journal.change(move |ledger| {
        let mut changes = Vec::new();
        for request in ledger.requests()? {
            // One that fails delays no other.
            let carried_out =
                carry_out(ledger, program, &targets, &request).unwrap_or_else(|error| {
                    let shown = request.destination.display();
                    Err(format!("{shown}: {}", chain(&error)))
                });
            let answer = match carried_out {
                Ok((change, text)) => {
                    changes.push(change);
                    text.map(|text| Answer {
                        succeeded: true,
                        text,
                    })
                }
                Err(text) => Some(Answer {
                    succeeded: false,
                    text,
                }),
            };
            if let Some(answer) = answer {
                ledger.answer(request.id, &answer)?;
            }
        }
        Ok(changes)
    });
    taken.unwrap_or_default()
}

/// Records a request. Returns the change with the answer, or the reason for which it is refused. A hold is answered
/// later.
fn carry_out(
    ledger: &mut Ledger,
    program: &str,
    targets: &Targets,
    request: &Request,
) -> Result<Result<(Requested, Option<String>), String>, LedgerError> {
    let path = request.destination.as_path();
    let Some(destination) = targets.configured(path) else {
        return Ok(Err(format!(
            "no template of the running daemon writes {}",
            path.display()
        )));
    };
    let done = match &request.action {
        RequestAction::Release => release(ledger, program, path)?,
        RequestAction::Hold {
            generation,
            hash,
            until,
        } => hold(ledger, request, (*generation, *hash), *until)?,
        RequestAction::Approve { content } => approve(ledger, program, path, *content)?,
    };
    Ok(done.map(|(change, answer)| {
        let requested = Requested {
            destination,
            change,
        };
        (requested, answer)
    }))
}

/// A change with the answer for the user, or the reason for which the request is refused.
type CarriedOut = Result<Result<(RequestedChange, Option<String>), String>, LedgerError>;

fn release(ledger: &mut Ledger, program: &str, path: &Path) -> CarriedOut {
    let shown = path.display();
    let now = SystemTime::now();
    let is_held = |hold: &Hold| hold.destination == path && hold.is_active(now);
    let is_requested = replace_requests(ledger, program, path)?;
    let answer = if is_requested || ledger.holds()?.iter().any(is_held) {
        format!("{shown} is released: its template writes it again")
    } else {
        format!("{shown} is not held: nothing is changed")
    };
    ledger.release(path)?;
    Ok(Ok((RequestedChange::Release, Some(answer))))
}

fn hold(
    ledger: &mut Ledger,
    request: &Request,
    (generation, hash): (u64, Hash),
    until: Option<SystemTime>,
) -> CarriedOut {
    let path = request.destination.as_path();
    let shown = path.display();
    let text = match text_of(ledger, hash)? {
        Ok(text) => text,
        Err(reason) => return Ok(Err(format!("{shown}: {reason}"))),
    };
    ledger.take(request.id)?;
    let held = HeldContent {
        text,
        generation,
        until,
    };
    let request = HoldRequest {
        id: request.id,
        target: path.to_owned(),
    };
    Ok(Ok((RequestedChange::Hold(held, Some(request)), None)))
}

fn approve(ledger: &mut Ledger, program: &str, path: &Path, content: Hash) -> CarriedOut {
    let shown = path.display();
    if ledger.approve(path, content)? {
        let is_last = ledger.parked()?.iter().all(|it| it.is_approved);
        let end = if is_last {
            "and is applied now"
        } else {
            "and is applied as soon as no other file of its group is parked"
        };
        let answer = format!("the parked change of {shown} is approved, {end}");
        return Ok(Ok((RequestedChange::Approve(content), Some(answer))));
    }
    let is_parked = ledger.parked()?.iter().any(|it| it.destination == path);
    Ok(Err(if is_parked {
        format!("another change of {shown} is parked since; `{program} approve` lists it")
    } else {
        format!("no change of {shown} is parked any more")
    }))
}

/// A stored content as a text, or the reason for which it cannot be used.
fn text_of(ledger: &Ledger, hash: Hash) -> Result<Result<String, String>, LedgerError> {
    let Some(content) = ledger.content(hash)? else {
        return Ok(Err("the content is not stored any more".to_owned()));
    };
    let text = String::from_utf8(content.into_bytes());
    Ok(text.map_err(|_| "the content is not UTF-8, and cannot be held".to_owned()))
}

#[cfg(test)]
mod tests;
