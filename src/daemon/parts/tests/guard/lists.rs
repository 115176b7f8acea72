//! Services whose names disappear from the list together with their instances.

use super::*;
use crate::answer::ServiceTags;

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

/// A loop over three services of two instances, with a guard or without one.
fn three_services(is_on: bool) -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(LOOP, is_on)]);
    answer(&mut bench, list(), names(&["api", "db", "web"]), STALE);
    for name in ["api", "db", "web"] {
        answer(&mut bench, named(name), passing(2), STALE);
    }
    assert_eq!(bench.write(), ["api 2;db 2;web 2;"]);
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
