//! Changes that are parked, and their approval.

use std::thread::sleep;
use std::time::Duration;

use super::*;
use crate::parked::ParkedChange;
use crate::request_queue::RequestQueue;
use crate::requests::RequestAction;

fn change(content: &str, removed: u64) -> ParkedChange {
    ParkedChange {
        content: Hash::of(content.as_bytes()),
        removed,
        lines: 10,
    }
}

#[test]
fn an_approval_holds_for_one_content_and_across_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    let first = ledger.park(path, &change("a", 6)).unwrap();
    assert!(!first.is_approved);
    assert_eq!(ledger.destinations().unwrap(), [], "nothing was written");
    let other = Hash::of(b"b");
    assert!(!ledger.approve(path, other).unwrap());
    assert!(
        !ledger
            .approve(Path::new("/other"), first.change.content)
            .unwrap()
    );
    assert!(ledger.approve(path, first.change.content).unwrap());

    drop(ledger);
    sleep(Duration::from_millis(5));
    let mut ledger = open(directory.path());
    // The file has changed meanwhile.
    let again = ledger.park(path, &change("a", 7)).unwrap();
    assert!(again.is_approved);
    assert_eq!(again.change.removed, 7);
    let whole = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        since.as_millis()
    };
    assert_eq!(whole(again.since), whole(first.since));
    assert_eq!(ledger.parked().unwrap(), std::slice::from_ref(&again));

    let larger = ledger.park(path, &change("b", 9)).unwrap();
    assert!(!larger.is_approved);
    assert!(larger.since > again.since);
    assert!(!ledger.approve(path, again.change.content).unwrap());
    ledger.unpark(path).unwrap();
    assert_eq!(ledger.parked().unwrap(), []);
    assert!(!ledger.approve(path, other).unwrap());
}

#[test]
fn a_parked_change_outlives_a_discarded_intent_and_not_its_destination() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    ledger.park(path, &change("a", 6)).unwrap();
    let files = vec![file(DESTINATION, None, "new")];
    let id = ledger.begin(&intent(files)).unwrap();
    ledger.discarded(id).unwrap();
    assert_eq!(ledger.parked().unwrap().len(), 1);
    apply(&mut ledger, "written");
    ledger.unpark(path).unwrap();
    assert_eq!(ledger.destinations().unwrap().len(), 1);
    ledger.park(path, &change("a", 6)).unwrap();
    ledger.forget(path).unwrap();
    assert_eq!(ledger.parked().unwrap(), []);
}

#[test]
fn an_approval_is_requested_for_a_content() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    let mut queue = RequestQueue::open(directory.path()).unwrap();
    let content = Hash::of(b"a");
    let error = queue.approve(path, content).unwrap_err();
    assert!(error.is_unknown(), "{error}");
    ledger.park(path, &change("a", 6)).unwrap();
    queue.approve(path, content).unwrap();
    let requests = ledger.requests().unwrap();
    assert_eq!(requests[0].destination, path);
    assert_eq!(requests[0].action, RequestAction::Approve { content });
}
