use super::*;
use consul_watch::answer::Pair;

const SOURCE: &str = "http://a:8500/";

fn pairs(keys: &[&str]) -> Answer {
    let pair = |key: &&str| Pair {
        path: format!("app/{key}"),
        key: (*key).to_owned(),
        value: "s3cret".to_owned(),
        ..Pair::default()
    };
    Answer::Pairs(keys.iter().map(pair).map(Arc::new).collect())
}

fn names(count: usize) -> Answer {
    Answer::Datacenters(vec!["dc".to_owned(); count])
}

fn prefix() -> Query {
    Query::pairs("app").unwrap()
}

#[test]
fn the_sizes_are_read_again_and_neither_values_nor_names_of_items_are_kept() {
    let mut sizes = AnswerSizes::of(SOURCE);
    sizes.accept(&prefix(), &pairs(&["a", "sub/", "sub/b"]));
    let file = sizes.encode();
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(text.starts_with("ctmpl-answers 1 sha256:"), "{text}");
    assert!(!text.contains("s3cret") && !text.contains("sub"), "{text}");
    let read = AnswerSizes::decode(&file, SOURCE).unwrap();
    assert_eq!(read.items(&prefix(), None), Some(3));
    assert_eq!(read.items(&prefix(), Some(Depth::Level)), Some(1));
    assert_eq!(read.items(&prefix(), Some(Depth::Tree)), Some(2));
    assert_eq!(read.items(&Query::pairs("other").unwrap(), None), None);
}

#[test]
fn single_keys_certificates_and_files_are_left_out() {
    let mut sizes = AnswerSizes::of(SOURCE);
    for query in [Query::key("a").unwrap(), Query::ca_leaf("web").unwrap()] {
        sizes.accept(&query, &Answer::Key(None));
    }
    assert_eq!((sizes.changes(), sizes.sizes.len()), (0, 0));
}

#[test]
fn only_another_size_is_a_change() {
    let mut sizes = AnswerSizes::of(SOURCE);
    let services = Query::services("").unwrap();
    for (answer, changes) in [(names(3), 1), (names(3), 1), (names(2), 2)] {
        sizes.accept(&services, &answer);
        assert_eq!(sizes.changes(), changes);
    }
    sizes.forget(&services);
    sizes.forget(&services);
    assert_eq!((sizes.changes(), sizes.items(&services, None)), (3, None));
}

#[test]
fn the_answers_of_another_consul_do_not_count() {
    let mut sizes = AnswerSizes::of(SOURCE);
    sizes.accept(&prefix(), &pairs(&["a"]));
    let read = AnswerSizes::decode(&sizes.encode(), "http://b:8500/").unwrap();
    assert_eq!(read.items(&prefix(), None), None);
}

/// After one start or one reload with another address, the guard did not know what it had to expect.
#[test]
fn the_answers_of_a_consul_are_known_after_another_one_was_used() {
    const OTHER: &str = "http://b:8500/";
    let mut sizes = AnswerSizes::of(SOURCE);
    sizes.accept(&prefix(), &pairs(&["a"]));
    // A start with another address.
    let mut other = AnswerSizes::decode(&sizes.encode(), OTHER).unwrap();
    other.accept(&prefix(), &pairs(&["a", "b"]));
    let file = other.encode();
    for (source, items) in [(SOURCE, 1), (OTHER, 2)] {
        let read = AnswerSizes::decode(&file, source).unwrap();
        assert_eq!(read.items(&prefix(), None), Some(items), "{source}");
    }
    // A reload.
    sizes.server_changed(OTHER);
    sizes.accept(&prefix(), &pairs(&["a", "b", "c"]));
    let file = sizes.encode();
    for (source, items) in [(SOURCE, 1), (OTHER, 3)] {
        let read = AnswerSizes::decode(&file, source).unwrap();
        assert_eq!(read.items(&prefix(), None), Some(items), "{source}");
    }
    // Back again, and then many others.
    sizes.server_changed(SOURCE);
    for number in 0..10 {
        sizes.server_changed(&format!("{number}"));
        sizes.accept(&prefix(), &pairs(&["a"]));
    }
    assert_eq!(sizes.others.len(), MAX_OTHERS);
}

/// The sizes of the server before were written as its own, and replaced those that it had.
#[test]
fn a_server_that_has_not_answered_keeps_the_sizes_that_it_had() {
    let mut sizes = AnswerSizes::of("b");
    sizes.accept(&prefix(), &pairs(&["a"]));
    sizes.server_changed("a");
    sizes.accept(&prefix(), &pairs(&["a", "b", "c"]));
    let items = |sizes: &AnswerSizes, source| {
        let read = AnswerSizes::decode(&sizes.encode(), source).unwrap();
        read.items(&prefix(), None)
    };
    let changes = sizes.changes();
    // Several addresses that are mistyped, too.
    for source in ["b", "c", "d", "e", "f", "b"] {
        sizes.server_changed(source);
        let stored = [items(&sizes, "a"), items(&sizes, "b"), items(&sizes, "c")];
        assert_eq!(stored, [Some(3), Some(1), None], "{source}");
        assert_eq!(
            sizes.items(&prefix(), None),
            Some(3),
            "the larger one counts"
        );
        assert!(sizes.is_inherited(&prefix()));
    }
    assert_eq!(sizes.changes(), changes, "nothing is written");
    sizes.accept(&prefix(), &pairs(&["a", "b"]));
    assert_eq!(sizes.items(&prefix(), None), Some(2));
    assert!(!sizes.is_inherited(&prefix()));
    assert_eq!((items(&sizes, "a"), items(&sizes, "b")), (Some(3), Some(2)));
}

#[test]
fn an_entry_that_is_not_used_is_dropped_after_some_processes() {
    let mut sizes = AnswerSizes::of(SOURCE);
    sizes.accept(&prefix(), &pairs(&["a"]));
    let mut file = sizes.encode();
    for process in 1..=4 {
        let sizes = AnswerSizes::decode(&file, SOURCE).unwrap();
        let is_kept = sizes.items(&prefix(), None).is_some();
        assert_eq!(is_kept, process <= 3, "process {process}");
        file = sizes.encode();
    }
}

#[test]
fn any_damage_is_noticed() {
    let mut sizes = AnswerSizes::of(SOURCE);
    sizes.accept(&prefix(), &pairs(&["a", "b"]));
    let file = sizes.encode();
    // The line end after the last byte does not matter.
    for position in 0..file.len() - 1 {
        let mut damaged = file.clone();
        damaged[position] ^= 1;
        assert!(AnswerSizes::decode(&damaged, SOURCE).is_err(), "{position}");
        let cut = AnswerSizes::decode(&file[..position], SOURCE);
        assert!(cut.is_err(), "{position}");
    }
    let other = AnswerSizes::decode(&seal(FORMAT, &1), SOURCE);
    assert_eq!(other, Err(Damaged::Content));
}
