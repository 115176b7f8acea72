//! The calls that use an earlier answer, and its age.

use std::collections::BTreeSet;

use super::*;
use crate::report::TemplatePhase;
use consul_watch::answer::Instance;

const STALE: &str =
    r#"{{ range service "web" "on_error=stale" "stale_for=1h" }}{{ .ID }}{{ end }}"#;
const PLAIN: &str = r#"{{ range service "web" }}{{ .ID }}{{ end }} "#;

fn web() -> Arc<Query> {
    Query::service("web").unwrap().into()
}

fn instances(ids: &[&str]) -> Arc<Answer> {
    let instance = |id: &&str| {
        Arc::new(Instance {
            id: (*id).to_owned(),
            ..Instance::default()
        })
    };
    Arc::new(Answer::Service(ids.iter().map(instance).collect()))
}

/// Writes everything. Returns the texts; one that is rendered again may be the same as before.
fn texts(bench: &mut Bench) -> BTreeSet<String> {
    let written = std::iter::from_fn(|| Some(bench.write()).filter(|texts| !texts.is_empty()));
    written.flatten().collect()
}

/// Consul has lost all instances.
fn lose(bench: &mut Bench) {
    let empty = WatchEvent::current(web(), instances(&[]));
    bench.step(Event::Watched(vec![empty]));
    bench.pass(Duration::from_millis(100));
}

const MINUTE: Duration = Duration::from_secs(60);

/// The template without the option waited for as long as the answer was held back.
#[test]
fn while_the_first_answer_is_held_back_all_calls_use_the_earlier_one_that_some_use_already() {
    let jobs = vec![job(STALE, None), job(PLAIN, None)];
    let mut bench = start(RestorePolicy::Kept, jobs);
    bench.query_fails(web(), 403);
    assert_eq!(take_loads(&mut bench), ["health.service(web|passing)"]);
    let earlier = Some(instances(&["a", "b", "c"]));
    loaded(&mut bench, &web(), earlier, Duration::ZERO);
    assert_eq!(bench.write(), ["abc"]);
    lose(&mut bench);
    assert_eq!(take_loads(&mut bench), [""; 0]);
    assert!(texts(&mut bench).contains("abc "));
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
    assert_eq!(restored(&bench), 1);
}

#[test]
fn in_a_later_outage_a_warm_start_shows_all_calls_the_earlier_answer_that_some_use_already() {
    let (stale, plain) = (r#"{{ key "a" "on_error=stale" }}"#, r#"{{ key "a" }} "#);
    let jobs = vec![job(stale, None), job(plain, None)];
    let mut bench = start(RestorePolicy::WarmStart, jobs);
    bench.fails("a", 403);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    loaded(&mut bench, &key("a"), Some(value("1")), Duration::ZERO);
    assert_eq!(bench.write(), ["1"]);
    bench.pass(MINUTE);
    bench.unreachable(&key("a"));
    bench.pass(Duration::from_millis(499));
    assert!(!texts(&mut bench).contains("1 "));
    bench.pass(Duration::from_millis(1));
    assert_eq!(take_loads(&mut bench), [""; 0]);
    assert!(texts(&mut bench).contains("1 "));
    assert_eq!(restored(&bench), 1);
}

/// The time of `stale_for` began with the failure.
#[test]
fn beside_a_held_answer_the_age_of_the_earlier_one_counts_when_the_query_fails() {
    let mut bench = start(RestorePolicy::Kept, vec![job(STALE, None)]);
    let mut sizes = AnswerSizes::of(&server());
    sizes.accept(&web(), &instances(&["a", "b", "c"]));
    bench.parts.expect(sizes);
    lose(&mut bench);
    let earlier = Some(instances(&["a", "b", "c"]));
    loaded(&mut bench, &web(), earlier, 50 * MINUTE);
    assert_eq!(bench.write(), ["abc"]);
    bench.query_fails(web(), 403);
    assert_eq!(texts(&mut bench).len(), 1);
    assert_eq!(state(&bench, 0), TemplatePhase::UpToDate);
    bench.pass(10 * MINUTE);
    assert_eq!(state(&bench, 0), TemplatePhase::Failed);
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
}

/// The time of `stale_for` began with the failure.
#[test]
fn beside_a_held_answer_the_time_of_the_hold_counts_when_the_query_fails() {
    let mut bench = start(RestorePolicy::Kept, vec![job(STALE, None)]);
    let all = WatchEvent::current(web(), instances(&["a", "b", "c"]));
    bench.step(Event::Watched(vec![all]));
    assert_eq!(bench.write(), ["abc"]);
    lose(&mut bench);
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
    bench.pass(50 * MINUTE);
    bench.query_fails(web(), 403);
    texts(&mut bench);
    assert_eq!(state(&bench, 0), TemplatePhase::UpToDate);
    bench.pass(9 * MINUTE);
    assert_eq!(state(&bench, 0), TemplatePhase::UpToDate);
    bench.pass(MINUTE);
    assert_eq!(state(&bench, 0), TemplatePhase::Failed);
}

#[test]
fn an_earlier_answer_that_consul_repeats_is_one_of_this_process() {
    let jobs = vec![job(
        r#"{{ key "a" "on_error=stale" "stale_for=1h" }}"#,
        None,
    )];
    let mut bench = start(RestorePolicy::WarmStart, jobs);
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    loaded(&mut bench, &key("a"), Some(value("1")), 50 * MINUTE);
    assert_eq!((bench.write().len(), restored(&bench)), (1, 1));
    bench.news("a", "1");
    assert_eq!(restored(&bench), 0);
    bench.unreachable(&key("a"));
    bench.pass(59 * MINUTE);
    assert_eq!(texts(&mut bench).len(), 1);
    assert_eq!(state(&bench, 0), TemplatePhase::UpToDate);
    bench.pass(MINUTE);
    assert_eq!(state(&bench, 0), TemplatePhase::Failed);
}

#[test]
fn beside_a_held_answer_an_earlier_one_that_is_too_small_does_not_become_one_for_all_calls() {
    let jobs = vec![job(STALE, None), job(PLAIN, None)];
    let mut bench = start(RestorePolicy::Kept, jobs);
    let mut sizes = AnswerSizes::of(&server());
    sizes.accept(&web(), &instances(&["a", "b", "c", "d"]));
    bench.parts.expect(sizes);
    bench.query_fails(web(), 403);
    take_loads(&mut bench);
    let earlier = Some(instances(&["a", "b", "c"]));
    loaded(&mut bench, &web(), earlier, Duration::ZERO);
    assert_eq!(bench.write(), ["abc"]);
    lose(&mut bench);
    assert!(!texts(&mut bench).contains("abc "));
    assert_eq!(restored(&bench), 1);
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
}

/// The next answer was compared with the old one only, so the loss was accepted at once.
#[test]
fn the_first_answer_is_compared_with_the_known_size_if_the_earlier_answer_has_fewer_items() {
    for ids in [&["a", "b"][..], &["a", "b", "c"]] {
        let mut bench = start(RestorePolicy::WarmStart, vec![job(PLAIN, None)]);
        let mut sizes = AnswerSizes::of(&server());
        sizes.accept(&web(), &instances(&["a", "b", "c", "d", "e", "f", "g"]));
        bench.parts.expect(sizes);
        bench.unreachable(&web());
        bench.pass(HALF_A_SECOND);
        let earlier = Some(instances(&["a", "b"]));
        loaded(&mut bench, &web(), earlier, Duration::ZERO);
        assert_eq!(bench.write(), ["ab "]);
        let few = WatchEvent::current(web(), instances(ids));
        bench.step(Event::Watched(vec![few]));
        assert!(!texts(&mut bench).contains("abc "));
        let held = bench.parts.report().dependencies.held;
        assert_eq!(held.len(), 1, "{ids:?}");
        assert_eq!((held[0].before, held[0].after), (7, ids.len()));
        let all = WatchEvent::current(web(), instances(&["a", "b", "c", "d", "e", "f"]));
        bench.step(Event::Watched(vec![all]));
        bench.pass(Duration::from_secs(1));
        let again = WatchEvent::current(web(), instances(&["a", "b", "c", "d", "e", "f"]));
        bench.step(Event::Watched(vec![again]));
        assert!(texts(&mut bench).contains("abcdef "), "{ids:?}");
        assert_eq!(
            (
                bench.parts.report().dependencies.held.len(),
                restored(&bench)
            ),
            (0, 0)
        );
    }
}

/// All calls kept the value, which some must not see, without a time limit.
#[test]
fn a_key_that_consul_does_not_have_loses_the_value_of_an_earlier_process() {
    for policy in [RestorePolicy::Kept, RestorePolicy::WarmStart] {
        let jobs = vec![
            job(r#"{{ key "a" "on_error=stale" }}"#, None),
            job(r#"{{ key "a" }} "#, None),
        ];
        let mut bench = start(policy, jobs);
        bench.unreachable(&key("a"));
        bench.pass(HALF_A_SECOND);
        loaded(&mut bench, &key("a"), Some(value("old")), Duration::ZERO);
        assert!(!bench.write().is_empty());
        let gone = WatchEvent::current(key("a"), Arc::new(Answer::Key(None)));
        bench.step(Event::Watched(vec![gone.clone()]));
        assert_eq!((texts(&mut bench).len(), restored(&bench)), (0, 0));
        for template in [0, 1] {
            assert_eq!(state(&bench, template), TemplatePhase::Waiting);
        }
        // Calls keep the value that this process has accepted.
        bench.news("a", "new");
        assert_eq!(texts(&mut bench).len(), 2);
        bench.step(Event::Watched(vec![gone]));
        texts(&mut bench);
        for template in [0, 1] {
            assert_eq!(state(&bench, template), TemplatePhase::UpToDate);
        }
    }
}
