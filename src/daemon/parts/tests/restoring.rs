//! The answers that an earlier process has accepted: when they are written, and when they are used.

use std::time::SystemTime;

use super::*;
use crate::daemon::event::LoadedAnswer;
use crate::daemon::renderer::RestorePolicy;
use answer_guard::{SavedAnswers, Unwritten};

const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// Parts with the answers of an earlier process.
fn start(policy: RestorePolicy, jobs: Vec<Job>) -> Bench {
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.now.time = Timestamp::from_second(1_000_000).unwrap();
    bench.parts.keep_answers(policy);
    bench
}

fn unreachable(query: &Arc<Query>) -> Event {
    let error = Error::Unreachable {
        server: "s".to_owned(),
        reason: "refused".to_owned(),
    };
    Event::Watched(vec![WatchEvent::Failed(Arc::clone(query), Arc::new(error))])
}

/// Removes and returns the queries that are loaded.
fn take_loads(bench: &mut Bench) -> Vec<String> {
    let mut loads = Vec::new();
    bench.actions.retain(|action| match action {
        Action::LoadAnswers(queries) => {
            loads.extend(queries.iter().map(ToString::to_string));
            false
        }
        _ => true,
    });
    loads
}

/// Removes and returns the answers that are written.
fn take_writes(bench: &mut Bench) -> Vec<Vec<(Arc<Query>, Unwritten)>> {
    let mut writes = Vec::new();
    bench.actions.retain(|action| match action {
        Action::KeepAnswers(changes, _) => {
            writes.push(changes.clone());
            false
        }
        _ => true,
    });
    writes
}

/// The answer to a query is loaded. It was current until this time before now.
fn loaded(bench: &mut Bench, query: &Arc<Query>, answer: Option<Arc<Answer>>, age: Duration) {
    let current_until = SystemTime::from(bench.now.time) - age;
    let loaded = answer.map(|answer| LoadedAnswer {
        answer,
        current_until,
    });
    bench.step(Event::AnswersLoaded(vec![(Arc::clone(query), loaded)]));
}

fn restored(bench: &Bench) -> usize {
    bench.parts.report().dependencies.restored
}

#[test]
fn with_a_warm_start_an_outage_uses_the_earlier_answers_of_all_queries() {
    let text = r#"{{ key "a" }} {{ key "b" }}"#;
    let mut bench = start(RestorePolicy::All, vec![job(text, None)]);
    // Only one of the queries was sent before Consul was found to be down.
    bench.step(unreachable(&key("a")));
    bench.pass(Duration::from_millis(499));
    assert_eq!(take_loads(&mut bench), [""; 0]);
    bench.pass(Duration::from_millis(1));
    assert_eq!(take_loads(&mut bench), ["kv.get(a)", "kv.get(b)"]);
    loaded(&mut bench, &key("a"), Some(value("1")), Duration::ZERO);
    loaded(&mut bench, &key("b"), Some(value("2")), Duration::ZERO);
    assert_eq!(
        (bench.write(), restored(&bench)),
        (vec!["1 2".to_owned()], 2)
    );
    bench.step(unreachable(&key("a")));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0]);
    bench.news("b", "3");
    assert_eq!(
        (bench.write(), restored(&bench)),
        (vec!["1 3".to_owned()], 1)
    );
    bench.news("a", "1");
    assert_eq!((bench.write(), restored(&bench)), (vec![], 0));
}

#[test]
fn without_a_warm_start_an_outage_uses_no_earlier_answer() {
    let mut bench = start(RestorePolicy::Observed, vec![job(r#"{{ key "a" }}"#, None)]);
    bench.step(unreachable(&key("a")));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0]);
}

#[test]
fn an_earlier_answer_is_not_used_after_one_of_this_process() {
    let mut bench = start(RestorePolicy::All, vec![job(r#"{{ key "a" }}"#, None)]);
    bench.step(unreachable(&key("a")));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench).len(), 1);
    bench.news("a", "new");
    loaded(&mut bench, &key("a"), Some(value("old")), Duration::ZERO);
    assert_eq!(
        (bench.write(), restored(&bench)),
        (vec!["new".to_owned()], 0)
    );
}

#[test]
fn a_stale_answer_of_an_earlier_process_is_used_for_the_rest_of_its_time() {
    let text = r#"{{ range service "web@eu" "on_error=stale" "stale_for=1h" }}{{ .ID }}{{ end }}"#;
    let web: Arc<Query> = Query::service("web@eu").unwrap().into();
    let answer = |id: &str| {
        Arc::new(Answer::Service(vec![Arc::new(
            consul_watch::answer::Instance {
                id: id.to_owned(),
                ..Default::default()
            },
        )]))
    };
    let state = |bench: &Bench| bench.parts.report().templates.remove(0).state;
    let mut bench = start(RestorePolicy::Observed, vec![job(text, None)]);
    // Consul answers, so the earlier answer is loaded at once.
    let error = Error::Status {
        server: "s".to_owned(),
        status: 500,
        message: "No path to datacenter".to_owned(),
        retry_after: None,
    };
    let failed = WatchEvent::Failed(Arc::clone(&web), Arc::new(error));
    bench.step(Event::Watched(vec![failed]));
    let waiting = crate::report::TemplatePhase::Waiting;
    assert_eq!(
        state(&bench),
        waiting,
        "it does not fail before the answer is loaded"
    );
    assert_eq!(take_loads(&mut bench), ["health.service(web@eu|passing)"]);
    let minutes = |count: u64| Duration::from_secs(60 * count);
    loaded(&mut bench, &web, Some(answer("a")), minutes(20));
    assert_eq!(bench.write(), ["a"]);
    bench.pass(Duration::from_secs(40 * 60 - 1));
    assert_eq!(state(&bench), crate::report::TemplatePhase::UpToDate);
    bench.pass(Duration::from_secs(1));
    assert_eq!(state(&bench), crate::report::TemplatePhase::Failed);
}

#[test]
fn a_call_fails_if_there_is_no_earlier_answer() {
    let text = r#"{{ key "a" "on_error=stale" }}"#;
    let mut bench = start(RestorePolicy::Observed, vec![job(text, None)]);
    bench.fails("a", 500);
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    let state = |bench: &Bench| bench.parts.report().templates.remove(0).state;
    assert_eq!(state(&bench), crate::report::TemplatePhase::Waiting);
    loaded(&mut bench, &key("a"), None, Duration::ZERO);
    assert_eq!(state(&bench), crate::report::TemplatePhase::Failed);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
}

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
    let mut bench = start(RestorePolicy::Observed, vec![job(text, None)]);
    let mut saved = SavedAnswers::default();
    saved.accept(&services, &names(&["x", "y", "z"]));
    bench.parts.expect(saved);
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
fn changes_are_written_together_then_at_the_end_and_again_after_a_failure() {
    let mut bench = start(RestorePolicy::Observed, vec![job(r#"{{ key "a" }}"#, None)]);
    let seconds = Duration::from_secs;
    bench.news("a", "1");
    bench.pass(seconds(5));
    bench.news("a", "2");
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.pass(seconds(5));
    let writes = take_writes(&mut bench);
    assert_eq!((writes.len(), writes[0].len()), (1, 1));
    // A write is in progress.
    bench.news("a", "3");
    bench.pass(seconds(100));
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.step(Event::AnswersKept(Err(writes[0].clone())));
    bench.pass(seconds(59));
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.pass(seconds(1));
    let again = take_writes(&mut bench);
    assert_eq!((again.len(), again[0].len()), (1, 1));
    assert!(again[0] != writes[0], "the latest answer is written");
    // A write that takes long is repeated less often.
    bench.step(Event::AnswersKept(Ok(seconds(1))));
    bench.news("a", "4");
    bench.pass(seconds(49));
    assert_eq!(take_writes(&mut bench).len(), 0);
    while !bench.write().is_empty() {}
    bench.step(Event::SignalAction(SignalAction::End(
        nix::sys::signal::Signal::SIGTERM,
    )));
    let last = take_writes(&mut bench);
    assert_eq!((last.len(), last[0].len()), (1, 1));
}

#[test]
fn without_changes_the_time_is_written_every_ten_minutes() {
    let mut bench = start(RestorePolicy::Observed, vec![job(r#"{{ key "a" }}"#, None)]);
    bench.news("a", "1");
    bench.pass(Duration::from_secs(10));
    bench.step(Event::AnswersKept(Ok(Duration::ZERO)));
    take_writes(&mut bench);
    bench.pass(Duration::from_secs(599));
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.pass(Duration::from_secs(1));
    let writes = take_writes(&mut bench);
    assert_eq!((writes.len(), writes[0].len()), (1, 0));
}
