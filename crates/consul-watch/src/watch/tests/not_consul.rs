//! Answers that are not Consul's, for example those of a proxy without a backend.

use super::*;

const ANSWERS: [(u16, &str); 8] = [
    (204, ""),
    (206, "["),
    (301, ""),
    (302, "<a href='/login'>Found</a>"),
    (307, "Moved"),
    (404, "default backend - 404"),
    (418, "I'm a teapot"),
    (999, "Request denied"),
];
const QUERIES: usize = 20;

#[tokio::test(start_paused = true)]
async fn after_a_minute_of_other_answers_every_query_is_current_within_two_seconds() {
    for (status, body) in ANSWERS {
        let old = std::iter::repeat_n(Line::Answers(NOW, "old", 5), QUERIES);
        let script = Script::new(old.chain([Line::Strange(status, body)]));
        let (_watcher, mut events) = follow(script.clone(), RULES, QUERIES);
        for _ in 0..QUERIES {
            assert_eq!(next_answer(&mut events).await, "old");
        }
        sleep(Duration::from_secs(60)).await;
        let polls = script.polls().len();
        assert!(polls < 500, "{status}: {polls} requests in a minute");
        let mut failing = BTreeSet::new();
        while let Ok(event) = events.try_recv() {
            match event {
                WatchEvent::Failed(query, error) => {
                    assert!(error.concerns_the_server() && !error.is_final(), "{error}");
                    failing.insert(query);
                }
                other => panic!("{status}: {other:?}"),
            }
        }
        assert_eq!(failing.len(), QUERIES, "{status}");

        let new = std::iter::repeat_n(Line::Answers(NOW, "new", 3), QUERIES);
        script.replace(new.chain([Line::Blocks("new", 3)]));
        let back = Instant::now();
        let mut current = BTreeSet::new();
        while current.len() < QUERIES {
            match events.recv().await.expect("the watcher runs") {
                WatchEvent::Answered(query, ..) => _ = current.insert(query),
                WatchEvent::Recovered(query) => _ = failing.remove(&query),
                // A poll that was on its way.
                WatchEvent::Failed(..) => {}
            }
        }
        let took = back.elapsed();
        assert!(took <= Duration::from_secs(2), "{status}: {took:?}");
        assert!(failing.is_empty(), "{status}: each failure has ended");
    }
}

#[tokio::test(start_paused = true)]
async fn another_server_is_tried_at_once_after_an_answer_that_is_not_consuls() {
    for (status, body) in ANSWERS {
        let lines = [
            Line::Answers(NOW, "a", 7),
            Line::Strange(status, body),
            Line::Answers(NOW, "b", 3),
            Line::Blocks("b", 3),
        ];
        let script = Script::with_servers(2, lines);
        let (_watcher, mut events) = start(&script);
        assert_eq!(next_answer(&mut events).await, "a");
        let begun = Instant::now();
        assert_eq!(next_answer(&mut events).await, "b", "{status}");
        assert_eq!(begun.elapsed(), MIN_POLL_INTERVAL, "only the default pause");
        let polls = script.polls();
        let polls: Vec<_> = polls
            .iter()
            .map(|(_, poll)| (poll.server, poll.index))
            .collect();
        assert_eq!(polls[..3], [(0, 0), (0, 7), (1, 0)], "{status}");
    }
}
