//! The ledger as other processes see it, and its files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::history::History;
use crate::request_queue::RequestQueue;
use crate::requests::{Answer, RequestAction};

#[test]
fn requests_reach_the_daemon_and_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    apply(&mut ledger, "2");
    let watched = crate::requests_file(ledger.directory());
    assert_eq!(fs::read_to_string(&watched).unwrap(), "");

    let mut queue = RequestQueue::open(directory.path()).unwrap();
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(3);
    let hold = queue.hold(path, 1, Some(until)).unwrap();
    let release = queue.release(path).unwrap();
    assert_ne!(fs::read_to_string(&watched).unwrap(), "");
    assert!(queue.hold(path, 7, None).unwrap_err().is_unknown());
    let unknown = queue.release(Path::new("/none")).unwrap_err();
    assert!(unknown.is_unknown());

    let requests = ledger.requests().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].id, requests[1].id), (hold, release));
    let action = RequestAction::Hold {
        generation: 1,
        hash: Hash::of(b"1"),
        until: Some(until),
    };
    assert_eq!(requests[0].action, action);
    assert_eq!(requests[1].action, RequestAction::Release);

    assert_eq!(queue.answer(hold).unwrap(), None);
    let answer = Answer {
        succeeded: true,
        text: "written".to_owned(),
    };
    ledger.answer(hold, &answer).unwrap();
    assert_eq!(queue.answer(hold).unwrap(), Some(answer));
    assert_eq!(ledger.requests().unwrap().len(), 1);
}

#[test]
fn a_request_that_is_taken_is_found_after_a_restart_until_it_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    let mut queue = RequestQueue::open(directory.path()).unwrap();
    let request = queue.hold(path, 1, None).unwrap();
    assert_eq!(ledger.taken().unwrap(), []);
    assert_eq!(ledger.requests().unwrap().len(), 1);
    ledger.take(request).unwrap();
    assert_eq!(ledger.requests().unwrap(), []);
    assert_eq!(ledger.holds().unwrap(), [], "there is no result yet");
    assert_eq!(queue.answer(request).unwrap(), None);
    drop(ledger);

    let mut ledger = open(directory.path());
    assert_eq!(
        ledger.requests().unwrap(),
        [],
        "it is not carried out again"
    );
    let taken = ledger.taken().unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].id, &*taken[0].destination), (request, path));
    let answer = Answer {
        succeeded: false,
        text: String::new(),
    };
    ledger.answer(request, &answer).unwrap();
    assert_eq!(ledger.taken().unwrap(), []);
    assert_eq!(queue.answer(request).unwrap(), Some(answer));
}

#[test]
fn an_answer_removes_old_answers_and_no_request_that_has_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    let mut queue = RequestQueue::open(directory.path()).unwrap();
    let [answered, taken, last] = [(); 3].map(|()| queue.hold(path, 1, None).unwrap());
    let answer = Answer {
        succeeded: true,
        text: "applied".to_owned(),
    };
    ledger.answer(answered, &answer).unwrap();
    ledger.take(taken).unwrap();
    let connection = &ledger.connection;
    connection
        .execute("UPDATE requests SET at = 0", [])
        .unwrap();
    ledger.answer(last, &answer).unwrap();
    assert_eq!(queue.answer(answered).unwrap(), None, "it is removed");
    let ids: Vec<_> = ledger.taken().unwrap().iter().map(|it| it.id).collect();
    assert_eq!(ids, [taken]);
}

#[test]
fn the_generation_of_a_request_is_kept_after_its_success_unless_it_has_an_answer_already() {
    for is_answered in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let path = Path::new(DESTINATION);
        let mut ledger = open(directory.path());
        for content in ["1", "2"] {
            apply(&mut ledger, content);
        }
        ledger.hold(path, 1, None).unwrap();
        let mut queue = RequestQueue::open(directory.path()).unwrap();
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(3);
        let request = queue.hold(path, 2, Some(until)).unwrap();
        ledger.take(request).unwrap();
        let [replaced, done] = ["replaced", "done"].map(|text| Answer {
            succeeded: text == "done",
            text: text.to_owned(),
        });
        let kept = |ledger: &Ledger| {
            let hold = ledger.holds().unwrap().remove(0);
            (hold.generation, hold.until)
        };
        assert_eq!(kept(&ledger), (1, None), "the hold before");
        if is_answered {
            ledger.answer(request, &replaced).unwrap();
        }
        ledger.answer_held(request, &done).unwrap();
        let (answer, expected) = if is_answered {
            (replaced, (1, None))
        } else {
            (done, (2, Some(until)))
        };
        assert_eq!(queue.answer(request).unwrap(), Some(answer));
        assert_eq!(kept(&ledger), expected);
    }
}

#[test]
fn holds_survive_a_restart_and_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(3);
    ledger.hold(path, 1, Some(until)).unwrap();
    drop(ledger);
    let mut ledger = open(directory.path());
    let holds = ledger.holds().unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!((holds[0].generation, holds[0].hash), (1, Hash::of(b"1")));
    assert!(holds[0].is_active(until - Duration::from_secs(1)));
    assert!(!holds[0].is_active(until));
    ledger.release(path).unwrap();
    assert_eq!(ledger.holds().unwrap(), []);
}

#[test]
fn another_process_reads_while_the_daemon_has_the_ledger() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(
        History::open(directory.path()),
        Err(OpenError::NoLedger { .. })
    ));
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    let history = History::open(directory.path()).unwrap();
    assert!(history.is_in_use().unwrap());
    apply(&mut ledger, "2");
    let destinations = history.destinations().unwrap();
    assert_eq!(destinations.len(), 1);
    assert_eq!(destinations[0].applied, Some(Hash::of(b"2")));
    assert_eq!(destinations[0].generations, 2);
    assert!(destinations[0].latest.is_written);
    drop(ledger);
    assert!(!history.is_in_use().unwrap());
    drop(history);
    let history = History::open(directory.path()).unwrap();
    assert_eq!(
        history.generations(Path::new(DESTINATION)).unwrap().len(),
        2
    );
}

#[test]
fn a_second_daemon_is_refused_with_the_process_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let error = Ledger::open(directory.path(), LedgerOptions::default()).unwrap_err();
    let in_use = matches!(error, OpenError::InUse { pid, .. } if pid == Some(std::process::id()));
    assert!(in_use, "{error}");
    drop(ledger);
    open(directory.path());
}

#[test]
fn only_the_owner_can_access_the_files() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("a/b");
    let mut ledger = open(&directory);
    apply(&mut ledger, "secret");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        let is_directory = entry.file_type().unwrap().is_dir();
        let expected = if is_directory { 0o700 } else { 0o600 };
        assert_eq!(mode(&entry.path()), expected, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let expected = [
        "ledger.db",
        "ledger.db-shm",
        "ledger.db-wal",
        "lock",
        "queue",
    ];
    assert_eq!(names, expected);
    assert_eq!(mode(&crate::requests_file(&directory)), 0o600);
    let debug = format!("{:?}", file("/a", Some("secret"), "secret"));
    assert!(!debug.contains("secret"), "{debug}");
    let content = ledger.content(Hash::of(b"secret")).unwrap();
    assert_eq!(format!("{content:?}"), "Some(Content(6 bytes))");
}

#[test]
fn a_directory_that_cannot_be_used_is_an_error() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    let open = |path: &Path| Ledger::open(path, LedgerOptions::default());
    let error = open(&file.join("state")).unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
    let shared = scratch.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
    let error = open(&shared).unwrap_err();
    let chain = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(chain.contains("every user can write to it"), "{chain}");
    if nix::unistd::geteuid().is_root() {
        let foreign = scratch.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        std::os::unix::fs::chown(&foreign, Some(12), None).unwrap();
        let error = open(&foreign).unwrap_err();
        let chain = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(chain, "it belongs to the user 12, and this is the user 0");
    }
    // The database is a directory.
    let taken = scratch.path().join("taken");
    fs::create_dir_all(taken.join("ledger.db")).unwrap();
    let error = open(&taken).unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
}
