//! Rollbacks, and what can be restored.

use super::*;

#[test]
fn a_rollback_marks_the_failed_content_and_settles_both_intents() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "good");
    let failed = ledger
        .begin(&intent(vec![file(DESTINATION, Some("good"), "bad")]))
        .unwrap();
    ledger.swapped(failed).unwrap();
    ledger.finished(failed, Ending::Failed).unwrap();
    let mut back = intent(vec![file(DESTINATION, Some("bad"), "good")]);
    back.rolls_back = Some(failed);
    let back = ledger.begin(&back).unwrap();
    ledger.swapped(back).unwrap();
    ledger.finished(back, Ending::Applied).unwrap();
    let expected = [
        (3, Outcome::Applied),
        (2, Outcome::RolledBack),
        (1, Outcome::Applied),
    ];
    assert_eq!(outcomes(&ledger, DESTINATION), expected);
    assert_eq!(ledger.owed().unwrap(), []);
}

#[test]
fn what_was_replaced_since_the_last_success_is_kept_until_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "good");
    let mut before = "good".to_owned();
    for number in 0..30 {
        let new = format!("bad {number}");
        let mut files = vec![file(DESTINATION, Some(&before), &new)];
        if number == 3 {
            files.push(file("/new", None, "first"));
        }
        let id = ledger.begin(&intent(files)).unwrap();
        ledger.swapped(id).unwrap();
        if number % 7 == 0 {
            ledger.finished(id, Ending::Failed).unwrap();
        }
        before = new;
    }
    drop(ledger);
    let mut ledger = open(directory.path());
    let owed = ledger.owed().unwrap().remove(0);
    let replaced = owed.replaced.iter();
    let replaced: Vec<_> = replaced
        .map(|it| (it.destination.as_path(), it.hash))
        .collect();
    let good = Hash::of(b"good");
    let expected = [
        (Path::new(DESTINATION), Some(good)),
        (Path::new("/new"), None),
    ];
    assert_eq!(replaced, expected);
    assert_eq!(&*ledger.content(good).unwrap().unwrap(), b"good");
    ledger.finished(owed.intent, Ending::Applied).unwrap();
    for number in 0..8 {
        apply(&mut ledger, &format!("better {number}"));
    }
    assert_eq!(ledger.content(good).unwrap(), None);
}

/// The content of the other program came back.
#[test]
fn a_rollback_restores_the_content_of_the_last_success_and_not_that_of_another_program() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "good");
    let files = vec![
        file(DESTINATION, Some("edited"), "bad"),
        file("/never-applied", Some("found"), "first"),
    ];
    let failed = ledger.begin(&intent(files)).unwrap();
    let old = ledger.pending().unwrap().remove(0).files.remove(0).old;
    let expected = Some(Hash::of(b"edited"));
    assert_eq!(old, expected, "the recovery compares with it");
    ledger.swapped(failed).unwrap();
    let owed = ledger.owed().unwrap().remove(0);
    let replaced: Vec<_> = owed.replaced.into_iter().map(|it| it.hash).collect();
    let expected = [b"good".as_slice(), b"found"].map(|content| Some(Hash::of(content)));
    assert_eq!(replaced, expected);
}

/// What was rolled back, for each destination.
fn rolled_back(ledger: &Ledger) -> Vec<(PathBuf, Option<Hash>)> {
    let known = ledger.destinations().unwrap().into_iter();
    known.map(|it| (it.path, it.rolled_back)).collect()
}

#[test]
fn all_contents_of_a_failed_command_are_known_until_the_next_write() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let both = vec![file("/a", None, "a1"), file("/b", None, "b1")];
    let first = ledger.begin(&intent(both)).unwrap();
    ledger.swapped(first).unwrap();
    ledger.finished(first, Ending::Applied).unwrap();
    // Two writes before the command, which fails for both.
    let mut failed = first;
    for (path, old, new) in [("/b", "b1", "b2"), ("/a", "a1", "a2"), ("/a", "a2", "a3")] {
        failed = ledger
            .begin(&intent(vec![file(path, Some(old), new)]))
            .unwrap();
        ledger.swapped(failed).unwrap();
    }
    let mut back = intent(vec![file("/a", None, "a1"), file("/b", None, "b1")]);
    back.rolls_back = Some(failed);
    let back = ledger.begin(&back).unwrap();
    let paths = ["/a", "/b"].map(PathBuf::from);
    for step in ["begun", "swapped", "finished"] {
        match step {
            "swapped" => ledger.swapped(back).unwrap(),
            "finished" => ledger.finished(back, Ending::Applied).unwrap(),
            _ => {}
        }
        let expected = paths.clone().into_iter().zip([b"a3", b"b2"]);
        let expected: Vec<_> = expected
            .map(|(path, content)| (path, Some(Hash::of(content))))
            .collect();
        assert_eq!(rolled_back(&ledger), expected, "{step}");
    }
    let expected = [
        (4, Outcome::Applied),
        (3, Outcome::RolledBack),
        (2, Outcome::Superseded),
        (1, Outcome::Applied),
    ];
    assert_eq!(outcomes(&ledger, "/a"), expected);
    let next = ledger
        .begin(&intent(vec![file("/a", Some("a1"), "a4")]))
        .unwrap();
    ledger.swapped(next).unwrap();
    let known: Vec<_> = rolled_back(&ledger).into_iter().map(|it| it.1).collect();
    assert_eq!(known, [None, Some(Hash::of(b"b2"))]);
}

#[test]
fn a_first_write_that_was_rolled_back_is_neither_written_nor_applied() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let files = vec![
        file(DESTINATION, None, "bad"),
        file("/kept", Some("old"), "bad"),
    ];
    let failed = ledger.begin(&intent(files)).unwrap();
    ledger.swapped(failed).unwrap();
    let mut back = intent(vec![file("/kept", Some("bad"), "old")]);
    back.rolls_back = Some(failed);
    let back = ledger.begin(&back).unwrap();
    ledger.swapped(back).unwrap();
    for step in ["swapped", "finished"] {
        if step == "finished" {
            ledger.finished(back, Ending::Applied).unwrap();
        }
        let all = ledger.generations(Path::new(DESTINATION)).unwrap();
        let marks: Vec<_> = all
            .iter()
            .map(|it| (it.number, it.outcome, it.is_written, it.is_applied))
            .collect();
        assert_eq!(marks, [(1, Outcome::RolledBack, false, false)], "{step}");
    }
    let old = Some(Hash::of(b"old"));
    assert_eq!(ledger.written(Path::new("/kept")).unwrap(), old);
    assert_eq!(ledger.applied(Path::new("/kept")).unwrap(), old);
    assert_eq!(
        rolled_back(&ledger)[0],
        (PathBuf::from(DESTINATION), Some(Hash::of(b"bad")))
    );
    apply(&mut ledger, "good");
    let written = ledger.written(Path::new(DESTINATION)).unwrap();
    assert_eq!(written, Some(Hash::of(b"good")));
}

#[test]
fn a_file_that_did_not_exist_before_is_known_as_rolled_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let failed = ledger
        .begin(&intent(vec![file(DESTINATION, None, "bad")]))
        .unwrap();
    ledger.swapped(failed).unwrap();
    let mut back = intent(Vec::new());
    back.rolls_back = Some(failed);
    let back = ledger.begin(&back).unwrap();
    ledger.swapped(back).unwrap();
    ledger.finished(back, Ending::Applied).unwrap();
    assert_eq!(rolled_back(&ledger)[0].1, Some(Hash::of(b"bad")));
    apply(&mut ledger, "good");
    assert_eq!(rolled_back(&ledger)[0].1, None, "a success lies between");
    let expected = [(3, Outcome::Applied), (1, Outcome::RolledBack)];
    assert_eq!(
        outcomes(&ledger, DESTINATION),
        expected,
        "the removal is 2, and has no content"
    );
}

#[test]
fn an_intent_that_was_not_recovered_is_settled_with_the_next_one_of_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let interrupted = intent(vec![file("/a", None, "a1"), file("/b", None, "b1")]);
    ledger.begin(&interrupted).unwrap();
    let next = ledger.begin(&intent(vec![file("/b", None, "b2")])).unwrap();
    assert_eq!(ledger.pending().unwrap().len(), 2);
    ledger.swapped(next).unwrap();
    assert_eq!(ledger.pending().unwrap(), []);
    let owed = ledger.owed().unwrap();
    assert_eq!(owed[0].destinations, ["/a", "/b"].map(PathBuf::from));
    ledger.finished(next, Ending::Applied).unwrap();
    assert_eq!(ledger.owed().unwrap(), []);
}

/// The ledger had the content that was to be restored as written, and then as applied.
#[test]
fn a_file_that_could_not_be_restored_keeps_the_failed_content_until_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let both = |a, b| vec![file("/a", None, a), file("/b", None, b)];
    let good = ledger.begin(&intent(both("a1", "b1"))).unwrap();
    ledger.swapped(good).unwrap();
    ledger.finished(good, Ending::Applied).unwrap();
    let bad = vec![
        file("/a", Some("a1"), "a2"),
        file("/b", Some("b1"), "b2"),
        file("/new", None, "n2"),
    ];
    let mut failed = ledger.begin(&intent(bad)).unwrap();
    ledger.swapped(failed).unwrap();
    let unrestored = [Path::new("/b"), Path::new("/new")];
    for files in [both("a1", "b1"), vec![file("/b", None, "b1")]] {
        let mut back = intent(files);
        back.rolls_back = Some(failed);
        let back = ledger.begin(&back).unwrap();
        ledger.restored(back, &unrestored).unwrap();
        let expected = [(2, Outcome::Failed), (1, Outcome::Applied)];
        assert_eq!(outcomes(&ledger, "/b"), expected);
        assert_eq!(outcomes(&ledger, "/a")[0], (3, Outcome::Pending));
        let written = ["/a", "/b", "/new"].map(|path| ledger.written(Path::new(path)).unwrap());
        assert_eq!(written, [b"a1", b"b2", b"n2"].map(|it| Some(Hash::of(it))));
        let replaced = ledger.owed().unwrap().remove(0).replaced;
        let states: Vec<_> = replaced.iter().map(|it| it.is_unrestored).collect();
        assert_eq!(states, [false, true, true]);
        failed = back;
    }
    let mut back = intent(vec![file("/b", None, "b1")]);
    back.rolls_back = Some(failed);
    let back = ledger.begin(&back).unwrap();
    ledger.restored(back, &[]).unwrap();
    ledger.finished(back, Ending::Applied).unwrap();
    for path in ["/a", "/b"] {
        let expected = [
            (3, Outcome::Applied),
            (2, Outcome::RolledBack),
            (1, Outcome::Applied),
        ];
        assert_eq!(outcomes(&ledger, path), expected);
    }
    assert_eq!(ledger.written(Path::new("/new")).unwrap(), None);
    assert_eq!(ledger.owed().unwrap(), []);
}

#[test]
fn the_fingerprint_of_additional_files_is_kept_until_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "good");
    let noted = |ledger: &Ledger| ledger.destinations().unwrap().remove(0).outputs;
    assert_eq!(noted(&ledger), None);
    for outputs in [Some("1"), Some("2"), None, Some("3")] {
        let outputs = outputs.map(str::to_owned);
        let files = [(PathBuf::from(DESTINATION), outputs.clone())];
        ledger.note_outputs(&files).unwrap();
        drop(ledger);
        ledger = open(directory.path());
        assert_eq!(noted(&ledger), outputs);
    }
    ledger.forget(Path::new(DESTINATION)).unwrap();
    apply(&mut ledger, "good");
    assert_eq!(noted(&ledger), None);
}

/// Begins and swaps a content, and restores another one after its command has failed.
fn roll_back(ledger: &mut Ledger, (old, bad): (&str, &str), good: &str) {
    let failed = ledger
        .begin(&intent(vec![file(DESTINATION, Some(old), bad)]))
        .unwrap();
    ledger.swapped(failed).unwrap();
    let mut back = intent(vec![file(DESTINATION, None, good)]);
    back.rolls_back = Some(failed);
    let back = ledger.begin(&back).unwrap();
    ledger.swapped(back).unwrap();
    ledger.finished(back, Ending::Applied).unwrap();
}

/// It was forgotten, so that the next process applied it once more.
#[test]
fn a_rolled_back_content_is_known_after_a_change_by_another_program_was_undone() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "good");
    roll_back(&mut ledger, ("good", "bad"), "good");
    let of = |ledger: &Ledger| rolled_back(ledger).remove(0).1;
    let bad = Some(Hash::of(b"bad"));
    for edit in ["edit 1", "edit 2"] {
        let undone = ledger
            .begin(&intent(vec![file(DESTINATION, Some(edit), "good")]))
            .unwrap();
        ledger.swapped(undone).unwrap();
        assert_eq!(of(&ledger), bad);
        ledger.finished(undone, Ending::Applied).unwrap();
        assert_eq!(of(&ledger), bad);
    }
    apply(&mut ledger, "better");
    assert_eq!(of(&ledger), None);
    apply(&mut ledger, "good");
    assert_eq!(of(&ledger), None, "another content was written since");
}

#[test]
fn a_content_that_a_rollback_has_restored_is_not_taken_for_a_rolled_back_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    apply(&mut ledger, "good");
    // It is written again after a change by another program, and the command fails once.
    roll_back(&mut ledger, ("edited", "good"), "good");
    assert_eq!(rolled_back(&ledger).remove(0).1, None);
}
