//! The answers that an earlier process has accepted: when they are written, and when they are used.

use std::time::SystemTime;

use super::*;
use crate::daemon::event::{KeptWrite, LoadedAnswer, NoAnswer};
use crate::daemon::renderer::RestorePolicy;
use crate::daemon::unwritten::UnwrittenAnswer;
use answer_guard::AnswerSizes;

mod calls;
mod held;
mod servers;
mod silence;

const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// Parts with the answers of an earlier process.
pub(super) fn start(policy: RestorePolicy, jobs: Vec<Job>) -> Bench {
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.now.time = Timestamp::from_second(1_000_000).unwrap();
    bench.parts.keep_answers(policy);
    bench
}

/// Removes and returns the queries that are loaded.
fn take_loads(bench: &mut Bench) -> Vec<String> {
    let mut loads = Vec::new();
    bench.actions.retain(|action| match action {
        Action::LoadAnswers(_, queries) => {
            loads.extend(queries.iter().map(ToString::to_string));
            false
        }
        _ => true,
    });
    loads
}

/// Removes and returns the answers that are written.
pub(super) fn take_writes(bench: &mut Bench) -> Vec<Vec<(Arc<Query>, UnwrittenAnswer)>> {
    let mut writes = Vec::new();
    bench.actions.retain(|action| match action {
        Action::KeepAnswers(write) => {
            writes.push(write.changes.clone());
            false
        }
        _ => true,
    });
    writes
}

/// The answer to a query is loaded. It was current until this time before now.
fn loaded(bench: &mut Bench, query: &Arc<Query>, answer: Option<Arc<Answer>>, age: Duration) {
    let current_until = Some(SystemTime::from(bench.now.time) - age);
    let loaded = answer.map(|answer| LoadedAnswer {
        answer,
        current_until,
    });
    let loaded = loaded.ok_or(NoAnswer::NotKept);
    bench.step(Event::AnswersLoaded(
        server(),
        vec![(Arc::clone(query), loaded)],
    ));
}

fn restored(bench: &Bench) -> usize {
    bench.parts.report().dependencies.restored
}

#[test]
fn with_a_warm_start_an_outage_uses_the_earlier_answers_of_all_queries() {
    let text = r#"{{ key "a" }} {{ key "b" }}"#;
    let mut bench = start(RestorePolicy::WarmStart, vec![job(text, None)]);
    // Only one of the queries was sent before Consul was found to be down.
    bench.unreachable(&key("a"));
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
    bench.unreachable(&key("a"));
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
    let mut bench = start(RestorePolicy::Kept, vec![job(r#"{{ key "a" }}"#, None)]);
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0]);
}

#[test]
fn an_earlier_answer_is_not_used_after_one_of_this_process() {
    let mut bench = start(
        RestorePolicy::WarmStart,
        vec![job(r#"{{ key "a" }}"#, None)],
    );
    bench.unreachable(&key("a"));
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
    let mut bench = start(RestorePolicy::Kept, vec![job(text, None)]);
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
    let mut bench = start(RestorePolicy::Kept, vec![job(text, None)]);
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

pub(super) fn written_in(took: Duration) -> KeptWrite {
    let is_new = false;
    KeptWrite { took, is_new }
}

fn state(bench: &Bench, template: usize) -> crate::report::TemplatePhase {
    bench.parts.report().templates.remove(template).state
}

#[test]
fn a_certificate_that_fails_is_not_waited_for() {
    let text = r#"{{ with caLeaf "web" "on_error=fail" }}{{ .CertPEM }}{{ end }}"#;
    let mut bench = start(RestorePolicy::Kept, vec![job(text, None)]);
    bench.query_fails(Query::ca_leaf("web").unwrap().into(), 403);
    assert_eq!(state(&bench, 0), crate::report::TemplatePhase::Failed);
}

#[test]
fn the_age_counts_although_the_query_was_not_sent_yet() {
    let text = r#"{{ key "a" }}{{ key "b" "on_error=stale" "stale_for=1h" }}"#;
    let mut bench = start(RestorePolicy::WarmStart, vec![job(text, None)]);
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    let minutes = |count: u64| Duration::from_secs(60 * count);
    loaded(&mut bench, &key("a"), Some(value("1")), minutes(50));
    loaded(&mut bench, &key("b"), Some(value("2")), minutes(50));
    assert_eq!(bench.write(), ["12"]);
    bench.pass(minutes(10));
    assert_eq!(state(&bench, 0), crate::report::TemplatePhase::Failed);
    bench.unreachable(&key("b"));
    assert_eq!(state(&bench, 0), crate::report::TemplatePhase::Failed);
}

#[test]
fn an_age_in_the_future_is_unknown_and_counts_as_too_old() {
    let text = r#"{{ key "a" "on_error=stale" "stale_for=1h" }}"#;
    let mut bench = start(RestorePolicy::Kept, vec![job(text, None)]);
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    let answer = LoadedAnswer {
        answer: value("1"),
        current_until: Some(SystemTime::from(bench.now.time) + Duration::from_secs(1)),
    };
    bench.step(Event::AnswersLoaded(server(), vec![(key("a"), Ok(answer))]));
    assert_eq!(state(&bench, 0), crate::report::TemplatePhase::Failed);
}

#[test]
fn an_earlier_answer_that_consul_confirms_is_current_again() {
    let mut bench = start(
        RestorePolicy::WarmStart,
        vec![job(r#"{{ key "a" }}"#, None)],
    );
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    loaded(
        &mut bench,
        &key("a"),
        Some(value("1")),
        Duration::from_secs(60),
    );
    bench.pass(Duration::from_secs(1));
    let updates = |bench: &mut Bench| {
        let writes = take_writes(bench);
        let changes = writes.iter().flatten();
        let updates = changes.flat_map(|(_, change)| change.updates());
        updates.collect::<Vec<_>>()
    };
    let now = SystemTime::from(bench.now.time);
    let stale = answer_store::Update::StaleSince(now - Duration::from_secs(60));
    assert_eq!(updates(&mut bench), [stale]);
    bench.step(Event::AnswersKept(server(), Ok(written_in(Duration::ZERO))));
    bench.news("a", "1");
    bench.pass(Duration::from_secs(1));
    assert_eq!(updates(&mut bench), [answer_store::Update::Current]);
}

#[test]
fn a_refusal_is_no_reason_for_a_warm_start() {
    let jobs = vec![
        job(r#"{{ key "a" }}"#, None),
        job(r#" {{ key "b" }}"#, None),
    ];
    // 429: Consul refuses one query, and answers the other.
    for status in [429, 403, 400] {
        let mut bench = start(RestorePolicy::WarmStart, jobs.clone());
        bench.fails("a", status);
        bench.news("b", "1");
        bench.pass(HALF_A_SECOND);
        assert_eq!(take_loads(&mut bench), [""; 0], "{status}");
    }
}

#[test]
fn a_call_that_uses_stale_answers_does_not_change_what_others_see() {
    let stale = r#"{{ key "a" "on_error=stale" }}"#;
    let jobs = vec![job(stale, None), job(r#"{{ key "a" }}"#, None)];
    let mut bench = start(RestorePolicy::Kept, jobs);
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    loaded(&mut bench, &key("a"), Some(value("1")), Duration::ZERO);
    assert_eq!(bench.write(), ["1"]);
    assert_eq!(state(&bench, 1), crate::report::TemplatePhase::Waiting);
    // The same answer is the first one for the other template.
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1", "1"]);
}

#[test]
fn calls_that_use_no_earlier_answer_load_none() {
    for option in ["on_error=empty", "on_error=fail"] {
        let text = format!("{{{{ key \"a\" \"{option}\" }}}}");
        let mut bench = start(RestorePolicy::Kept, vec![job(&text, None)]);
        bench.unreachable(&key("a"));
        bench.pass(HALF_A_SECOND);
        assert_eq!(take_loads(&mut bench), [""; 0], "{option}");
    }
}

/// The content of a file counted as an answer of Consul, so nothing was restored.
#[test]
fn a_file_is_no_answer_of_consul() {
    let jobs = vec![
        job(r#"{{ key "a" }}"#, None),
        job(r#" {{ file "/x" }}"#, None),
    ];
    let mut bench = start(RestorePolicy::WarmStart, jobs);
    bench.unreachable(&key("a"));
    let file = Query::File(consul_watch::query::FileQuery {
        path: "/x".into(),
        sandbox: None,
    });
    let read = WatchEvent::current(Arc::new(file), Arc::new(Answer::File("f".into())));
    bench.step(Event::Watched(vec![read]));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
}
