use super::*;

#[test]
fn an_answer_is_restored_beside_a_held_one_but_not_over_an_accepted_one() {
    let names = |name: &str| Arc::new(Answer::Datacenters(vec![name.to_owned()]));
    let query = Arc::new(Query::nodes("").expect("a query"));
    let mut snapshot = Snapshot::default();
    snapshot.hold(Arc::clone(&query), names("new"), Duration::ZERO);
    let earlier = |seen_by| Earlier {
        seen_by,
        current_until: None,
    };
    let for_stale = earlier(SeenBy::StaleCalls);
    snapshot.restore(Arc::clone(&query), names("earlier"), for_stale);
    let seen = |snapshot: &Snapshot| {
        [View::Accepted, View::Latest].map(|view| snapshot.answer_in(view, &query).cloned())
    };
    let expected = [Some(names("earlier")), Some(names("new"))];
    assert_eq!(seen(&snapshot), expected);
    let for_stale_calls = |snapshot: &Snapshot| {
        [View::Accepted, View::Latest].map(|view| snapshot.is_for_stale_calls(view, &query))
    };
    assert_eq!(for_stale_calls(&snapshot), [true, false]);
    assert_eq!(snapshot.earlier(&query), Some(for_stale));
    let for_all = earlier(SeenBy::All);
    snapshot.restore(Arc::clone(&query), names("earlier"), for_all);
    assert_eq!(for_stale_calls(&snapshot), [false, false]);
    assert_eq!(snapshot.earlier(&query), Some(for_all));
    assert_eq!((seen(&snapshot), snapshot.earlier_answers()), (expected, 1));
    snapshot.record(Arc::clone(&query), names("new"));
    snapshot.restore(Arc::clone(&query), names("earlier"), for_stale);
    assert_eq!(seen(&snapshot), [Some(names("new")), Some(names("new"))]);
    assert_eq!(for_stale_calls(&snapshot), [false, false]);
    assert_eq!(snapshot.origin(&query), Some(Origin::Own));
    assert_eq!(snapshot.earlier_answers(), 0);
}

#[test]
fn a_held_answer_is_seen_only_in_the_latest_view() {
    let names = |name: &str| Arc::new(Answer::Datacenters(vec![name.to_owned()]));
    let query = Arc::new(Query::nodes("").expect("a query"));
    let mut snapshot = Snapshot::default();
    let seen = |snapshot: &Snapshot| {
        [View::Accepted, View::Latest].map(|view| {
            let answer = snapshot.answer_in(view, &query);
            assert_eq!(answer, snapshot.clone().seen_in(view).answer(&query));
            answer.cloned()
        })
    };
    snapshot.hold(Arc::clone(&query), names("a"), Duration::ZERO);
    assert_eq!(seen(&snapshot), [None, Some(names("a"))]);
    snapshot.record(Arc::clone(&query), names("b"));
    assert_eq!(seen(&snapshot), [Some(names("b")), Some(names("b"))]);
    assert!(snapshot.held(&query).is_none());
    snapshot.hold(Arc::clone(&query), names("c"), Duration::ZERO);
    assert_eq!(seen(&snapshot), [Some(names("b")), Some(names("c"))]);
    assert_eq!(snapshot.held(&query), Some(&names("c")));
    let before = snapshot.clone();
    snapshot.record(Arc::clone(&query), names("b"));
    assert!(snapshot.held(&query).is_none() && before.held(&query).is_some());
}
