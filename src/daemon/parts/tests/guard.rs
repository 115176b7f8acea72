//! Answers that are held back, in the views of several templates.

use answer_guard::{AnswerSizes, GuardConfig};
use consul_watch::answer::Instance;
use consul_watch::query::Health;
use consul_watch::source::Circumstances;

use super::*;

mod lists;

const STALE: Circumstances = Circumstances {
    is_fresh: false,
    is_filtered: false,
};

fn service(filter: &str) -> Arc<Query> {
    Query::service(&format!("web{filter}")).unwrap().into()
}

/// The instances of a service, with these states.
fn instances(states: &[Health]) -> Arc<Answer> {
    let instance = |(number, status): (usize, &Health)| {
        Arc::new(Instance {
            node: format!("n{number}"),
            id: format!("web{number}"),
            status: *status,
            ..Instance::default()
        })
    };
    Arc::new(Answer::Service(
        states.iter().enumerate().map(instance).collect(),
    ))
}

fn passing(count: usize) -> Arc<Answer> {
    instances(&vec![Health::Passing; count])
}

fn guarded(text: &str, is_on: bool) -> Job {
    let own = job(text, None);
    Job {
        guard: GuardConfig {
            is_on,
            ..GuardConfig::default()
        },
        ..own
    }
}

/// The number of instances, as a template prints it.
const COUNT: &str = "{{ len (service \"web\") }}";

fn answer(bench: &mut Bench, query: Arc<Query>, answer: Arc<Answer>, circumstances: Circumstances) {
    bench.step(Event::Watched(vec![WatchEvent::Answered(
        query,
        answer,
        circumstances,
    )]));
}

/// Removes and returns the queries that are read again.
fn take_reads(bench: &mut Bench) -> Vec<String> {
    let (reads, rest) = std::mem::take(&mut bench.actions)
        .into_iter()
        .partition(|action| matches!(action, Action::ReadAgain(_)));
    bench.actions = rest;
    let query = |action| match action {
        Action::ReadAgain(query) => query.to_string(),
        other => panic!("{other:?}"),
    };
    Vec::into_iter(reads).map(query).collect()
}

fn held(bench: &Bench) -> Vec<(usize, usize)> {
    let held = bench.parts.report().dependencies.held;
    held.iter().map(|held| (held.before, held.after)).collect()
}

#[test]
fn a_loss_is_written_only_after_reads_from_the_leader_have_confirmed_it() {
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(COUNT, true)]);
    answer(&mut bench, service(""), passing(3), STALE);
    assert_eq!(bench.write(), ["3"]);
    answer(&mut bench, service(""), passing(0), STALE);
    assert_eq!(take_reads(&mut bench), ["health.service(web|any)"]);
    let both = ["health.service(web|any)", "health.service(web|passing)"];
    assert_eq!(bench.followed(), both);
    assert_eq!(held(&bench), [(3, 0)]);
    for seconds in [0, 2, 2, 2, 2] {
        bench.pass(Duration::from_secs(seconds));
        answer(
            &mut bench,
            service("|any"),
            passing(0),
            Circumstances::CURRENT,
        );
        assert_eq!(bench.write(), [""; 0]);
    }
    assert_eq!(take_reads(&mut bench).len(), 4);
    bench.pass(Duration::from_secs(2));
    answer(
        &mut bench,
        service("|any"),
        passing(0),
        Circumstances::CURRENT,
    );
    assert_eq!(
        (bench.write(), held(&bench)),
        (vec!["0".to_owned()], vec![])
    );
    assert_eq!(bench.followed(), ["health.service(web|passing)"]);
    assert!(
        bench
            .parts
            .next_wake()
            .is_none_or(|wake| wake > bench.now.instant)
    );
}

#[test]
fn no_instances_for_a_minute_are_one_write_after_reads_from_the_leader() {
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(COUNT, true)]);
    answer(&mut bench, service(""), passing(3), STALE);
    assert_eq!(bench.write(), ["3"]);
    let (mut writes, mut reads) = (Vec::new(), Vec::new());
    for second in 0..60 {
        // Answers of followers prove nothing, however many there are.
        answer(&mut bench, service(""), passing(0), STALE);
        bench.pass(Duration::from_secs(1));
        reads.extend(take_reads(&mut bench));
        if second >= 20 && !std::mem::take(&mut reads).is_empty() {
            let (all, none) = (service("|any"), passing(0));
            answer(&mut bench, all, none, Circumstances::CURRENT);
        }
        writes.extend(bench.write().into_iter().map(|text| (second, text)));
    }
    // Ten seconds after the first answer of the leader.
    assert!(
        matches!(&writes[..], [(30..=33, text)] if text == "0"),
        "{writes:?}"
    );
    assert_eq!(held(&bench), []);
}

#[test]
fn items_that_come_back_cause_no_pass() {
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(COUNT, true)]);
    answer(&mut bench, service(""), passing(3), STALE);
    bench.write();
    let passes = bench.passes;
    for count in [0, 1, 2, 3] {
        answer(&mut bench, service(""), passing(count), STALE);
        bench.pass(Duration::from_millis(300));
    }
    assert_eq!((bench.passes, held(&bench)), (passes, vec![]));
    assert_eq!(bench.write(), [""; 0]);
}

#[test]
fn a_template_without_a_guard_sees_every_answer_and_the_others_do_not() {
    let raw = format!("raw {COUNT}");
    let call = r#"call {{ len (service "web" "on_collapse=render") }} {{ len (service "web") }}"#;
    let jobs = vec![
        guarded(COUNT, true),
        guarded(&raw, false),
        guarded(call, true),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    answer(&mut bench, service(""), passing(3), STALE);
    assert_eq!(bench.write(), ["3", "raw 3", "call 3 3"]);
    answer(&mut bench, service(""), passing(0), STALE);
    assert_eq!(bench.write(), ["raw 0", "call 0 3"]);
    answer(&mut bench, service(""), passing(4), STALE);
    assert_eq!(bench.write(), ["4", "raw 4", "call 4 4"]);
    answer(&mut bench, service(""), passing(0), STALE);
    assert_eq!(bench.write(), ["raw 0", "call 0 4"]);
    for seconds in [0, 10] {
        bench.pass(Duration::from_secs(seconds));
        answer(
            &mut bench,
            service("|any"),
            passing(0),
            Circumstances::CURRENT,
        );
    }
    assert_eq!(bench.write(), ["0", "call 0 0"]);
}

#[test]
fn instances_in_maintenance_are_removed_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(COUNT, true)]);
    answer(&mut bench, service(""), passing(4), STALE);
    assert_eq!(bench.write(), ["4"]);
    answer(&mut bench, service(""), passing(1), STALE);
    assert_eq!(bench.write(), [""; 0]);
    let all = instances(&[
        Health::Passing,
        Health::Maintenance,
        Health::Maintenance,
        Health::Maintenance,
    ]);
    answer(&mut bench, service("|any"), all, Circumstances::CURRENT);
    assert_eq!(
        (bench.write(), held(&bench)),
        (vec!["1".to_owned()], vec![])
    );
}

#[test]
fn the_first_answer_may_be_too_small_for_a_call() {
    let text = r#"{{ len (service "web" "min=2") }}"#;
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(text, false)]);
    answer(&mut bench, service(""), passing(1), STALE);
    assert_eq!((bench.write(), held(&bench)), (vec![], vec![(0, 1)]));
    answer(&mut bench, service(""), passing(2), STALE);
    assert_eq!(
        (bench.write(), held(&bench)),
        (vec!["2".to_owned()], vec![])
    );
}

#[test]
fn a_call_may_fail_for_as_long_as_its_answer_has_collapsed() {
    let text = r#"{{ len (service "web" "min=2" "on_collapse=fail") }}"#;
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(text, true)]);
    let fails = |bench: &Bench| bench.parts.renderer.templates()[0].is_rendering_broken();
    answer(&mut bench, service(""), passing(3), STALE);
    assert_eq!(bench.write(), ["3"]);
    answer(&mut bench, service(""), passing(1), STALE);
    assert!(fails(&bench));
    answer(&mut bench, service(""), passing(2), STALE);
    assert_eq!(
        (fails(&bench), bench.write()),
        (false, vec!["2".to_owned()])
    );
    // A collapse fails, too, until it is confirmed; then only the minimum counts.
    answer(&mut bench, service(""), passing(8), STALE);
    assert_eq!(bench.write(), ["8"]);
    answer(&mut bench, service(""), passing(3), STALE);
    assert!(fails(&bench));
    for seconds in [0, 10] {
        bench.pass(Duration::from_secs(seconds));
        answer(
            &mut bench,
            service("|any"),
            passing(3),
            Circumstances::CURRENT,
        );
    }
    assert_eq!(
        (fails(&bench), bench.write()),
        (false, vec!["3".to_owned()])
    );
}

#[test]
fn once_ends_with_an_empty_first_answer() {
    let mut bench = Bench::start(ONCE, vec![guarded(COUNT, true)]);
    answer(&mut bench, service(""), passing(0), STALE);
    assert_eq!(bench.write(), ["0"]);
    bench.step(Event::EmptyExplained(vec![(service(""), None)]));
    assert_eq!(bench.end(), Some(End::Done));
}

#[test]
fn the_first_answer_is_compared_with_that_of_an_earlier_process() {
    let sizes = |count: usize| {
        let mut sizes = AnswerSizes::of(&server());
        sizes.accept(&service(""), &passing(count));
        sizes
    };
    for (before, first, expected) in [(3, 0, vec![(3, 0)]), (3, 2, vec![]), (0, 0, vec![])] {
        let mut bench = Bench::start(Mode::Daemon, vec![guarded(COUNT, true)]);
        bench.parts.expect(sizes(before));
        answer(&mut bench, service(""), passing(first), STALE);
        assert_eq!(held(&bench), expected, "{before} {first}");
        let is_held = !expected.is_empty();
        assert_eq!(bench.write().is_empty(), is_held, "{before} {first}");
    }
    let mut bench = Bench::start(Mode::Daemon, vec![guarded(COUNT, true)]);
    bench.parts.expect(sizes(3));
    for seconds in [0, 10] {
        bench.pass(Duration::from_secs(seconds));
        answer(&mut bench, service(""), passing(0), STALE);
        answer(
            &mut bench,
            service("|any"),
            passing(0),
            Circumstances::CURRENT,
        );
    }
    assert_eq!(bench.write(), ["0"]);
}
