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
    let error = Error::Unreachable {
        server: "s".to_owned(),
        reason: "refused".to_owned(),
    };
    let failed = WatchEvent::Failed(Arc::clone(&web), Arc::new(error));
    bench.step(Event::Watched(vec![failed]));
    bench.pass(Duration::from_millis(500));
    let loaded = LoadedAnswer {
        answer,
        current_until: bench.now.time.into(),
    };
    bench.step(Event::AnswersLoaded(vec![(web, Some(loaded))]));
    assert_eq!(bench.write(), ["a "]);
    assert_eq!(bench.damped().len(), 1);
}
