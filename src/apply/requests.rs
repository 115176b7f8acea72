//! Requests of the command line: a destination is held at an earlier content, or released.
//!
//! Input: the requests in the ledger, and the configured destinations. Output: [`HoldChange`]s, and
//! answers for the command line.

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use apply_ledger::{Answer, Hash, Ledger, LedgerError, Request, RequestAction};

use super::journal::Journal;
use super::targets::Targets;

/// A destination that is held from now on, or released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldChange {
    /// The destination, as configured.
    pub destination: PathBuf,
    /// The content that it keeps; `None`: that of its template.
    pub held: Option<HeldContent>,
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

/// The destinations that are held since an earlier process.
pub fn holds(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<HoldChange> {
    let now = SystemTime::now();
    let targets = Targets::of(destinations);
    let found = journal.with(|ledger| {
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
                let held = Some(HeldContent {
                    text,
                    generation: hold.generation,
                    until: hold.until,
                });
                changes.push(HoldChange { destination, held });
            }
        }
        Ok(changes)
    });
    found.unwrap_or_default()
}

/// Records and answers the requests of the command line.
pub fn take(journal: &Journal, destinations: Vec<PathBuf>) -> Vec<HoldChange> {
    let targets = Targets::of(destinations);
    let taken = journal.with(|ledger| {
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
) -> Result<Result<(HoldChange, String), String>, LedgerError> {
    let path = request.destination.display();
    let Some(destination) = targets.configured(&request.destination) else {
        return Ok(Err(format!(
            "no template of the running daemon writes {path}"
        )));
    };
    match &request.action {
        RequestAction::Release => {
            ledger.release(&request.destination)?;
            let change = HoldChange {
                destination,
                held: None,
            };
            Ok(Ok((
                change,
                format!("{path} is released: its template writes it again"),
            )))
        }
        RequestAction::Hold {
            generation,
            hash,
            until,
        } => {
            let text = match text_of(ledger, *hash)? {
                Ok(text) => text,
                Err(reason) => return Ok(Err(format!("{path}: {reason}"))),
            };
            ledger.hold(&request.destination, *generation, *until)?;
            let held = Some(HeldContent {
                text,
                generation: *generation,
                until: *until,
            });
            let end = if until.is_some() {
                "until the hold ends"
            } else {
                "until it is released"
            };
            let answer =
                format!("{path} is applied with generation {generation}, and keeps it {end}");
            Ok(Ok((HoldChange { destination, held }, answer)))
        }
    }
}

/// A stored content as a text, or the reason for which it cannot be used.
fn text_of(ledger: &Ledger, hash: Hash) -> Result<Result<String, &'static str>, LedgerError> {
    let Some(content) = ledger.content(hash)? else {
        return Ok(Err("the content is not stored any more"));
    };
    let text = String::from_utf8(content.into_bytes());
    Ok(text.map_err(|_| "the content is not UTF-8, and cannot be held"))
}
