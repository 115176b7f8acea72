//! Earlier answers beside one that is held back, and known sizes.

use super::*;

#[test]
fn while_a_first_answer_is_held_back_the_earlier_one_is_used_and_other_changes_do_not_wait() {
    let services: Arc<Query> = Query::services("").unwrap().into();
    let names = |names: &[&str]| {
        let tags = |name: &&str| {
            Arc::new(consul_watch::answer::ServiceTags {
                name: (*name).to_owned(),
                tags: Vec::new(),
            })
        };
        Arc::new(Answer::Services(names.iter().map(tags).collect()))
    };
    let text = r#"{{ range services }}{{ .Name }} {{ end }}{{ key "a" }}"#;
    let mut bench = start(RestorePolicy::Kept, vec![job(text, None)]);
    let mut sizes = AnswerSizes::of(&server());
    sizes.accept(&services, &names(&["x", "y", "z"]));
    bench.parts.expect(sizes);
    bench.news("a", "1");
    let empty = WatchEvent::current(Arc::clone(&services), names(&[]));
    bench.step(Event::Watched(vec![empty]));
    bench.pass(Duration::from_millis(100));
    assert_eq!(take_loads(&mut bench), ["catalog.services"]);
    assert_eq!(bench.write(), [""; 0]);
    let earlier = Some(names(&["x", "y", "z"]));
    loaded(&mut bench, &services, earlier, Duration::from_secs(5));
    assert_eq!(bench.write(), ["x y z 1"]);
    bench.news("a", "2");
    assert_eq!(bench.write(), ["x y z 2"]);
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
    let back = WatchEvent::current(Arc::clone(&services), names(&["x", "y", "z", "w"]));
    bench.step(Event::Watched(vec![back]));
    assert_eq!(bench.write(), ["x y z w 2"]);
    assert_eq!(bench.parts.report().dependencies.held, []);
    assert_eq!(restored(&bench), 0);
}

#[test]
fn beside_a_held_answer_an_earlier_one_with_fewer_items_than_known_is_not_used() {
    let services: Arc<Query> = Query::services("").unwrap().into();
    let names = |count: usize| {
        let tags = |number: usize| {
            Arc::new(consul_watch::answer::ServiceTags {
                name: format!("s{number}"),
                tags: Vec::new(),
            })
        };
        Arc::new(Answer::Services((0..count).map(tags).collect()))
    };
    let jobs = vec![job("{{ len services }}", None)];
    let mut bench = start(RestorePolicy::Kept, jobs);
    let mut sizes = AnswerSizes::of(&server());
    sizes.accept(&services, &names(10));
    bench.parts.expect(sizes);
    let few = WatchEvent::current(Arc::clone(&services), names(4));
    bench.step(Event::Watched(vec![few]));
    bench.pass(Duration::from_millis(100));
    assert_eq!(take_loads(&mut bench), ["catalog.services"]);
    loaded(&mut bench, &services, Some(names(3)), Duration::ZERO);
    assert_eq!((bench.write(), restored(&bench)), (vec![], 0));
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
}

/// The answer was the same, so its size stayed unknown, and the next process had no guard.
#[test]
fn the_size_of_an_answer_is_known_after_consul_has_confirmed_an_earlier_one() {
    let services: Arc<Query> = Query::services("").unwrap().into();
    let tags = Arc::new(consul_watch::answer::ServiceTags {
        name: "a".to_owned(),
        tags: Vec::new(),
    });
    let one = Arc::new(Answer::Services(vec![tags]));
    let jobs = vec![job("{{ len services }}", None)];
    let mut bench = start(RestorePolicy::WarmStart, jobs);
    bench.unreachable(&services);
    bench.pass(HALF_A_SECOND);
    loaded(
        &mut bench,
        &services,
        Some(Arc::clone(&one)),
        Duration::ZERO,
    );
    let known = |bench: &Bench| bench.parts.renderer.sizes().items(&services, None);
    assert_eq!(known(&bench), None);
    let confirmed = WatchEvent::current(Arc::clone(&services), one);
    bench.step(Event::Watched(vec![confirmed]));
    assert_eq!(known(&bench), Some(1));
}
