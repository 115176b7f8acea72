//! Tests with several queries that share a failure or a limit.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_denied_query_is_polled_at_once_when_the_rights_change() {
    let script = Script::new([Line::Denied]);
    let (watcher, mut events) = start(&script);
    sleep(Duration::from_secs(3600)).await;
    script.replace([
        Line::Answers(NOW, "let in", 5),
        Line::Idle(Duration::from_secs(70)),
    ]);
    while events.try_recv().is_ok() {}
    let begun = Instant::now();
    watcher.token_changed();
    assert_eq!(next_answer(&mut events).await, "let in");
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_granted_right_is_noticed_soon_and_a_missing_one_is_tried_rarely_by_any_number_of_queries()
 {
    for many in [1, 40] {
        let script = Script::new([Line::Denied]);
        let (_watcher, mut events) = follow(script.clone(), RULES, many);
        sleep(Duration::from_secs(3600)).await;
        let polls = script.polls().len();
        assert!(polls < 6000, "{many}: {polls} requests in an hour");
        while events.try_recv().is_ok() {}
        script.replace([
            Line::Answers(NOW, "let in", 5),
            Line::Idle(Duration::from_secs(70)),
        ]);
        let begun = Instant::now();
        assert_eq!(next_answer(&mut events).await, "let in");
        assert!(
            begun.elapsed() <= DENIED_PAUSE * 3,
            "{many}: {:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sent_web_pages_is_noticed_within_two_seconds_when_it_is_consul_again() {
    let script = Script::new([Line::Page]);
    let (_watcher, mut events) = follow(script.clone(), RULES, 20);
    sleep(Duration::from_secs(3600)).await;
    let polls = script.polls().len();
    assert!(polls < 12_000, "{polls} requests in an hour");
    while events.try_recv().is_ok() {}
    let long = Duration::from_secs(70);
    script
        .replace(std::iter::repeat_n(Line::Answers(NOW, "back", 5), 20).chain([Line::Idle(long)]));
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(next_answer(&mut events).await, "back");
    }
    assert!(
        begun.elapsed() <= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn more_queries_than_the_limit_take_turns() {
    let answer = Line::Answers(NOW, "a", 5);
    let script = Script::new(std::iter::repeat_n(answer, 20).chain([Line::Blocks("b", 6)]));
    // Four long polls, a short request and a probe.
    let rules = Rules {
        connections: 6,
        ..RULES
    };
    let (mut watcher, mut events) = Watcher::with_capacity(script.clone(), rules, 1024);
    // No tick announces changes of these.
    let services = |n| Query::services(&format!("@dc{n}")).unwrap().into();
    watcher.follow_exactly(&(0..20).map(services).collect());
    for _ in 0..20 {
        assert_eq!(next_answer(&mut events).await, "a");
    }
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(
            next_answer(&mut events).await,
            "b",
            "every query is answered"
        );
    }
    assert!(begun.elapsed() < CROWDED_WAIT * 6, "{:?}", begun.elapsed());
    assert_eq!(script.most_blocking(), 4);
}
