use super::*;

fn put(kv: &mut Kv, index: u64, key: &str, value: &str) {
    assert!(kv.put(
        (index, &mut WriteIndex::default()),
        key,
        value.as_bytes(),
        0,
        WriteCondition::Always
    ));
}

#[test]
fn the_same_value_moves_no_index() {
    let mut kv = Kv::default();
    put(&mut kv, 5, "a", "x");
    put(&mut kv, 6, "a", "x");
    assert_eq!(kv.key_index("a"), 5);
}

#[test]
fn a_missing_key_has_the_tables_index() {
    let mut kv = Kv::default();
    assert_eq!(kv.key_index("b"), 0);
    put(&mut kv, 5, "a", "x");
    assert_eq!(kv.key_index("b"), 5);
    assert_eq!(kv.prefix_index("none/"), 5);
}

#[test]
fn a_tombstone_keeps_the_index_of_the_deletion() {
    let mut kv = Kv::default();
    put(&mut kv, 5, "app/one", "x");
    put(&mut kv, 6, "app/two", "x");
    assert!(kv.delete(
        (7, &mut WriteIndex::default()),
        "app/one",
        WriteCondition::Always
    ));
    put(&mut kv, 8, "other", "x");
    assert_eq!(kv.prefix_index("app/"), 7);
}

#[test]
fn a_lock_has_one_holder_and_counts_its_acquisitions() {
    let mut kv = Kv::default();
    let mut writes = WriteIndex::default();
    let mut lock =
        |kv: &mut Kv, index, session| kv.lock((index, &mut writes), "a", (b"x", 0), session);
    assert!(lock(&mut kv, 5, "one"));
    assert!(!lock(&mut kv, 6, "two"));
    assert!(lock(&mut kv, 7, "one"));
    assert_eq!(
        kv.get("a").map(|entry| (entry.lock_index, entry.modify)),
        Some((1, 5))
    );
    assert!(!kv.unlock((8, &mut WriteIndex::default()), "a", (b"x", 0), "two"));
    assert!(kv.unlock((9, &mut WriteIndex::default()), "a", (b"x", 0), "one"));
    assert!(lock(&mut kv, 10, "two"));
    assert_eq!(kv.get("a").map(|entry| entry.lock_index), Some(2));
    // A write without a session keeps the holder, and forgets the count.
    put(&mut kv, 11, "a", "y");
    let entry = kv.get("a").cloned().unwrap_or_default();
    assert_eq!(
        (entry.lock_index, entry.session.as_deref()),
        (0, Some("two"))
    );
}

#[test]
fn the_end_of_a_session_releases_or_deletes_its_keys() {
    let mut kv = Kv::default();
    let mut writes = WriteIndex::default();
    assert!(kv.lock((5, &mut writes), "a", (b"x", 0), "one"));
    assert!(kv.lock((6, &mut writes), "b", (b"x", 0), "two"));
    assert_eq!(kv.end_session((7, &mut writes), "one", false), ["a"]);
    assert_eq!(
        kv.get("a")
            .map(|entry| (entry.session.clone(), entry.modify)),
        Some((None, 7))
    );
    assert_eq!(kv.end_session((8, &mut writes), "two", true), ["b"]);
    assert_eq!(kv.get("b"), None);
}

#[test]
fn check_and_set_writes_only_if_the_index_matches() {
    let mut kv = Kv::default();
    let mut writes = WriteIndex::default();
    assert!(kv.put((5, &mut writes), "a", b"1", 0, WriteCondition::IfIndex(0)));
    assert!(!kv.put((6, &mut writes), "a", b"2", 0, WriteCondition::IfIndex(0)));
    assert!(kv.put((7, &mut writes), "a", b"2", 0, WriteCondition::IfIndex(5)));
    assert!(!kv.delete((8, &mut writes), "a", WriteCondition::IfIndex(5)));
    assert!(!kv.delete((8, &mut writes), "none", WriteCondition::IfIndex(0)));
}
