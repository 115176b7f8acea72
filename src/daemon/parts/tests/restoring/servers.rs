//! Earlier answers and a reload with another server.

use super::*;

/// It was used for the new server.
#[test]
fn an_answer_of_the_server_before_a_reload_that_is_loaded_late_is_dropped() {
    let jobs = vec![job(r#"{{ key "a" }}"#, None)];
    let mut bench = start(RestorePolicy::WarmStart, jobs.clone());
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    let other = bench.renew_server(jobs, EarlierAnswers::WarmStart);
    bench.pass(Duration::from_millis(100));
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    loaded(&mut bench, &key("a"), Some(value("old")), Duration::ZERO);
    assert_eq!((bench.write(), restored(&bench)), (vec![], 0));
    let answer = LoadedAnswer {
        answer: value("new"),
        current_until: None,
    };
    let answers = vec![(key("a"), Ok(answer))];
    bench.step(Event::AnswersLoaded(other, answers));
    assert_eq!(bench.write(), ["new"]);
}
