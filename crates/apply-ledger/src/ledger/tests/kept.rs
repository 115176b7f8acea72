//! The contents that are kept.

use super::*;

#[test]
fn the_last_contents_are_kept_and_those_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    for content in ["0", "1", "2"] {
        apply(&mut ledger, content);
    }
    ledger.hold(Path::new(DESTINATION), 1, None).unwrap();
    for content in 3..20 {
        let id = ledger
            .begin(&intent(vec![file(DESTINATION, None, &content.to_string())]))
            .unwrap();
        ledger.swapped(id).unwrap();
        ledger.finished(id, Ending::Failed).unwrap();
    }
    // Of the failed contents only the last is still in use.
    assert_eq!(ledger.owed().unwrap().len(), 1);
    let numbers = |ledger: &Ledger| {
        let outcomes = outcomes(ledger, DESTINATION);
        outcomes.iter().map(|one| one.0).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&ledger), [20, 19, 18, 17, 16, 3, 1]);
    apply(&mut ledger, "20");
    apply(&mut ledger, "21");
    assert_eq!(numbers(&ledger), [22, 21, 20, 19, 18, 1]);
    assert_eq!(ledger.content(Hash::of(b"1")).unwrap(), None);
    assert!(ledger.content(Hash::of(b"0")).unwrap().is_some());
    // Two contents that alternate do not displace the others.
    for _ in 0..20 {
        apply(&mut ledger, "20");
        apply(&mut ledger, "21");
    }
    let stored: Vec<_> = (0..22)
        .filter(|content: &u32| {
            let hash = Hash::of(content.to_string().as_bytes());
            ledger.content(hash).unwrap().is_some()
        })
        .collect();
    assert!(stored.contains(&20) && stored.contains(&21) && stored.contains(&0));
    assert!(numbers(&ledger).len() <= 21, "{:?}", numbers(&ledger));
}

#[test]
fn a_content_of_two_destinations_is_stored_until_both_have_dropped_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open(directory.path());
    let files = vec![file("/a", None, "same"), file("/b", None, "same")];
    let id = ledger.begin(&intent(files)).unwrap();
    ledger.swapped(id).unwrap();
    ledger.finished(id, Ending::Applied).unwrap();
    ledger.forget(Path::new("/a")).unwrap();
    assert!(ledger.content(Hash::of(b"same")).unwrap().is_some());
    ledger.forget(Path::new("/b")).unwrap();
    assert!(ledger.content(Hash::of(b"same")).unwrap().is_none());
    ledger.forget(Path::new("/b")).unwrap();
}
