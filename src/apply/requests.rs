//! Requests of the command line: a destination is held at an earlier content, or released, or its parked change
//! is approved.
//!
//! Input: the requests in the ledger, and the configured destinations. Output: [`Requested`] changes, and
//! answers for the command line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use apply_ledger::{Answer, Hash, Hold, Ledger, LedgerError, Request, RequestAction};

use super::journal::Journal;
use super::targets::Targets;

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
    /// The destination keeps a content.
    Hold(HeldContent),
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

/// The destinations that are held since an earlier process. Parked changes of other destinations are forgotten.
pub fn holds_of_earlier_process(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<Requested> {
    let targets = Targets::of(destinations);
    journal.unpark_others(|target| targets.configured(target).is_some());
    find_holds(journal, targets)
}

/// The destinations that are held.
pub fn holds(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<Requested> {
    find_holds(journal, Targets::of(destinations))
}

fn find_holds(journal: &Journal, targets: Targets) -> Vec<Requested> {
    let now = SystemTime::now();
    let found = journal.ask(move |ledger| {
        let mut changes = Vec::new();
        for hold in ledger
            .holds()?
            .into_iter()
            .filter(|hold| hold.is_active(now))
        {
            let Some(destination) = targets.configured(&hold.destination) else {
                continue;
            };
            if let Ok(text) = text_of(ledger, hold.hash)? {
                let change = RequestedChange::Hold(HeldContent {
                    text,
                    generation: hold.generation,
                    until: hold.until,
                });
                changes.push(Requested {
                    destination,
                    change,
                });
            }
        }
        Ok(changes)
    });
    found.unwrap_or_default()
}

/// Records and answers the requests of the command line.
pub fn take(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<Requested> {
    let targets = Targets::of(destinations);
    // Without a limit: the command line must not be told of a change that is not made.
    let taken = journal.change(move |ledger| {
        let mut changes = Vec::new();
        for request in ledger.requests()? {
            let (succeeded, text) = match carry_out(ledger, &targets, &request)? {
                Ok((change, text)) => {
                    changes.push(change);
                    (true, text)
                }
                Err(text) => (false, text),
            };
            ledger.answer(request.id, &Answer { succeeded, text })?;
        }
        Ok(changes)
    });
    taken.unwrap_or_default()
}

/// Records a request. Returns the change with the answer, or the reason for which it is refused.
fn carry_out(
    ledger: &mut Ledger,
    targets: &Targets,
    request: &Request,
) -> Result<Result<(Requested, String), String>, LedgerError> {
    let path = request.destination.as_path();
    let Some(destination) = targets.configured(path) else {
        return Ok(Err(format!(
            "no template of the running daemon writes {}",
            path.display()
        )));
    };
    let done = match &request.action {
        RequestAction::Release => release(ledger, path)?,
        RequestAction::Hold {
            generation,
            hash,
            until,
        } => hold(ledger, path, (*generation, *hash), *until)?,
        RequestAction::Approve { content } => approve(ledger, path, *content)?,
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
type CarriedOut = Result<Result<(RequestedChange, String), String>, LedgerError>;

fn release(ledger: &mut Ledger, path: &Path) -> CarriedOut {
    let shown = path.display();
    let now = SystemTime::now();
    let is_held = |hold: &Hold| hold.destination == path && hold.is_active(now);
    let answer = if ledger.holds()?.iter().any(is_held) {
        format!("{shown} is released: its template writes it again")
    } else {
        format!("{shown} is not held: nothing is changed")
    };
    ledger.release(path)?;
    Ok(Ok((RequestedChange::Release, answer)))
}

fn hold(
    ledger: &mut Ledger,
    path: &Path,
    (generation, hash): (u64, Hash),
    until: Option<SystemTime>,
) -> CarriedOut {
    let shown = path.display();
    let text = match text_of(ledger, hash)? {
        Ok(text) => text,
        Err(reason) => return Ok(Err(format!("{shown}: {reason}"))),
    };
    ledger.hold(path, generation, until)?;
    let held = HeldContent {
        text,
        generation,
        until,
    };
    let end = if until.is_some() {
        "until the hold ends"
    } else {
        "until it is released"
    };
    let answer = format!("{shown} is applied with generation {generation}, and keeps it {end}");
    Ok(Ok((RequestedChange::Hold(held), answer)))
}

fn approve(ledger: &mut Ledger, path: &Path, content: Hash) -> CarriedOut {
    let shown = path.display();
    if ledger.approve(path, content)? {
        let answer = format!("the parked change of {shown} is approved, and is applied now");
        return Ok(Ok((RequestedChange::Approve(content), answer)));
    }
    let is_parked = ledger.parked()?.iter().any(|it| it.destination == path);
    Ok(Err(if is_parked {
        format!("another change of {shown} is parked since; `ctmpl approve` lists it")
    } else {
        format!("no change of {shown} is parked any more")
    }))
}

/// A stored content as a text, or the reason for which it cannot be used.
fn text_of(ledger: &Ledger, hash: Hash) -> Result<Result<String, &'static str>, LedgerError> {
    let Some(content) = ledger.content(hash)? else {
        return Ok(Err("the content is not stored any more"));
    };
    let text = String::from_utf8(content.into_bytes());
    Ok(text.map_err(|_| "the content is not UTF-8, and cannot be held"))
}
