mod kept;
mod model;
mod parked;
mod processes;
mod rollback;

use rusqlite::StatementStatus;

use super::*;
use crate::generations::USED;
use crate::records::{Attributes, IntentFile, Old, Outcome};

const DESTINATION: &str = "/etc/app.conf";

fn open(directory: &Path) -> Ledger {
    let (ledger, notices) = Ledger::open(directory, LedgerOptions::default()).unwrap();
    assert_eq!(notices, []);
    ledger
}

fn file<'a>(destination: &'a str, old: Option<&'a str>, new: &'a str) -> IntentFile<'a> {
    IntentFile {
        destination: Path::new(destination),
        staged: Some(Path::new("/etc/.app.conf.ctmpl-12345678")),
        old: old.map(|old| Old::Content(old.as_bytes())),
        new: new.as_bytes(),
        attributes: Attributes {
            mode: Some(0o640),
            ..Attributes::default()
        },
    }
}

fn intent(files: Vec<IntentFile<'_>>) -> Intent<'_> {
    Intent {
        group: "app",
        command: Some("reload app"),
        files,
        rolls_back: None,
    }
}

/// Begins, swaps and applies one content.
fn apply(ledger: &mut Ledger, content: &str) {
    let id = ledger
        .begin(&intent(vec![file(DESTINATION, None, content)]))
        .unwrap();
    ledger.swapped(id).unwrap();
    ledger.finished(id, Ending::Applied).unwrap();
}

fn outcomes(ledger: &Ledger, destination: &str) -> Vec<(u64, Outcome)> {
    let generations = ledger.generations(Path::new(destination)).unwrap();
    let outcomes = generations.iter().map(|one| (one.number, one.outcome));
    outcomes.collect()
}

/// It was compiled for each file that was recorded.
#[test]
fn the_search_for_generations_in_use_is_compiled_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    for number in 0..20 {
        apply(&mut ledger, &number.to_string());
    }
    let statement = ledger.connection.prepare_cached(USED).unwrap();
    assert!(statement.get_status(StatementStatus::Run) > 5);
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}

#[test]
fn an_intent_is_pending_then_owed_then_applied() {
    let directory = tempfile::tempdir().unwrap();
    let path = Path::new(DESTINATION);
    let mut ledger = open(directory.path());
    let id = ledger
        .begin(&intent(vec![file(DESTINATION, Some("old"), "new")]))
        .unwrap();
    let pending = ledger.pending().unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].id, id);
    assert_eq!(pending[0].command.as_deref(), Some("reload app"));
    let file = &pending[0].files[0];
    assert_eq!(file.old, Some(Hash::of(b"old")));
    assert_eq!(file.new, Hash::of(b"new"));
    assert_eq!(file.attributes.mode, Some(0o640));
    assert_eq!(ledger.owed().unwrap(), []);
    assert_eq!(ledger.written(path).unwrap(), Some(Hash::of(b"old")));

    drop(ledger);
    let mut ledger = open(directory.path());
    ledger.swapped(id).unwrap();
    assert_eq!(ledger.pending().unwrap(), []);
    let owed = ledger.owed().unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!((owed[0].intent, owed[0].group.as_str()), (id, "app"));
    assert_eq!(owed[0].destinations, [path]);
    assert_eq!(ledger.written(path).unwrap(), Some(Hash::of(b"new")));
    assert_eq!(ledger.applied(path).unwrap(), None);

    drop(ledger);
    let mut ledger = open(directory.path());
    ledger.finished(owed[0].intent, Ending::Applied).unwrap();
    assert_eq!(ledger.owed().unwrap(), []);
    assert_eq!(ledger.applied(path).unwrap(), Some(Hash::of(b"new")));
    let expected = [(2, Outcome::Applied), (1, Outcome::Found)];
    assert_eq!(outcomes(&ledger, DESTINATION), expected);
    let content = ledger.content(Hash::of(b"old")).unwrap().unwrap();
    assert_eq!(&*content, b"old");
}

#[test]
fn one_success_covers_all_earlier_intents_of_the_group() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let both = vec![file("/a", None, "a1"), file("/b", None, "b1")];
    let first = ledger.begin(&intent(both)).unwrap();
    ledger.swapped(first).unwrap();
    ledger.finished(first, Ending::Failed).unwrap();
    assert_eq!(ledger.owed().unwrap()[0].destinations.len(), 2);
    let mut other = intent(vec![file("/c", None, "c1")]);
    other.group = "other";
    let other = ledger.begin(&other).unwrap();
    ledger.swapped(other).unwrap();
    let second = ledger
        .begin(&intent(vec![file("/a", Some("a1"), "a2")]))
        .unwrap();
    ledger.swapped(second).unwrap();
    // A third write, after the command has started.
    let third = ledger
        .begin(&intent(vec![file("/b", Some("b1"), "b2")]))
        .unwrap();
    ledger.swapped(third).unwrap();

    ledger.finished(second, Ending::Applied).unwrap();
    let expected = [(2, Outcome::Applied), (1, Outcome::Failed)];
    assert_eq!(outcomes(&ledger, "/a"), expected);
    let expected = [(2, Outcome::Pending), (1, Outcome::Applied)];
    assert_eq!(outcomes(&ledger, "/b"), expected);
    let owed = ledger.owed().unwrap();
    assert_eq!(owed.len(), 2);
    assert_eq!((owed[0].intent, owed[1].intent), (other, third));
    let b = Path::new("/b");
    assert_eq!(ledger.applied(b).unwrap(), Some(Hash::of(b"b1")));
    assert_eq!(ledger.written(b).unwrap(), Some(Hash::of(b"b2")));
}

#[test]
fn a_content_that_is_replaced_before_its_command_is_superseded() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    for content in ["1", "2"] {
        let id = ledger
            .begin(&intent(vec![file(DESTINATION, None, content)]))
            .unwrap();
        ledger.swapped(id).unwrap();
        if content == "2" {
            ledger.finished(id, Ending::Failed).unwrap();
        }
    }
    let expected = [(2, Outcome::Failed), (1, Outcome::Superseded)];
    assert_eq!(outcomes(&ledger, DESTINATION), expected);
    assert_eq!(ledger.owed().unwrap().len(), 1);
}

#[test]
fn intents_whose_command_does_not_run_are_merged() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let mut first = intent(vec![file("/other", None, "other")]);
    let first = {
        first.command = Some("first");
        ledger.begin(&first).unwrap()
    };
    ledger.swapped(first).unwrap();
    let since = ledger.owed().unwrap()[0].since;
    let mut last = first;
    for content in 0..100 {
        let content = content.to_string();
        let mut next = intent(vec![file(DESTINATION, None, &content)]);
        next.command = None;
        last = ledger.begin(&next).unwrap();
        ledger.swapped(last).unwrap();
    }
    assert!(outcomes(&ledger, DESTINATION).len() < 30);
    let owed = ledger.owed().unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!((owed[0].intent, owed[0].since), (last, since));
    assert_eq!(owed[0].command.as_deref(), Some("first"));
    assert_eq!(owed[0].destinations.len(), 2);
    ledger.finished(last, Ending::Applied).unwrap();
    assert_eq!(ledger.owed().unwrap(), []);
    assert_eq!(outcomes(&ledger, "/other"), [(1, Outcome::Applied)]);
    let applied = ledger.applied(Path::new(DESTINATION)).unwrap();
    assert_eq!(applied, Some(Hash::of(b"99")));
}

#[test]
fn a_file_without_a_command_is_recorded_after_its_swap() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let path = Path::new(DESTINATION);
    let write = |ledger: &mut Ledger, old: Option<&str>, new: &str| {
        let mut written = intent(vec![file(DESTINATION, old, new)]);
        written.command = None;
        ledger.swaps_ended(&[], &[written]).unwrap();
    };
    write(&mut ledger, Some("found"), "1");
    write(&mut ledger, Some("1"), "2");
    let expected = [
        (3, Outcome::Applied),
        (2, Outcome::Applied),
        (1, Outcome::Found),
    ];
    assert_eq!(outcomes(&ledger, DESTINATION), expected);
    assert_eq!(
        (ledger.pending().unwrap(), ledger.owed().unwrap()),
        (vec![], vec![])
    );
    assert_eq!(ledger.applied(path).unwrap(), Some(Hash::of(b"2")));
    assert_eq!(ledger.written(path).unwrap(), Some(Hash::of(b"2")));
    for content in 3..9 {
        write(&mut ledger, None, &content.to_string());
    }
    assert_eq!(outcomes(&ledger, DESTINATION).len(), 5);
    assert_eq!(ledger.content(Hash::of(b"2")).unwrap(), None);
}

#[test]
fn the_ends_of_several_swaps_are_recorded_at_once_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let intents = ["/owed", "/settled", "/discarded"].map(|path| Intent {
        group: path,
        ..intent(vec![file(path, None, path)])
    });
    let ids = ledger.begin_all(&intents).unwrap();
    let ends = [SwapEnd::Owed, SwapEnd::Settled, SwapEnd::Discarded];
    let ends: Vec<_> = ids.into_iter().zip(ends).collect();
    let twice = intent(vec![file("/a", None, "1"), file("/a", None, "2")]);
    assert!(ledger.swaps_ended(&ends, &[twice]).is_err());
    assert_eq!(ledger.pending().unwrap().len(), 3);
    ledger.swaps_ended(&ends, &[]).unwrap();
    assert_eq!(ledger.pending().unwrap(), []);
    let owed = ledger.owed().unwrap();
    assert_eq!((owed.len(), owed[0].group.as_str()), (1, "/owed"));
    assert_eq!(outcomes(&ledger, "/settled"), [(1, Outcome::Applied)]);
    assert_eq!(outcomes(&ledger, "/discarded"), []);
}

#[test]
fn a_dropped_command_is_not_owed_and_the_history_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    let files = vec![file(DESTINATION, Some("1"), "2")];
    let id = ledger.begin(&intent(files)).unwrap();
    ledger.swapped(id).unwrap();
    ledger.finished(id, Ending::Dropped).unwrap();
    assert_eq!(ledger.owed().unwrap(), []);
    let expected = [(2, Outcome::Dropped), (1, Outcome::Applied)];
    assert_eq!(outcomes(&ledger, DESTINATION), expected);
    let applied = ledger.applied(Path::new(DESTINATION)).unwrap();
    assert_eq!(applied, Some(Hash::of(b"1")));
}

#[test]
fn a_discarded_intent_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let id = ledger
        .begin(&intent(vec![file(DESTINATION, None, "new")]))
        .unwrap();
    ledger.discarded(id).unwrap();
    assert_eq!(ledger.pending().unwrap(), []);
    assert_eq!(ledger.destinations().unwrap(), []);
    assert_eq!(ledger.content(Hash::of(b"new")).unwrap(), None);
}

#[test]
fn on_a_full_disk_nothing_is_recorded_and_later_all_works() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "1");
    let pages = |ledger: &Ledger, count: i64| {
        let set = ledger
            .connection
            .pragma_update_and_check(None, "max_page_count", count, |row| row.get::<_, i64>(0));
        assert!(set.unwrap() > 0);
    };
    pages(&ledger, 1);
    let large = "x".repeat(1 << 20);
    let files = || vec![file(DESTINATION, Some("1"), &large)];
    let error = ledger.begin(&intent(files())).unwrap_err();
    assert!(error.is_full() && !error.is_damage(), "{error:?}");
    assert_eq!(ledger.pending().unwrap(), []);
    assert_eq!(outcomes(&ledger, DESTINATION), [(1, Outcome::Applied)]);
    pages(&ledger, 1 << 20);
    ledger.begin(&intent(files())).unwrap();
    assert_eq!(ledger.pending().unwrap().len(), 1);
}

#[test]
fn an_intent_with_a_destination_twice_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let files = vec![file("/a", None, "1"), file("/a", None, "2")];
    let error = ledger.begin(&intent(files)).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "the destination /a occurs twice");
    assert!(!error.is_damage());
    assert_eq!(ledger.destinations().unwrap(), []);
}

#[test]
fn a_ledger_can_move_to_a_worker_thread() {
    fn is_send<T: Send>() {}
    is_send::<Ledger>();
}
