//! Services whose names disappear from the list together with their instances.

use consul_watch::answer::ServiceTags;
use policy_values::Fraction;

use super::*;
use crate::daemon::renderer::GRACE;

const LOOP: &str = "{{ range services }}{{ .Name }} {{ len (service .Name) }};{{ end }}";

fn list() -> Arc<Query> {
    Query::services("").unwrap().into()
}

fn named(name: &str) -> Arc<Query> {
    Query::service(name).unwrap().into()
}

fn names(names: &[&str]) -> Arc<Answer> {
    let service = |name: &&str| {
        Arc::new(ServiceTags {
            name: (*name).to_owned(),
            tags: Vec::new(),
        })
    };
    Arc::new(Answer::Services(names.iter().map(service).collect()))
}

/// A template of these services, which have two instances each.
fn services(job: Job, all: &[&str]) -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![job]);
    answer(&mut bench, list(), names(all), STALE);
    for name in all {
        answer(&mut bench, named(name), passing(2), STALE);
    }
    let lines = all.iter().map(|name| format!("{name} 2;"));
    assert_eq!(bench.write(), [lines.collect::<String>()]);
    bench
}

/// A loop over three services, with a guard or without one.
fn three_services(is_on: bool) -> Bench {
    services(guarded(LOOP, is_on), &["api", "db", "web"])
}

const EIGHT: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// A loop over eight services. The list has lost three of them, whose names stay, and a list of two is held back.
fn two_of_five_services() -> Bench {
    let mut bench = services(guarded(LOOP, true), &EIGHT);
    answer(&mut bench, list(), names(&EIGHT[..5]), STALE);
    bench.pass(Duration::from_secs(15));
    answer(&mut bench, list(), names(&EIGHT[..2]), STALE);
    assert_eq!(held(&bench), [(5, 2)]);
    bench
}

/// The loop did not request the service any more, so the guard of its instances did nothing.
#[test]
fn a_service_that_loses_its_name_and_its_instances_stays_until_that_is_confirmed() {
    let mut bench = three_services(true);
    answer(&mut bench, list(), names(&["api", "web"]), STALE);
    assert_eq!(bench.write(), [""; 0]);
    answer(&mut bench, named("db"), passing(0), STALE);
    assert_eq!((bench.write(), held(&bench)), (vec![], vec![(2, 0)]));
    // A new service does not wait for the one that has gone.
    answer(&mut bench, list(), names(&["api", "new", "web"]), STALE);
    answer(&mut bench, named("new"), passing(1), STALE);
    assert_eq!(bench.write(), ["api 2;db 2;new 1;web 2;"]);
    for seconds in [0, 10] {
        bench.pass(Duration::from_secs(seconds));
        let every = named("db|any");
        answer(&mut bench, every, passing(0), Circumstances::CURRENT);
    }
    assert_eq!(bench.write(), ["api 2;new 1;web 2;"]);
    let services = ["api", "new", "web"].map(|name| format!("health.service({name}|passing)"));
    assert_eq!(bench.followed()[..3], services);
}

#[test]
fn a_service_that_is_listed_again_has_its_new_instances() {
    let mut bench = three_services(true);
    answer(&mut bench, list(), names(&["api", "web"]), STALE);
    answer(&mut bench, named("db"), passing(0), STALE);
    answer(&mut bench, named("db"), passing(3), STALE);
    answer(&mut bench, list(), names(&["api", "db", "web"]), STALE);
    assert_eq!(bench.write(), ["api 2;db 3;web 2;"]);
    // Nothing is left of the shorter list.
    answer(&mut bench, named("db"), passing(2), STALE);
    assert_eq!(bench.write(), ["api 2;db 2;web 2;"]);
}

#[test]
fn a_service_without_accepted_instances_loses_its_name_at_once() {
    let mut bench = three_services(true);
    answer(&mut bench, named("db"), passing(0), STALE);
    for seconds in [0, 10] {
        bench.pass(Duration::from_secs(seconds));
        let every = named("db|any");
        answer(&mut bench, every, passing(0), Circumstances::CURRENT);
    }
    assert_eq!(bench.write(), ["api 2;db 0;web 2;"]);
    answer(&mut bench, list(), names(&["api", "web"]), STALE);
    assert_eq!(bench.write(), ["api 2;web 2;"]);
}

#[test]
fn without_a_guard_a_name_disappears_at_once() {
    let mut bench = three_services(false);
    answer(&mut bench, list(), names(&["api", "web"]), STALE);
    assert_eq!(bench.write(), ["api 2;web 2;"]);
}

#[test]
fn a_template_without_a_guard_sees_the_latest_list_beside_one_with_a_guard() {
    let raw = format!("raw {LOOP}");
    let jobs = vec![guarded(LOOP, true), guarded(&raw, false)];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    answer(&mut bench, list(), names(&["db", "web"]), STALE);
    for name in ["db", "web"] {
        answer(&mut bench, named(name), passing(2), STALE);
    }
    assert_eq!(bench.write(), ["db 2;web 2;", "raw db 2;web 2;"]);
    answer(&mut bench, list(), names(&["web"]), STALE);
    assert_eq!(bench.write(), ["raw web 2;"]);
    answer(&mut bench, named("db"), passing(0), STALE);
    assert_eq!(bench.write(), [""; 0]);
}

/// Instances of which Consul gives other services, such as proxies, may stay for ever.
#[test]
fn a_name_whose_instances_are_not_lost_is_removed_after_the_grace_period() {
    let text = LOOP.replace("service .Name", "connect .Name");
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(&text, true)]);
    answer(&mut bench, list(), names(&["db", "web"]), STALE);
    for name in ["db", "web"] {
        let connect: Arc<Query> = Query::connect(name).unwrap().into();
        answer(&mut bench, connect, passing(2), STALE);
    }
    assert_eq!(bench.write(), ["db 2;web 2;"]);
    answer(&mut bench, list(), names(&["web"]), STALE);
    assert_eq!(bench.write(), [""; 0]);
    bench.pass(GRACE / 2);
    assert_eq!(bench.write(), [""; 0]);
    bench.pass(GRACE);
    assert_eq!(bench.write(), ["web 2;"]);
    let wake = bench.parts.next_wake();
    assert!(wake.is_none_or(|wake| wake > bench.now.instant));
}

/// The latest instances are not known, so their loss cannot be accepted.
#[test]
fn a_name_stays_while_the_query_for_its_instances_fails() {
    let mut bench = three_services(true);
    bench.query_fails(named("db"), 500);
    answer(&mut bench, list(), names(&["api", "web"]), STALE);
    bench.pass(2 * GRACE);
    assert_eq!(bench.write(), [""; 0]);
    answer(&mut bench, named("db"), passing(2), STALE);
    bench.pass(GRACE);
    assert_eq!(bench.write(), ["api 2;web 2;"]);
}

#[test]
fn a_list_that_may_not_be_held_back_does_not_fail_because_of_a_name_that_stays() {
    let text = LOOP.replace("services", "services \"on_collapse=fail\"");
    let mut bench = services(guarded(&text, true), &["api", "db", "web"]);
    answer(&mut bench, list(), names(&["api", "web"]), STALE);
    bench.write();
    answer(&mut bench, named("web"), passing(3), STALE);
    assert_eq!(bench.write(), ["api 2;db 2;web 3;"]);
}

/// It was compared with the completed list, so that services which had gone before counted as a further loss.
#[test]
fn a_loss_in_a_list_is_measured_against_the_latest_list() {
    let mut bench = services(guarded(LOOP, true), &EIGHT);
    // Each time less than half of the names is lost.
    for left in [5, 3] {
        answer(&mut bench, list(), names(&EIGHT[..left]), STALE);
        assert_eq!(held(&bench), []);
        bench.pass(Duration::from_secs(15));
    }
    assert_eq!(bench.write(), [""; 0]);
    bench.pass(2 * GRACE);
    assert_eq!(bench.write(), ["a 2;b 2;c 2;"]);
}

#[test]
fn a_list_that_was_held_back_is_completed_when_it_is_accepted() {
    let mut bench = two_of_five_services();
    bench.pass(2 * GRACE);
    let wake = bench.parts.next_wake();
    assert!(wake.is_none_or(|wake| wake > bench.now.instant));
    assert_eq!(bench.write(), [""; 0]);
    for seconds in [0, 10] {
        bench.pass(Duration::from_secs(seconds));
        answer(
            &mut bench,
            list(),
            names(&EIGHT[..2]),
            Circumstances::CURRENT,
        );
    }
    assert_eq!(held(&bench), []);
    assert_eq!(bench.write(), ["a 2;b 2;c 2;d 2;e 2;"]);
    bench.pass(GRACE);
    assert_eq!(bench.write(), ["a 2;b 2;"]);
}

/// It was compared with the completed list when the settings changed.
#[test]
fn a_list_that_new_settings_allow_is_accepted_although_names_stay() {
    let mut bench = two_of_five_services();
    let mut job = guarded(LOOP, true);
    job.guard.max_drop = Fraction::of(0.7).unwrap();
    bench.renew(vec![job]);
    assert_eq!(held(&bench), []);
}
