//! A ledger that an earlier version has written keeps its data.

use std::path::Path;
use std::time::{Duration, SystemTime};

use apply_ledger::{
    Attributes, Ending, History, Intent, IntentFile, Ledger, LedgerOptions, OpenError,
    RequestAction, RequestQueue,
};
use rusqlite::Connection;

const DESTINATION: &str = "/etc/app.conf";

/// The table that the format 2 has changed.
const REQUESTS_1: &str = "CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination INTEGER NOT NULL,
    generation INTEGER,
    until INTEGER,
    at INTEGER NOT NULL,
    succeeded INTEGER,
    answer TEXT
) STRICT;";

fn open(directory: &Path) -> Ledger {
    let (ledger, notices) = Ledger::open(directory, LedgerOptions::default()).expect("a ledger");
    assert_eq!(notices, []);
    ledger
}

/// Writes a ledger of the format 1, with one applied file and two requests.
fn write_format_1(directory: &Path) {
    let mut ledger = open(directory);
    let intent = Intent {
        group: "app",
        command: None,
        files: vec![IntentFile {
            destination: Path::new(DESTINATION),
            staged: None,
            old: None,
            new: b"content",
            attributes: Attributes::default(),
        }],
        rolls_back: None,
    };
    let id = ledger.begin(&intent).expect("an intent");
    ledger.swapped(id).expect("a swap");
    ledger.finished(id, Ending::Applied).expect("an end");
    drop(ledger);
    let database = Connection::open(directory.join("ledger.db")).expect("a database");
    let tables = "DROP TABLE parked; DROP TABLE requests;";
    let requests = "INSERT INTO requests VALUES (7, 1, 1, 5000, 1000, NULL, NULL),
         (9, 1, NULL, NULL, 2000, NULL, NULL); PRAGMA user_version = 1;";
    let all = [tables, REQUESTS_1, requests].concat();
    database.execute_batch(&all).expect("the tables");
}

#[test]
fn the_format_1_is_converted_by_the_daemon_and_keeps_its_data() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    write_format_1(directory);
    let error = History::open(directory).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Older {
                found: 1,
                supported: 2,
                ..
            }
        ),
        "{error}"
    );

    let ledger = open(directory);
    let path = Path::new(DESTINATION);
    assert_eq!(ledger.generations(path).unwrap().len(), 1);
    let requests = ledger.requests().unwrap();
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    assert_eq!([requests[0].at, requests[1].at], [at(1), at(2)]);
    let RequestAction::Hold {
        generation, until, ..
    } = requests[0].action
    else {
        panic!("{:?}", requests[0]);
    };
    assert_eq!((generation, until), (1, Some(at(5))));
    assert_eq!(requests[1].action, RequestAction::Release);
    assert_eq!(ledger.parked().unwrap(), []);
    drop(ledger);

    let mut ledger = open(directory);
    let mut queue = RequestQueue::open(directory).unwrap();
    let request = queue.release(path).unwrap();
    assert_eq!(ledger.requests().unwrap()[2].id, request);
    for request in ledger.requests().unwrap() {
        let answer = apply_ledger::Answer {
            succeeded: true,
            text: String::new(),
        };
        ledger.answer(request.id, &answer).unwrap();
    }
    assert_eq!(ledger.requests().unwrap(), []);
    assert_eq!(History::open(directory).unwrap().parked().unwrap(), []);
}
