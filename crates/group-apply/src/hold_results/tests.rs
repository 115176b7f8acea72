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
    ledger.take(request).unwrap();
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
    let mut taken = TakenRequests::of_earlier_process(&mut ledger, "ctmpl").unwrap();
    let latest = taken.latest();
    let [(resumed, hold)] = &latest[..] else {
        panic!("one request continues: {latest:?}");
    };
    assert_eq!((resumed.id, &*resumed.target), (second, Path::new(TARGET)));
    assert_eq!(hold.generation, 1);
    taken.resume(second);
    taken.answer_others(&mut ledger, "ctmpl").unwrap();
    let answer = answer_to(directory, first).unwrap();
    assert!(!answer.succeeded && answer.text.contains("restarted"));
    assert_eq!(answer_to(directory, second), None);
}

/// The generation at which the file is held.
fn held(ledger: &Ledger) -> Option<u64> {
    ledger.holds().unwrap().first().map(|hold| hold.generation)
}

#[test]
fn a_request_whose_content_was_rolled_back_before_the_restart_is_refused_and_an_earlier_hold_continues()
 {
    for earlier in [None, Some(3)] {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let mut ledger = ledger(directory, &["1", "2", "1"], true);
        if let Some(generation) = earlier {
            ledger.hold(Path::new(TARGET), generation, None).unwrap();
        }
        let request = take(&mut ledger, directory, 2);
        let taken = TakenRequests::of_earlier_process(&mut ledger, "ctmpl").unwrap();
        assert_eq!(taken.0, []);
        assert_eq!(held(&ledger), earlier);
        let answer = answer_to(directory, request).unwrap();
        let follows = match earlier {
            Some(_) => "it is held at generation 3 as before",
            None => "it is not held",
        };
        assert!(
            !answer.succeeded && answer.text.contains(follows),
            "{answer:?}"
        );
    }
}

/// The result of a request for the first generation.
fn result_of(id: RequestId, outcome: HoldOutcome) -> HoldResult {
    HoldResult {
        request: HoldRequest {
            id,
            target: TARGET.into(),
        },
        generation: 1,
        until: None,
        outcome,
    }
}

#[test]
fn a_hold_begins_with_its_result_and_an_earlier_one_continues_until_then() {
    let refused = |earlier| HoldOutcome::Refused {
        reason: "no".to_owned(),
        earlier,
    };
    let cases = [
        (HoldOutcome::Applied, Some(1)),
        (HoldOutcome::CommandFailed("no".to_owned()), Some(1)),
        (refused(Some(2)), Some(2)),
        (refused(None), None),
        (HoldOutcome::Expired, None),
        (HoldOutcome::Unknown, Some(2)),
    ];
    for (outcome, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let mut ledger = ledger(directory, &["1", "2"], false);
        ledger.hold(Path::new(TARGET), 2, None).unwrap();
        let request = take(&mut ledger, directory, 1);
        assert_eq!(held(&ledger), Some(2), "there is no result yet");
        record(&mut ledger, "ctmpl", &result_of(request, outcome.clone())).unwrap();
        assert_eq!(held(&ledger), expected, "{outcome:?}");
        assert_eq!(ledger.taken().unwrap(), []);
    }
}

#[test]
fn a_request_that_is_released_before_its_result_does_not_continue() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut ledger = ledger(directory, &["1", "2"], false);
    let request = take(&mut ledger, directory, 1);
    assert!(replace_requests(&mut ledger, "ctmpl", Path::new(TARGET)).unwrap());
    assert_eq!(ledger.taken().unwrap(), []);
    record(
        &mut ledger,
        "ctmpl",
        &result_of(request, HoldOutcome::Applied),
    )
    .unwrap();
    assert_eq!(held(&ledger), None);
    let answer = answer_to(directory, request).unwrap();
    assert!(!answer.succeeded, "{answer:?}");
}

#[test]
fn a_refused_hold_does_not_end_the_one_before_a_later_request() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut ledger = ledger(directory, &["1", "2"], false);
    ledger.hold(Path::new(TARGET), 2, None).unwrap();
    let first = take(&mut ledger, directory, 1);
    let second = take(&mut ledger, directory, 1);
    let refused = |id| {
        let (reason, earlier) = ("no".to_owned(), None);
        result_of(id, HoldOutcome::Refused { reason, earlier })
    };
    record(&mut ledger, "ctmpl", &refused(first)).unwrap();
    assert_eq!(held(&ledger), Some(2));
    record(&mut ledger, "ctmpl", &refused(second)).unwrap();
    assert_eq!(held(&ledger), None);
    assert_eq!(ledger.taken().unwrap(), []);
}
