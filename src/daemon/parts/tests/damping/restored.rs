//! Flap damping of an answer that an earlier process has accepted.

use super::*;
use crate::daemon::event::LoadedAnswer;
use crate::daemon::renderer::RestorePolicy;

/// The stored answer has the instance, which had left the file when it was damped.
#[test]
fn an_instance_stays_damped_in_the_answer_of_an_earlier_process() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.alternates(5, ["a b", "a"]);
    let web: Arc<Query> = Query::service("web").unwrap().into();
    bench.lists("", "a b");
    let answer = Arc::clone(bench.parts.renderer.answer(&web).unwrap());
    let mut bench = restarted(&bench, vec![damped(IDS, DAMPING)]);
    bench.parts.keep_answers(RestorePolicy::WarmStart);
    bench.unreachable(&web);
    bench.pass(Duration::from_millis(500));
    let loaded = LoadedAnswer {
        answer,
        current_until: Some(bench.now.time.into()),
    };
    bench.step(Event::AnswersLoaded(server(), vec![(web, Ok(loaded))]));
    assert_eq!(bench.write(), ["a "]);
    assert_eq!(bench.damped().len(), 1);
}

/// The damped answer was the same as before, so a template that had not seen it was not rendered.
#[test]
fn a_template_with_flap_damping_sees_an_earlier_answer_that_becomes_one_for_all_calls() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.alternates(5, ["a b", "a"]);
    let web = service("");
    bench.lists("", "a b");
    let answer = Arc::clone(bench.parts.renderer.answer(&web).unwrap());
    let stale = r#"{{ range service "web" "on_error=stale" }}{{ .ID }} {{ end }}"#;
    let jobs = vec![damped(stale, DAMPING), damped(IDS, DAMPING)];
    let mut bench = restarted(&bench, jobs);
    bench.parts.keep_answers(RestorePolicy::WarmStart);
    bench.query_fails(Arc::clone(&web), 403);
    bench.pass(Duration::from_millis(500));
    let loaded = LoadedAnswer {
        answer,
        current_until: Some(bench.now.time.into()),
    };
    bench.step(Event::AnswersLoaded(
        server(),
        vec![(Arc::clone(&web), Ok(loaded))],
    ));
    assert_eq!(bench.write(), ["a "]);
    bench.unreachable(&web);
    bench.pass(Duration::from_millis(500));
    // The template that had seen it is rendered again.
    assert_eq!(bench.write(), ["a ", "a "]);
}
