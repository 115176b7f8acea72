use std::path::Path;

use apply_ledger::{
    Attributes, Intent, IntentFile, IntentId, LedgerOptions, Old, RequestQueue, SwapEnd,
};

use super::*;

const TARGET: &str = "/etc/app.conf";

/// A ledger of a file with these contents, the last of which a rollback has restored if `is_rolled_back`.
fn ledger(directory: &Path, contents: &[&str], is_rolled_back: bool) -> Ledger {
    let (mut ledger, _) = Ledger::open(directory, LedgerOptions::default()).unwrap();
    let mut before: Option<(IntentId, &str)> = None;
    for (at, new) in contents.iter().enumerate() {
        let is_last = at + 1 == contents.len();
        let old = before.map(|(_, old)| Old::Content(old.as_bytes()));
        let intent = ledger.begin(&Intent {
            group: "app",
            command: Some("reload"),
            files: vec![IntentFile {
                destination: Path::new(TARGET),
                staged: None,
                old,
                new: new.as_bytes(),
                attributes: Attributes::default(),
            }],
            rolls_back: before
                .map(|(intent, _)| intent)
                .filter(|_| is_last && is_rolled_back),
        });
        let intent = intent.unwrap();
        ledger.swaps_ended(&[(intent, SwapEnd::Owed)], &[]).unwrap();
        before = Some((intent, new));
    }
    ledger
}

/// Takes a request of the command line for a generation.
fn take(ledger: &mut Ledger, directory: &Path, generation: u64) -> RequestId {
    let target = Path::new(TARGET);
    let mut queue = RequestQueue::open(directory).unwrap();
    let request = queue.hold(target, generation, None).unwrap();
    ledger.hold_for(request, target, generation, None).unwrap();
    request
}

fn answer_to(directory: &Path, request: RequestId) -> Option<Answer> {
    let queue = RequestQueue::open(directory).unwrap();
    queue.answer(request).unwrap()
}

#[test]
fn a_request_that_is_taken_continues_with_its_hold_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut ledger = ledger(directory, &["1", "2"], false);
    let first = take(&mut ledger, directory, 2);
    let second = take(&mut ledger, directory, 1);
    let mut taken = TakenRequests::of_earlier_process(&mut ledger).unwrap();
    let hold = ledger.holds().unwrap().remove(0);
    let resumed = taken.resume(&hold).unwrap();
    assert_eq!((resumed.id, &*resumed.target), (second, Path::new(TARGET)));
    taken.answer_others(&mut ledger).unwrap();
    let answer = answer_to(directory, first).unwrap();
    assert!(!answer.succeeded && answer.text.contains("restarted"));
    assert_eq!(answer_to(directory, second), None);
}

#[test]
fn a_hold_ends_whose_content_was_rolled_back_before_the_restart() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut ledger = ledger(directory, &["1", "2", "1"], true);
    let request = take(&mut ledger, directory, 2);
    let taken = TakenRequests::of_earlier_process(&mut ledger).unwrap();
    assert_eq!(taken.0, []);
    assert_eq!(ledger.holds().unwrap(), []);
    let answer = answer_to(directory, request).unwrap();
    assert!(!answer.succeeded && answer.text.contains("is not held"));
}

#[test]
fn a_refused_hold_does_not_end_the_one_of_a_later_request() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut ledger = ledger(directory, &["1", "2"], false);
    let first = take(&mut ledger, directory, 1);
    let second = take(&mut ledger, directory, 1);
    let refused = |id| HoldResult {
        request: HoldRequest {
            id,
            target: TARGET.into(),
        },
        generation: 1,
        until: None,
        outcome: HoldOutcome::Refused {
            reason: "no".to_owned(),
            earlier: None,
        },
    };
    record(&mut ledger, &refused(first)).unwrap();
    assert_eq!(ledger.holds().unwrap().len(), 1);
    record(&mut ledger, &refused(second)).unwrap();
    assert_eq!(ledger.holds().unwrap(), []);
    assert_eq!(ledger.taken().unwrap(), []);
}
