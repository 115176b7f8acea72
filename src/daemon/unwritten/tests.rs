use std::time::{Duration, UNIX_EPOCH};

use super::*;

fn key(name: &str) -> Arc<Query> {
    Arc::new(Query::key(name).unwrap())
}

fn names(name: &str) -> Arc<Answer> {
    Arc::new(Answer::Datacenters(vec![name.to_owned()]))
}

fn on() -> UnwrittenAnswers {
    let mut unwritten = UnwrittenAnswers::default();
    unwritten.begin();
    unwritten
}

fn updates(unwritten: &mut UnwrittenAnswers) -> Vec<Update> {
    let changes = unwritten.take();
    let updates = changes.iter().flat_map(|(_, change)| change.updates());
    updates.collect()
}

#[test]
fn the_last_answer_is_written_with_its_freshness() {
    let (mut unwritten, query) = (on(), key("a"));
    let stored = |name| Update::Answer(names(name).encode().unwrap());
    unwritten.accepted(&query, &names("a"));
    unwritten.accepted(&query, &names("b"));
    assert_eq!(updates(&mut unwritten), [stored("b")]);
    assert!(unwritten.is_empty());
    unwritten.accepted(&query, &names("c"));
    unwritten.stale_since(&query, UNIX_EPOCH);
    let stale = Update::StaleSince(UNIX_EPOCH);
    assert_eq!(updates(&mut unwritten), [stored("c"), stale]);
    unwritten.current(&query);
    assert_eq!(updates(&mut unwritten), [Update::Current]);
    unwritten.accepted(&query, &names("d"));
    unwritten.not_requested(&query);
    assert_eq!(updates(&mut unwritten), [Update::Remove]);
}

#[test]
fn only_what_was_stale_becomes_current() {
    let (mut unwritten, query) = (on(), key("a"));
    unwritten.accepted(&query, &names("a"));
    unwritten.take();
    unwritten.current(&query);
    unwritten.confirmed(&query, &names("a"));
    assert!(unwritten.is_empty());
    unwritten.stale_since(&query, UNIX_EPOCH);
    unwritten.stale_since(&query, UNIX_EPOCH + Duration::from_secs(1));
    assert_eq!(updates(&mut unwritten), [Update::StaleSince(UNIX_EPOCH)]);
    unwritten.confirmed(&query, &names("a"));
    assert_eq!(updates(&mut unwritten), [Update::Current]);
}

/// The row kept the time of the first failure, so that `stale_for` ended too early after a restart.
#[test]
fn an_answer_that_was_current_between_two_failures_is_stale_since_the_second() {
    let (mut unwritten, query) = (on(), key("a"));
    let [first, second, third] = [1, 2, 3].map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    unwritten.stale_since(&query, first);
    assert_eq!(updates(&mut unwritten), [Update::StaleSince(first)]);
    unwritten.current(&query);
    unwritten.stale_since(&query, second);
    let changes = unwritten.take();
    let stale_again = [Update::Current, Update::StaleSince(second)];
    assert_eq!(changes[0].1.updates().collect::<Vec<_>>(), stale_again);
    // That write fails.
    unwritten.current(&query);
    unwritten.stale_since(&query, third);
    unwritten.take_back(&changes);
    let stale_again = [Update::Current, Update::StaleSince(third)];
    assert_eq!(updates(&mut unwritten), stale_again);
}

/// The same, if the write of the recovery fails.
#[test]
fn a_recovery_that_could_not_be_written_counts_later() {
    let (mut unwritten, query) = (on(), key("a"));
    unwritten.stale_since(&query, UNIX_EPOCH);
    unwritten.take();
    unwritten.current(&query);
    let changes = unwritten.take();
    let second = UNIX_EPOCH + Duration::from_secs(1);
    unwritten.stale_since(&query, second);
    unwritten.take_back(&changes);
    assert_eq!(
        updates(&mut unwritten),
        [Update::Current, Update::StaleSince(second)]
    );
}

#[test]
fn an_answer_is_recorded_for_another_server_when_that_one_has_confirmed_it() {
    let (mut unwritten, [a, b]) = (on(), ["a", "b"].map(key));
    unwritten.accepted(&a, &names("old"));
    unwritten.accepted(&b, &names("old"));
    unwritten.server_changed();
    assert!(
        unwritten.is_empty(),
        "changes of the other server are dropped"
    );
    unwritten.confirmed(&a, &names("old"));
    let stored = Update::Answer(names("old").encode().unwrap());
    assert_eq!(updates(&mut unwritten), [stored]);
    unwritten.confirmed(&a, &names("old"));
    assert!(unwritten.is_empty());
}

/// The new server got no row for it, because the answer was the same.
#[test]
fn an_earlier_answer_is_recorded_for_another_server_that_confirms_it() {
    let (mut unwritten, query) = (on(), key("a"));
    unwritten.restored(&query, UNIX_EPOCH);
    unwritten.server_changed();
    unwritten.confirmed(&query, &names("a"));
    let stored = Update::Answer(names("a").encode().unwrap());
    assert_eq!(updates(&mut unwritten), [stored]);
}

#[test]
fn what_is_recorded_again_is_as_stale_as_before_and_of_the_present_server() {
    let (mut unwritten, [a, b, earlier]) = (on(), ["a", "b", "c"].map(key));
    unwritten.accepted(&b, &names("b"));
    unwritten.server_changed();
    unwritten.accepted(&a, &names("a"));
    unwritten.stale_since(&a, UNIX_EPOCH);
    unwritten.restored(&earlier, UNIX_EPOCH);
    unwritten.take();
    let own = [(a, names("a")), (b, names("b"))];
    unwritten.record_again(&own);
    let stored = |name| Update::Answer(names(name).encode().unwrap());
    let stale = Update::StaleSince(UNIX_EPOCH);
    assert_eq!(updates(&mut unwritten), [stored("a"), stale]);
    // Its row is lost.
    unwritten.confirmed(&earlier, &names("c"));
    assert_eq!(updates(&mut unwritten), [stored("c")]);
}

#[test]
fn a_file_that_is_new_after_the_first_write_has_lost_something() {
    let mut unwritten = on();
    assert!(!unwritten.written(true));
    assert!(!unwritten.written(false));
    assert!(unwritten.written(true));
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let (mut unwritten, [a, b, c]) = (on(), ["a", "b", "c"].map(key));
    let stored = |name| Update::Answer(names(name).encode().unwrap());
    for query in [&a, &b, &c] {
        unwritten.accepted(query, &names("old"));
    }
    let changes = unwritten.take();
    unwritten.stale_since(&a, UNIX_EPOCH);
    unwritten.not_requested(&b);
    unwritten.take_back(&changes);
    let expected = [
        stored("old"),
        Update::StaleSince(UNIX_EPOCH),
        Update::Remove,
        stored("old"),
    ];
    assert_eq!(updates(&mut unwritten), expected);
}

#[test]
fn secret_answers_and_files_are_not_recorded() {
    let mut unwritten = on();
    for query in [
        Query::ca_leaf("web").unwrap(),
        Query::File(consul_watch::query::FileQuery {
            path: "/a".into(),
            sandbox: None,
        }),
    ] {
        unwritten.accepted(&Arc::new(query), &names("a"));
    }
    assert!(unwritten.is_empty());
    let mut off = UnwrittenAnswers::default();
    off.accepted(&key("a"), &names("a"));
    assert!(off.is_empty());
}
