//! The time for which Consul answers no query at all.

use super::*;

const KEYS: &str = r#"{{ key "a" }}{{ key "b" }}"#;

/// The answer ended the silence for as long as any query failed, and nothing was restored.
#[test]
fn silence_begins_again_when_a_query_fails_that_was_answered_in_the_outage() {
    let mut bench = start(RestorePolicy::WarmStart, vec![job(KEYS, None)]);
    bench.unreachable(&key("a"));
    bench.news("b", "2");
    bench.pass(HALF_A_SECOND);
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0], "Consul answers");
    bench.unreachable(&key("b"));
    bench.pass(Duration::from_millis(499));
    assert_eq!(take_loads(&mut bench), [""; 0]);
    bench.pass(Duration::from_millis(1));
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    loaded(&mut bench, &key("a"), Some(value("1")), Duration::ZERO);
    assert_eq!(bench.write(), ["12"]);
}

#[test]
fn throttling_begins_no_silence_in_an_outage_and_the_same_answer_ends_it() {
    let mut bench = start(RestorePolicy::WarmStart, vec![job(KEYS, None)]);
    bench.news("b", "2");
    bench.unreachable(&key("a"));
    bench.unreachable(&key("b"));
    bench.step(Event::Watched(vec![WatchEvent::Recovered(key("b"))]));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0]);
    bench.fails("b", 429);
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0]);
    bench.unreachable(&key("b"));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
}

/// Without a failure of their own, the queries were written as current for the rest of the outage.
#[test]
fn in_a_silence_that_begins_again_no_answer_is_written_as_current() {
    let text = format!("{KEYS}{{{{ key \"c\" }}}}");
    let mut bench = start(RestorePolicy::WarmStart, vec![job(&text, None)]);
    bench.unreachable(&key("a"));
    bench.news("b", "2");
    bench.news("c", "3");
    bench.pass(Duration::from_secs(1));
    let current_until = |bench: &mut Bench| {
        let moment = bench.now;
        bench.parts.renderer.take_unwritten(moment).current_until
    };
    let begun = SystemTime::from(bench.now.time);
    assert_eq!(current_until(&mut bench), begun);
    bench.unreachable(&key("b"));
    bench.now.instant += Duration::from_secs(600);
    bench.now.time += Duration::from_secs(600);
    assert_eq!(current_until(&mut bench), begun);
    bench.news("b", "2");
    assert_eq!(
        current_until(&mut bench),
        begun + Duration::from_secs(600),
        "Consul answers"
    );
}
